"""Makes $S3_BUCKET with versioning if it isn't there, with the S3 client's own environment variables."""

import os
import time

import boto3
from botocore.exceptions import BotoCoreError, ClientError

PATIENCE = 60  # seconds until the server's parts have found one another


def prepare(bucket: str) -> None:
    """Raises what the server says, once it can be made in no way."""
    client, deadline = boto3.client("s3"), time.monotonic() + PATIENCE
    while True:
        try:
            if bucket not in {found["Name"] for found in client.list_buckets()["Buckets"]}:
                client.create_bucket(Bucket=bucket)
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            client.put_object(Bucket=bucket, Key=".stackgen-ready", Body=b"ready")
            version = client.head_object(Bucket=bucket, Key=".stackgen-ready")["VersionId"]
            client.delete_object(Bucket=bucket, Key=".stackgen-ready", VersionId=version)
            return
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


if __name__ == "__main__":
    prepare(os.environ["S3_BUCKET"])
