"""Buckets: objects with their metadata and tags, by boto3; only what differs is sent.

Two objects are alike if size, metadata and content are. Content is compared by ETag where both are MD5 sums
(32 hexadecimal digits), else by reading both. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import IO, Any
from urllib.parse import urlsplit

from stackgen.apart import pulse
from stackgen.contracts.s3 import S3Binding, client
from stackgen.moving.begun import Begun
from stackgen.moving.model import Comparison, Memory, Mover, Part, Progress, failed, stay
from stackgen.moving.s3_marks import (
    MD5,
    Object,
    is_as,
    is_newer,
    source_mark,
    target_mark,
    turned,
    with_begun,
)

WORKERS = 8
EMPTY = 100  # pages without an object that a server may list one after another
SMALL = 16 * 1024 * 1024  # bytes; what is larger goes through a file, and in parts
CLOUDS = ("amazonaws.com", "amazonaws.com.cn", "googleapis.com")
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


class _Side:
    """One bucket."""

    def __init__(self, binding: S3Binding) -> None:
        self.bucket = binding.bucket
        self.client = client(binding)

    def keys(self) -> list[str]:
        """Of all objects that the server lists."""
        keys, empty = list[str](), 0
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            found = [item["Key"] for item in page.get("Contents", [])]
            keys += found
            empty = 0 if found else empty + 1
            if empty > EMPTY:
                raise failed(
                    f"the server of the bucket '{self.bucket}' lists page after page without an object"
                )
        return keys

    def objects(self) -> dict[str, Object]:
        found = _each(self.object, self.keys())
        return {item.key: item for item in found if item is not None}

    def object(self, key: str) -> Object | None:
        """None if it is gone."""
        try:
            answer = self.client.head_object(Bucket=self.bucket, Key=key)
            labels = _digest([_headers(answer), self.tags(key)])
        except self.client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return Object(key, answer["ContentLength"], answer["ETag"].strip('"'), labels)

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
        """Digest of the content, and the headers that go along with it."""
        digest = hashlib.sha256()
        answer = self.client.get_object(Bucket=self.bucket, Key=key)
        for block in _blocks(answer):
            digest.update(block)
        return digest.hexdigest(), _headers(answer)


class _Room:
    """Bytes of the disk for objects on their way; those that are sent at once share it."""

    def __init__(self) -> None:
        self.place = tempfile.gettempdir()
        self.most = self.left = shutil.disk_usage(self.place).free // 2
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, key: str, size: int) -> Iterator[None]:
        """Wait until there is room for an object; raises StackgenError(move-failed) where there never is."""
        if size > self.most:
            raise failed(f"object '{key}' has {size} bytes, for which {self.place} lacks the space")
        with self._changed:
            self._changed.wait_for(lambda: size <= self.left)
            self.left -= size
        try:
            yield
        finally:
            with self._changed:
                self.left += size
                self._changed.notify_all()


@contextmanager
def _sides(source: S3Binding, target: S3Binding) -> Iterator[tuple[_Side, _Side]]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield _Side(source), _Side(target)
    except (ClientError, BotoCoreError) as error:
        raise failed(" ".join(str(error).split())) from error


def _refuse_other_buckets(side: _Side) -> None:
    """Raise StackgenError(move-failed) where the server of a box has objects in other buckets: they go with the box.

    A cloud's buckets are no one box's.
    """
    from botocore.exceptions import ClientError

    if urlsplit(side.client.meta.endpoint_url).netloc.partition(":")[0].endswith(CLOUDS):
        return
    try:
        names = [
            item["Name"] for item in side.client.list_buckets()["Buckets"] if item["Name"] != side.bucket
        ]
        filled = [
            name for name in names if side.client.list_objects_v2(Bucket=name, MaxKeys=1).get("Contents")
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "NotImplemented"):
            return  # what these credentials do not see, they have not made
        raise
    if filled:
        message = f"not moved: bucket '{filled[0]}': a swap moves '{side.bucket}' alone, and it goes with the old box"
        raise failed(message, f"move its objects to '{side.bucket}', or delete them")


def copy(
    source: S3Binding,
    target: S3Binding,
    since: Memory | None,
    progress: Progress,
    *,
    serves: bool = False,
    used: bool = False,
    begun: str | None = None,
) -> Memory:
    """Make the target's bucket hold the source's objects; see `Mover`.

    What is remembered of an object is its mark on both sides: a target whose mark is another one has been written
    by its own users, and is left alone.
    """
    with _sides(source, target) as (here, there):
        _refuse_other_buckets(here)
        at_source, at_target = here.objects(), there.objects()
        log = Begun(begun)
        if since is None:
            wanted = [
                k
                for k, item in at_source.items()
                if k not in at_target or not _same(item, at_target[k], here, there)
            ]
            gone = [key for key in at_target if key not in at_source]
        else:
            alike = partial(_alike, at_source, at_target, here, there)
            since = with_begun(since, log, at_source, at_target, alike)
            changed = [key for key, item in at_source.items() if not is_as(source_mark(since, key), item)]
            wanted = [key for key in changed if not (used and is_newer(key, at_target, since))]
            seen = [key for key in since if key not in at_source and source_mark(since, key)]
            gone = [key for key in seen if key in at_target and not is_newer(key, at_target, since)]
        if serves and gone:
            progress(stay("objects", gone))
            gone = []
        known = {key: item.mark for key, item in at_target.items() if key in at_source}
        known |= {key: target_mark(since, key) for key in at_source if since is not None and key in since}

        room, alone, written = _Room(), since is None, set[str]()

        def is_written(key: str) -> bool:
            """Whether the target's users have written the object since it was looked at, which may be long ago."""
            if used and there.object(key) != at_target.get(key):
                written.add(key)
            return key in written

        def is_ready(key: str) -> bool:
            if is_written(key):
                return False
            if used:
                log.begin({key: at_source[key].content})
            return True

        def send(key: str) -> str | None:
            mark = _send(at_source[key], here, there, alone, room, is_ready)
            if key in written:
                return known.get(key, "")
            if used and mark:
                log.end(key, mark)
            return mark

        sent = dict(zip(wanted, _each(send, wanted), strict=True))
        for key in gone:
            if not is_written(key):
                there.client.delete_object(Bucket=there.bucket, Key=key)
        arrived = {key: mark for key, mark in sent.items() if mark is not None}
        if wanted or gone:
            made = [key for key in arrived if key not in written]
            _refuse_other_keys(there, made, at_source if since is None else None)
            progress(f"copied {len({*sent} - written)} objects, removed {len({*gone} - written)}")
        marks = {**known, **arrived}
        there_still = [key for key in at_source if key not in sent or key in arrived or key in at_target]
        return {key: f"{at_source[key].mark}\n{marks.get(key, '')}" for key in there_still}


def _refuse_other_keys(there: _Side, arrived: Iterable[str], every: Iterable[str] | None) -> None:
    """Raise StackgenError(move-failed) where a server lists no object of a key that it took, such as a name of its own.

    every: keys that it may list. None where its users write too.
    """
    listed = set(there.keys())
    hint = "copy it to another key, which every server can hold, and delete it; then go on"
    for key in arrived:
        if key not in listed:
            raise failed(f"not moved: object '{key}': the new box took it, and does not list it", hint)
    for key in listed - (listed if every is None else set(every)):
        raise failed(f"not moved: the new box lists an object '{key}', which the old one does not have", hint)


def compare(
    source: S3Binding, target: S3Binding, since: Memory | None, settled: Memory | None = None
) -> Comparison:
    """Objects of the source, against those of the same key; with `since`, newer ones of the target are left out."""
    del settled  # whatever the target has changed is newer
    with _sides(source, target) as (here, there):
        _refuse_other_buckets(here)
        at_source, at_target = here.objects(), there.objects()
        if since is not None:  # what has been written to the source since is for the next copy
            at_source = {key: item for key, item in at_source.items() if is_as(source_mark(since, key), item)}
        newer = {key for key in at_source if since is not None and is_newer(key, at_target, since)}
        keys = [key for key in sorted(at_source) if key not in newer]
        before = dict(zip(keys, _each(lambda key: _checksum(here, key), keys), strict=True))
        held = [key for key in keys if key in at_target]
        after = dict(zip(held, _each(lambda key: _checksum(there, key), held), strict=True))
    alike = sum(before[key] == after.get(key) for key in keys)
    part = Part("objects", len(keys), alike, _digest(before), _digest(after))
    return Comparison((part,), newer=len(newer))


def content(binding: S3Binding) -> str:
    """The first object's key, in words; "" if the bucket is empty."""
    with _sides(binding, binding) as (side, _):
        found = side.client.list_objects_v2(Bucket=side.bucket, MaxKeys=1).get("Contents", [])
    return f"object '{found[0]['Key']}'" if found else ""


def amounts(binding: S3Binding) -> dict[str, int]:
    """Number of objects."""
    with _sides(binding, binding) as (side, _):
        return {"objects": len(side.keys())}


def _send(
    item: Object, here: _Side, there: _Side, alone: bool, room: _Room, is_ready: Callable[[str], bool]
) -> str | None:
    """One object; the mark it has there. The target checks the SHA-256 of what it receives.

    None if it is gone meanwhile, or larger than it was: the next copy brings it; or where the target is not ready for
    it, which is asked when the object is here. alone: whether no one else writes to the target.
    """
    on_disk = room.taken(item.key, item.size) if item.size > SMALL else nullcontext()
    with on_disk, tempfile.SpooledTemporaryFile(max_size=SMALL) as file:
        try:
            answer = here.client.get_object(Bucket=here.bucket, Key=item.key)
        except here.client.exceptions.NoSuchKey:
            return None
        if _length(answer, item, here) > max(item.size, SMALL):
            return None
        headers, tags = _headers(answer), here.tags(item.key)
        digest = _fetch(answer, file)
        if not is_ready(item.key):
            return None
        _put(item.key, answer["ContentLength"], file, digest, there, headers)
    if tags:
        there.client.put_object_tagging(Bucket=there.bucket, Key=item.key, Tagging={"TagSet": tags})
    made = there.object(item.key)
    if made is not None and alone and made.labels != _digest([headers, tags]):
        message = f"not moved: object '{item.key}': the new box does not keep its headers or tags as they are"
        raise failed(message, "give it others, or none; then go on")
    return made.mark if made is not None else ""


def _length(answer: Mapping[str, Any], item: Object, here: _Side) -> int:
    if "ContentLength" not in answer:
        raise failed(f"the server of the bucket '{here.bucket}' does not say how long object '{item.key}' is")
    return answer["ContentLength"]


def _fetch(answer: Mapping[str, Any], file: IO[bytes]) -> bytes:
    """Write the content to the file; its SHA-256."""
    digest = hashlib.sha256()
    for block in _blocks(answer):
        digest.update(block)
        file.write(block)
    file.seek(0)
    return digest.digest()


def _put(key: str, size: int, file: IO[bytes], digest: bytes, there: _Side, headers: dict[str, Any]) -> None:
    if size > SMALL:
        there.client.upload_fileobj(file, there.bucket, key, ExtraArgs=headers)
        if there.sha256(key)[0] != digest.hex():
            raise failed(f"object '{key}' arrived with another content")
    else:
        checksum = base64.b64encode(digest).decode()
        there.client.put_object(Bucket=there.bucket, Key=key, Body=file, ChecksumSHA256=checksum, **headers)


def _same(one: Object, other: Object, here: _Side, there: _Side) -> bool:
    if (one.size, one.labels) != (other.size, other.labels):
        return False
    if MD5.fullmatch(one.etag) and MD5.fullmatch(other.etag):
        return one.etag == other.etag
    return here.sha256(one.key)[0] == there.sha256(one.key)[0]


def _alike(
    at_source: Mapping[str, Object], at_target: Mapping[str, Object], here: _Side, there: _Side, key: str
) -> bool:
    return _same(at_source[key], at_target[key], here, there)


def _checksum(side: _Side, key: str) -> str:
    """Over content, headers and tags; "" if the object is gone."""
    try:
        return _digest([*side.sha256(key), side.tags(key)])
    except side.client.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return ""
        raise


def _blocks(answer: Mapping[str, Any]) -> Iterator[bytes]:
    for block in answer["Body"].iter_chunks(pulse.BLOCK):
        yield block
        pulse.beat()


def _headers(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in HEADERS if answer.get(name)}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _each(function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(function, items))


MOVER = Mover(
    tool="boto3, SHA-256 checked by the receiving server",
    carries=("objects", "their headers and metadata", "tags"),
    leaves=(
        "other buckets of the same server (objects in any stop the move)",
        "older versions of objects",
        "access lists and bucket policies",
        "dates of change",
        "object locks",
    ),
    copy=copy,
    compare=compare,
    content=content,
    amounts=amounts,
    turned=turned,
)
