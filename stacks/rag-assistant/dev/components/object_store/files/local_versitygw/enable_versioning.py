"""Turns versioning on for $S3_BUCKET, with the S3 client's own environment variables."""

import os

import boto3

if __name__ == "__main__":
    versioning = {"Status": "Enabled"}
    boto3.client("s3").put_bucket_versioning(
        Bucket=os.environ["S3_BUCKET"], VersioningConfiguration=versioning
    )
