"""n Deployments with a Service each, by cdk8s. Usage: cdk8s_app.py APPS.json FOLDER"""

import json
import sys
from pathlib import Path

from cdk8s import ApiObject, ApiObjectMetadata, App, Chart, JsonPatch

app = App(outdir=sys.argv[2])
chart = Chart(app, "bench")
for item in json.loads(Path(sys.argv[1]).read_text()):
    name = item["metadata"]["name"]
    made = ApiObject(
        chart,
        f"{item['kind']}-{name}",
        api_version=item["apiVersion"],
        kind=item["kind"],
        metadata=ApiObjectMetadata(name=name),
    )
    made.add_json_patch(JsonPatch.add("/spec", item["spec"]))
app.synth()
