"""Sends one object from a bucket to another one."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import IO, Any

from stackgen.moving.model import failed
from stackgen.moving.s3_marks import Object
from stackgen.moving.s3_side import Side, blocks, digest_of, headers_of

SMALL = 16 * 1024 * 1024  # bytes; what is larger goes through a file, and in parts


class Room:
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


def send(
    item: Object, here: Side, there: Side, alone: bool, room: Room, is_ready: Callable[[str, str], bool]
) -> str | None:
    """One object; the mark it has there. The target checks the SHA-256 of what it receives.

    None if it is gone meanwhile, or larger than it was: the next copy brings it; or where the target is not ready for
    it, which is asked when the object is here, with its `content`. alone: whether no one else writes to the target.
    """
    on_disk = room.taken(item.key, item.size) if item.size > SMALL else nullcontext()
    with on_disk, tempfile.SpooledTemporaryFile(max_size=SMALL) as file:
        try:
            answer = here.client.get_object(Bucket=here.bucket, Key=item.key)
        except here.client.exceptions.NoSuchKey:
            return None
        if _length(answer, item, here) > max(item.size, SMALL):
            return None
        headers, tags = headers_of(answer), here.tags(item.key)
        labels, digest = digest_of([headers, tags]), _fetch(answer, file)
        if not is_ready(item.key, f"{labels} {digest.hex()}"):
            return None
        _put(item.key, answer["ContentLength"], file, digest, there, headers)
    if tags:
        there.client.put_object_tagging(Bucket=there.bucket, Key=item.key, Tagging={"TagSet": tags})
    made = there.object(item.key)
    if made is not None and alone and made.labels != labels:
        message = f"not moved: object '{item.key}': the new box does not keep its headers or tags as they are"
        raise failed(message, "give it others, or none; then go on")
    return made.mark if made is not None else ""


def _length(answer: Mapping[str, Any], item: Object, here: Side) -> int:
    if "ContentLength" not in answer:
        raise failed(f"the server of the bucket '{here.bucket}' does not say how long object '{item.key}' is")
    return answer["ContentLength"]


def _fetch(answer: Mapping[str, Any], file: IO[bytes]) -> bytes:
    """Write the content to the file; its SHA-256."""
    digest = hashlib.sha256()
    for block in blocks(answer):
        digest.update(block)
        file.write(block)
    file.seek(0)
    return digest.digest()


def _put(key: str, size: int, file: IO[bytes], digest: bytes, there: Side, headers: dict[str, Any]) -> None:
    if size > SMALL:
        there.client.upload_fileobj(file, there.bucket, key, ExtraArgs=headers)
        if there.sha256(key)[0] != digest.hex():
            raise failed(f"object '{key}' arrived with another content")
    else:
        checksum = base64.b64encode(digest).decode()
        there.client.put_object(Bucket=there.bucket, Key=key, Body=file, ChecksumSHA256=checksum, **headers)
