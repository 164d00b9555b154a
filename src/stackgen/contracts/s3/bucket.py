"""One bucket, and its objects with their metadata and tags.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stackgen.contracts.mover import move_error
from stackgen.contracts.s3.contract import S3Binding, client
from stackgen.contracts.s3.marks import MD5, Object
from stackgen.subprocesses import pulse

WORKERS = 8
EMPTY = 100  # pages without an object that a server may list one after another
HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "Metadata",
    "WebsiteRedirectLocation",
)


class Side:
    """The bucket on one side of a copy."""

    def __init__(self, binding: S3Binding) -> None:
        self.bucket = binding.bucket
        self.client = client(binding)

    def keys(self) -> list[str]:
        """Return the keys of all objects that the server lists."""
        keys, empty = list[str](), 0
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            found = [item["Key"] for item in page.get("Contents", [])]
            keys += found
            empty = 0 if found else empty + 1
            if empty > EMPTY:
                raise move_error(
                    f"the server of the bucket '{self.bucket}' lists more than {EMPTY} empty pages in a row"
                )
        return keys

    def objects(self) -> dict[str, Object]:
        found = map_concurrently(self.object, self.keys())
        return {item.key: item for item in found if item is not None}

    def object(self, key: str) -> Object | None:
        """Return the object; None if it no longer exists."""
        try:
            answer = self.client.head_object(Bucket=self.bucket, Key=key)
            return object_of(key, answer, self.tags(key))
        except self.client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def tags(self, key: str) -> list[dict[str, str]]:
        from botocore.exceptions import ClientError

        try:
            found = self.client.get_object_tagging(Bucket=self.bucket, Key=key)["TagSet"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchTagSet", "NotImplemented", "NoSuchTagSetError"):
                return []
            raise
        return sorted(found, key=lambda tag: tag["Key"])

    def sha256(self, key: str) -> tuple[str, dict[str, Any]]:
        """Return the SHA-256 of the content, and the headers that are copied with it."""
        digest = hashlib.sha256()
        answer = self.client.get_object(Bucket=self.bucket, Key=key)
        for block in blocks(answer):
            digest.update(block)
        return digest.hexdigest(), headers_of(answer)


def is_same(one: Object, other: Object, here: Side, there: Side) -> bool:
    """Return True if size, headers, tags and content are equal.

    The content is compared by ETag if both are MD5 sums; otherwise both objects are read.
    """
    if (one.size, one.labels) != (other.size, other.labels):
        return False
    if MD5.fullmatch(one.etag) and MD5.fullmatch(other.etag):
        return one.etag == other.etag
    return here.sha256(one.key)[0] == there.sha256(one.key)[0]


def checksum(side: Side, key: str) -> str:
    """Return a digest of content, headers and tags; "" if the object no longer exists."""
    try:
        return digest_of([*side.sha256(key), side.tags(key)])
    except side.client.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return ""
        raise


def object_of(key: str, answer: Mapping[str, Any], tags: list[dict[str, str]]) -> Object:
    """Return the object that an answer to HEAD or GET describes."""
    date = answer.get("LastModified")
    seconds = int(date.timestamp()) if date is not None else 0
    labels = digest_of([headers_of(answer), tags])
    return Object(key, answer["ContentLength"], answer["ETag"].strip('"'), labels, seconds)


def blocks(answer: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield blocks of the content that a server sends."""
    for block in answer["Body"].iter_chunks(pulse.SIGN_BYTES):
        yield block
        pulse.beat()


def headers_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers that are copied with an object."""
    return {name: answer[name] for name in HEADERS if answer.get(name)}


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value as JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def map_concurrently(function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """Call the function for all items, some concurrently, and return the results in the order of the items."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(function, items))
