"""Sends objects from one bucket to another."""

from __future__ import annotations

import base64
import hashlib
import math
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import IO, Any

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.mover import move_error
from stackgen.contracts.s3.bucket import Side, blocks, digest_of, headers_of, object_of
from stackgen.contracts.s3.marks import Object
from stackgen.subprocesses import pulse

SMALL = 16 * 1024 * 1024  # bytes; what is larger goes through a file, and in parts
TRIES = 5
PARTS = 10_000  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html


class Room:
    """Disk space for objects that are being sent, shared by concurrent transfers."""

    def __init__(self) -> None:
        self.place = tempfile.gettempdir()
        self.most = self.left = shutil.disk_usage(self.place).free // 2
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, key: str, size: int) -> Iterator[None]:
        """Wait for space for an object and reserve it; raises StackgenError(move-failed) if the object is too large."""
        if size > self.most:
            raise move_error(f"object '{key}' has {size} bytes, and {self.place} has too little space for it")
        with self._changed:
            self._changed.wait_for(lambda: size <= self.left)
            self.left -= size
        try:
            yield
        finally:
            with self._changed:
                self.left += size
                self._changed.notify_all()


class _Changed(Exception):
    """Raised if an object has changed since it was listed, or no longer exists."""


class Sender:
    """Sends objects of one copy.

    at_target: key → object at the target when the copy began. log: notes of what is written, if the target has users;
    None if it has none. exact: the target must keep headers and tags as they are. written: keys that the target's users
    have written or deleted meanwhile.
    """

    def __init__(
        self, here: Side, there: Side, at_target: Mapping[str, Object], log: Begun | None, *, exact: bool
    ) -> None:
        self.here = here
        self.there = there
        self.written = set[str]()
        self._at_target = at_target
        self._log = log
        self._exact = exact
        self._room = Room()

    def send(self, item: Object) -> str | None:
        """Send one object and return its entry of the memory. The target checks the SHA-256 of what it receives.

        None if the source no longer has it, or it is among `written`. Raises StackgenError(move-failed) if it changes
        faster than it is sent.
        """
        for _ in range(TRIES):
            with suppress(_Changed):
                return self._send(item)
            now = self.here.object(item.key)
            if now is None:
                return None
            item = now
        raise move_error(f"object '{item.key}' was changed during each of {TRIES} attempts to copy it")

    def _send(self, item: Object) -> str | None:
        key, here = item.key, self.here
        on_disk = self._room.reserve(key, item.size) if item.size > SMALL else nullcontext()
        with on_disk, tempfile.SpooledTemporaryFile(max_size=SMALL) as file:
            try:
                answer = here.client.get_object(Bucket=here.bucket, Key=key)
            except here.client.exceptions.NoSuchKey:
                raise _Changed from None
            if _length(answer, item, here) > max(item.size, SMALL):
                raise _Changed
            headers, tags = headers_of(answer), here.tags(key)
            digest = _fetch(answer, file)
            labels = {digest_of([headers, tags]), digest_of([headers, []])}  # tags come after it
            if not self._begin(key, {f"{each} {digest.hex()}" for each in labels}):
                return None
            etag = self._put(key, answer["ContentLength"], file, digest, headers)
        if etag is None:
            return None
        return self._end(object_of(key, answer, tags), etag, digest.hex(), tags)

    def remove(self, key: str) -> bool:
        """Delete at the target an object that the source lacks; return False if the target's users have written it."""
        if self.is_written(key):
            return False
        self.there.client.delete_object(Bucket=self.there.bucket, Key=key)
        return True

    def is_written(self, key: str) -> bool:
        """Return True if the target's users have written the object since the copy began."""
        if self._log is not None and self.there.object(key) != self._at_target.get(key):
            self.written.add(key)
        return key in self.written

    def _begin(self, key: str, contents: set[str]) -> bool:
        if self.is_written(key):
            return False
        for content in contents:
            if self._log is not None:
                self._log.begin({key: content})
        return True

    def _end(self, sent: Object, etag: str, sha256: str, tags: list[dict[str, str]]) -> str | None:
        there, key = self.there, sent.key
        if tags:
            there.client.put_object_tagging(Bucket=there.bucket, Key=key, Tagging={"TagSet": tags})
        made = there.object(key)
        if self._exact and made is not None and made.labels != sent.labels:
            message = f"not moved: object '{key}': the new box does not keep its headers or tags as they are"
            raise move_error(message, "give it others, or none; then go on")
        if self._log is None:
            return f"{sent.mark}\n{made.mark if made is not None else ''}"
        if made is None or not self._is_sent(made, sent, etag, sha256):
            self.written.add(key)  # right after it was sent
            return None
        entry = f"{sent.mark}\n{made.mark}"
        self._log.end(key, entry)
        return entry

    def _is_sent(self, made: Object, sent: Object, etag: str, sha256: str) -> bool:
        """Return True if the target holds what was sent. A server may answer with another ETag than it lists later."""
        same = (made.size, made.labels) == (sent.size, sent.labels)
        return same and (made.etag == etag or self.there.sha256(made.key)[0] == sha256)

    def _put(
        self, key: str, size: int, file: IO[bytes], digest: bytes, headers: dict[str, Any]
    ) -> str | None:
        """Write an object and return its new ETag; None if it is among `written`."""
        there = self.there
        if size <= SMALL:
            checksum = base64.b64encode(digest).decode()
            answer = there.client.put_object(
                Bucket=there.bucket, Key=key, Body=file, ChecksumSHA256=checksum, **headers
            )
            return answer.get("ETag", "").strip('"')
        etag = self._put_in_parts(key, size, file, headers)
        if etag is not None and self._log is None and there.sha256(key)[0] != digest.hex():
            raise move_error(f"object '{key}' has another content at the target")
        return etag

    def _put_in_parts(self, key: str, size: int, file: IO[bytes], headers: dict[str, Any]) -> str | None:
        """Write an object in parts, each with its SHA-256. The object does not exist before the upload is completed."""
        there, place = self.there.client, {"Bucket": self.there.bucket, "Key": key}
        length = max(SMALL, math.ceil(size / PARTS))
        place["UploadId"] = there.create_multipart_upload(**place, ChecksumAlgorithm="SHA256", **headers)[
            "UploadId"
        ]
        try:
            parts = list(_parts(there, place, file, length))
            if self.is_written(key):
                there.abort_multipart_upload(**place)
                return None
            done = there.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
        except BaseException:
            with suppress(Exception):  # what has failed is said
                there.abort_multipart_upload(**place)
            raise
        return done.get("ETag", "").strip('"')


def _parts(client: Any, place: Mapping[str, str], file: IO[bytes], length: int) -> Iterator[dict[str, Any]]:
    for number, block in enumerate(iter(lambda: file.read(length), b""), 1):
        checksum = base64.b64encode(hashlib.sha256(block).digest()).decode()
        made = client.upload_part(**place, PartNumber=number, Body=block, ChecksumSHA256=checksum)
        yield {"ETag": made["ETag"], "PartNumber": number, "ChecksumSHA256": checksum}
        pulse.beat()


def _length(answer: Mapping[str, Any], item: Object, here: Side) -> int:
    if "ContentLength" not in answer:
        raise move_error(
            f"the server of the bucket '{here.bucket}' does not say how long object '{item.key}' is"
        )
    return answer["ContentLength"]


def _fetch(answer: Mapping[str, Any], file: IO[bytes]) -> bytes:
    """Write the content to the file and return its SHA-256."""
    digest = hashlib.sha256()
    for block in blocks(answer):
        digest.update(block)
        file.write(block)
    file.seek(0)
    return digest.digest()
