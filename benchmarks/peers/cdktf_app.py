"""n pairs of resources with the same fields, by CDK for Terraform. Usage: cdktf_app.py APPS.json FOLDER"""

import json
import sys
from pathlib import Path

from cdktf import App, TerraformResource, TerraformStack

app = App(outdir=sys.argv[2])
stack = TerraformStack(app, "bench")
for item in json.loads(Path(sys.argv[1]).read_text()):
    name = f"{item['kind']}-{item['metadata']['name']}"
    made = TerraformResource(stack, name, terraform_resource_type="kubernetes_manifest")
    made.add_override("manifest", item)
app.synth()
