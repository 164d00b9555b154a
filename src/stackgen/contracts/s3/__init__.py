"""s3/1: objects, by the S3 API."""
