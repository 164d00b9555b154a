// n Deployments with a Service each, by cdk8s. Usage: node cdk8s_app.js APPS.json FOLDER
const fs = require("fs");
const { App, Chart, ApiObject, JsonPatch } = require("cdk8s");

const app = new App({ outdir: process.argv[3] });
const chart = new Chart(app, "bench");
for (const item of JSON.parse(fs.readFileSync(process.argv[2]))) {
  const { apiVersion, kind, metadata, spec } = item;
  const made = new ApiObject(chart, `${kind}-${metadata.name}`, { apiVersion, kind, metadata: { name: metadata.name } });
  made.addJsonPatch(JsonPatch.add("/spec", spec));
}
app.synth();
