"""n buckets, by the AWS CDK: less than the other tools' component. Usage: aws_cdk_app.py APPS.json FOLDER"""

import json
import sys
from pathlib import Path

from aws_cdk import App, Stack
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption

app = App(outdir=sys.argv[2])
names = [
    item["metadata"]["name"]
    for item in json.loads(Path(sys.argv[1]).read_text())
    if item["kind"] == "Service"
]
for start in range(0, len(names), 450):  # a stack takes 500 resources at most
    stack = Stack(app, f"bench-{start}")
    for name in names[start : start + 450]:
        Bucket(
            stack,
            name,
            versioned=True,
            encryption=BucketEncryption.S3_MANAGED,
            block_public_access=BlockPublicAccess.BLOCK_ALL,
        )
app.synth()
