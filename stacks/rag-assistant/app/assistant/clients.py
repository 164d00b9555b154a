"""The clients of this application. Each reads the environment variables it always reads."""

import os
from typing import Any

import boto3
import psycopg
from botocore.config import Config
from openai import OpenAI


def models() -> OpenAI:
    """OPENAI_BASE_URL, OPENAI_API_KEY."""
    return OpenAI(timeout=120)


def database() -> "psycopg.Connection[Any]":
    """PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE."""
    return psycopg.connect()


def objects() -> Any:
    """AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION."""
    style = Config(s3={"addressing_style": "path"})
    return boto3.client("s3", region_name=os.environ["AWS_REGION"], config=style)
