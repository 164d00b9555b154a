"""s3/1: buckets of objects. https://docs.aws.amazon.com/AmazonS3/latest/API, through boto3."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import Field, SecretStr

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, address, https, require
from stackgen.contracts.surroundings import clean_environment

PART = 5 * 1024 * 1024  # smallest part of a multipart upload but the last, bytes


class S3Binding(Binding):
    """endpoint: URL of the service. bucket: name of the bucket.

    Without keys the client uses its default chain of credentials, such as the role of the workload it runs in.
    """

    variables: ClassVar = {
        "endpoint": "AWS_ENDPOINT_URL_S3",
        "access_key_id": "AWS_ACCESS_KEY_ID",
        "secret_access_key": "AWS_SECRET_ACCESS_KEY",
        "region": "AWS_REGION",
        "bucket": "S3_BUCKET",
    }
    also: ClassVar = {
        "AWS_REGION": ("AWS_DEFAULT_REGION",)
    }  # the one that boto3 and version 1 of the AWS CLI read
    endpoint: str = Field(description="URL of the service.")
    access_key_id: SecretStr | None = Field(
        default=None,
        description="Key that clients sign with; without it they use their own credentials.",
    )
    secret_access_key: SecretStr | None = Field(default=None, description="Secret of that key.")
    region: str = Field(description="Region that clients sign with.")
    bucket: str = Field(description="Name of the bucket.")

    @property
    def reads(self) -> tuple[str, ...]:
        """All variables of AWS if the binding has keys; otherwise without credentials, which the client needs then."""
        return ("AWS_*",) if self.access_key_id is not None else _ADDRESSING

    @property
    def overrides(self) -> tuple[str, ...]:
        """The same variables: a session token or a profile does not match other keys."""
        return self.reads

    @property
    def instead(self) -> dict[str, str]:
        """Empty files of configuration and shared credentials, if the binding has keys."""
        files = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
        return dict.fromkeys(files, os.devnull) if self.access_key_id is not None else {}


_ADDRESSING = (
    *("AWS_ENDPOINT_URL*", "AWS_S3_*", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_USE_FIPS_ENDPOINT"),
    *(
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_REQUEST_CHECKSUM_CALCULATION",
    ),
    *("AWS_RESPONSE_CHECKSUM_VALIDATION", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"),
)


def client(binding: S3Binding, *, secret: str | None = None, signed: bool = True) -> Any:
    """Return boto3's client with its defaults and path-style addresses: an IP address as endpoint has no subdomains."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    style = {"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 1}, "connect_timeout": 10}
    config = Config(**style) if signed else Config(**style, signature_version=UNSIGNED)
    return boto3.client(
        "s3",
        endpoint_url=binding.endpoint,
        aws_access_key_id=_clear(binding.access_key_id) or ("nobody" if secret else None),
        aws_secret_access_key=secret or _clear(binding.secret_access_key),
        region_name=binding.region,
        config=config,
    )


def _clear(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value is not None else None


@contextmanager
def scratch(binding: S3Binding) -> Iterator[tuple[Any, str]]:
    """Yield a client and a prefix for one probe; delete the objects below it afterwards, and versions if allowed."""
    connection, prefix = client(binding), f"stackgen-probe-{uuid4().hex[:12]}/"
    try:
        yield connection, prefix
    finally:
        _clean(connection, binding.bucket, prefix)


def _clean(connection: Any, bucket: str, prefix: str) -> None:
    """Delete what a probe has written. Callers of a bucket on AWS may not delete versions: its lifecycle does that."""
    from botocore.exceptions import ClientError

    found = connection.list_object_versions(Bucket=bucket, Prefix=prefix)
    for item in (*found.get("Versions", []), *found.get("DeleteMarkers", [])):
        try:
            connection.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("AccessDenied", "403"):
                raise
            break
    for item in connection.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        connection.delete_object(Bucket=bucket, Key=item["Key"])


def probe_put_get(binding: S3Binding) -> str:
    content = uuid4().bytes * 64
    with scratch(binding) as (connection, prefix):
        key = f"{prefix}a file with spaces & ümlauts.bin"
        connection.put_object(Bucket=binding.bucket, Key=key, Body=content, ContentType="application/x-probe")
        answer = connection.get_object(Bucket=binding.bucket, Key=key)
        require(answer["Body"].read() == content, "an object came back with another content")
        require(answer["ContentType"] == "application/x-probe", "an object lost its content type")
        use_variables_alone(binding, f"{prefix}by variables")
    return f"{len(content)} bytes came back as they went, also through a client made of the variables alone"


def use_variables_alone(binding: S3Binding, key: str) -> None:
    """Run an application that reads only the binding's variables; raises ClauseBroken with its last line."""
    variables = {**clean_environment(os.environ, [binding]), **binding.environment()}
    command = [sys.executable, "-P", "-c", _BY_VARIABLES, key]  # no module of the current folder
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=120)
    said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    require(done.returncode == 0, f"a client made of the binding's variables alone fails: {said[-1]}")


_BY_VARIABLES = """
import os, sys, boto3
client, where = boto3.client("s3"), {"Bucket": os.environ["S3_BUCKET"], "Key": sys.argv[1]}
client.head_bucket(Bucket=where["Bucket"])
client.put_object(**where, Body=b"by variables")
assert client.head_object(**where)["ContentLength"] == 12
assert client.get_object(**where)["Body"].read() == b"by variables"
"""


def probe_list(binding: S3Binding) -> str:
    with scratch(binding) as (connection, prefix):
        for name in ("a/1", "a/2", "b/1"):
            connection.put_object(Bucket=binding.bucket, Key=prefix + name, Body=b"x")
        answer = connection.list_objects_v2(Bucket=binding.bucket, Prefix=prefix, Delimiter="/")
        folders = [item["Prefix"].removeprefix(prefix) for item in answer.get("CommonPrefixes", [])]
        page = connection.list_objects_v2(Bucket=binding.bucket, Prefix=prefix, MaxKeys=2)
    require(folders == ["a/", "b/"], f"folders are listed as {folders}")
    require(page["IsTruncated"] and page["KeyCount"] == 2, "a page of two is not two keys with more to come")
    return "folders and pages"


def probe_delete(binding: S3Binding) -> str:
    with scratch(binding) as (connection, prefix):
        connection.put_object(Bucket=binding.bucket, Key=f"{prefix}x", Body=b"x")
        connection.delete_object(Bucket=binding.bucket, Key=f"{prefix}x")
        try:
            connection.get_object(Bucket=binding.bucket, Key=f"{prefix}x")
        except connection.exceptions.NoSuchKey:
            return "gone"
    raise ClauseBroken("a deleted object can still be read")


def probe_multipart(binding: S3Binding) -> str:
    with scratch(binding) as (connection, prefix):
        where = {"Bucket": binding.bucket, "Key": f"{prefix}big"}
        upload = connection.create_multipart_upload(**where)["UploadId"]
        parts: list[dict[str, Any]] = []
        for number, body in enumerate((b"a" * PART, b"b" * 1000), start=1):
            answer = connection.upload_part(**where, UploadId=upload, PartNumber=number, Body=body)
            parts.append({"ETag": answer["ETag"], "PartNumber": number})
        connection.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
        size = connection.head_object(**where)["ContentLength"]
    require(size == PART + 1000, f"{PART + 1000} bytes in two parts became {size}")
    return f"{size} bytes in two parts"


def probe_range(binding: S3Binding) -> str:
    with scratch(binding) as (connection, prefix):
        where = {"Bucket": binding.bucket, "Key": f"{prefix}x"}
        connection.put_object(**where, Body=b"0123456789")
        found = connection.get_object(**where, Range="bytes=2-4")["Body"].read()
    require(found == b"234", f"bytes 2-4 are {found!r}")
    return "bytes 2-4"


def probe_presigned_url(binding: S3Binding) -> str:
    from stackgen.contracts import limited_http

    with scratch(binding) as (connection, prefix):
        where = {"Bucket": binding.bucket, "Key": f"{prefix}x"}
        connection.put_object(**where, Body=b"shared")
        url = connection.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
        answer = limited_http.get(url, timeout=10)
        spoiled = limited_http.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=9999"), timeout=10)
    require(answer.content == b"shared", f"a presigned URL is answered with {answer.status_code}")
    require(
        spoiled.status_code == 403, f"a presigned URL that was altered is answered with {spoiled.status_code}"
    )
    return "works, and not when altered"


def probe_conditional_put(binding: S3Binding) -> str:
    from botocore.exceptions import ClientError

    with scratch(binding) as (connection, prefix):
        where = {"Bucket": binding.bucket, "Key": f"{prefix}x", "IfNoneMatch": "*"}
        connection.put_object(**where, Body=b"first")
        try:
            connection.put_object(**where, Body=b"second")
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            require(status == 412, f"a second put with If-None-Match is answered with {status}")
            return "the second put is refused with 412"
    raise ClauseBroken("If-None-Match is ignored: the second put overwrote the first")


def probe_default_checksums(binding: S3Binding) -> str:
    """Check the CRC that boto3 ≥ 1.36 sends by default and verifies when it reads."""
    with scratch(binding) as (connection, prefix):
        where = {"Bucket": binding.bucket, "Key": f"{prefix}x"}
        connection.put_object(**where, Body=b"checked")
        answer = connection.get_object(**where, ChecksumMode="ENABLED")
        answer["Body"].read()
        found = [key for key in answer if key.startswith("Checksum") and key != "ChecksumType"]
    require(found, "the service does not keep the checksum that the client sends by default")
    return found[0]


def probe_versioning(binding: S3Binding) -> str:
    with scratch(binding) as (connection, prefix):
        where = {"Bucket": binding.bucket, "Key": f"{prefix}x"}
        connection.put_object(**where, Body=b"first")
        connection.put_object(**where, Body=b"second")
        versions = connection.list_object_versions(Bucket=binding.bucket, Prefix=f"{prefix}x").get(
            "Versions", []
        )
        require(len(versions) == 2, f"two puts of one key left {len(versions)} version(s)")
        older = next(item for item in versions if not item["IsLatest"])
        content = connection.get_object(**where, VersionId=older["VersionId"])["Body"].read()
    require(content == b"first", f"the older version holds {content!r}")
    return "an overwritten object can be read"


def probe_auth_required(binding: S3Binding) -> str:
    return _refused(client(binding, signed=False), binding.bucket, "an unsigned")


def probe_wrong_credentials(binding: S3Binding) -> str:
    return _refused(client(binding, secret=f"wrong-{uuid4().hex}"), binding.bucket, "a wrongly signed")


def _refused(connection: Any, bucket: str, how: str) -> str:
    from botocore.exceptions import ClientError

    try:
        connection.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        require(status in (401, 403), f"{how} request is answered with {status}")
        return f"refused with {status}"
    raise ClauseBroken(f"{how} request is answered")


CONTRACT = Contract(
    "s3",
    1,
    S3Binding,
    (
        Clause("put-get", "Objects come back as they went.", probe_put_get),
        Clause("list", "Keys are listed by prefix, folder and page.", probe_list),
        Clause("delete", "A deleted object is gone.", probe_delete),
        Clause("multipart", "Large objects can be uploaded in parts.", probe_multipart),
        Clause("range", "A part of an object can be read.", probe_range),
        Clause(
            "presigned-url",
            "A signed URL gives one object to whoever has it, and no other.",
            probe_presigned_url,
        ),
        Clause("conditional-put", "A put can be made only if there is nothing yet.", probe_conditional_put),
        Clause(
            "default-checksums", "The checksums clients send by default are kept.", probe_default_checksums
        ),
        Clause("versioning", "Overwritten objects can be read again.", probe_versioning),
        Clause("auth-required", "Unsigned requests are refused.", probe_auth_required),
        Clause("wrong-credentials-refused", "Wrongly signed requests are refused.", probe_wrong_credentials),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.endpoint)),
    ),
    lambda binding: address(binding.endpoint),
    ("boto3", "httpx"),
    holds="objects",
)
