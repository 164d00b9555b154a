"""Two boxes of objects, by moto, with what their users do and with what interrupts a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from moto import mock_aws
from moto.s3 import models

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.s3 import mover as s3
from stackgen.contracts.s3.contract import S3Binding, client
from stackgen.errors import StackgenError
from stackgen.swap import data_move
from stackgen.swap import start as starting
from stackgen.swap.journal import read_journal
from tests.swap.world import World


@pytest.fixture
def quietly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Sets what happens while a retirement waits for a box to be quiet."""

    def meanwhile(what: Callable[[], Any]) -> None:
        monkeypatch.setattr(data_move, "time", SimpleNamespace(sleep=lambda _: what()))

    meanwhile(lambda: None)
    return meanwhile


class Bucket:
    def __init__(self, name: str) -> None:
        self.binding = S3Binding(
            endpoint="https://s3.us-east-1.amazonaws.com", region="us-east-1", bucket=name
        )
        self.client = client(self.binding)
        self.client.create_bucket(Bucket=name)

    def put(self, content: str, key: str = "checkpoint") -> None:
        self.client.put_object(Bucket=self.binding.bucket, Key=key, Body=content.encode())

    def put_in_parts(self, content: str, key: str) -> None:
        """What has another ETag than the same content sent at once."""
        where = {"Bucket": self.binding.bucket, "Key": key}
        upload = self.client.create_multipart_upload(**where)["UploadId"]
        part = self.client.upload_part(**where, UploadId=upload, PartNumber=1, Body=content.encode())
        parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
        self.client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)

    def tag(self, key: str, value: str) -> None:
        tags = {"TagSet": [{"Key": "state", "Value": value}]}
        self.client.put_object_tagging(Bucket=self.binding.bucket, Key=key, Tagging=tags)

    def tags(self, key: str) -> list[str]:
        found = self.client.get_object_tagging(Bucket=self.binding.bucket, Key=key)["TagSet"]
        return [tag["Value"] for tag in found]

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.binding.bucket, Key=key)

    def listed(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.binding.bucket).get("Contents", [])
        return [item["Key"] for item in found]

    def get(self, key: str = "checkpoint") -> str:
        return self.client.get_object(Bucket=self.binding.bucket, Key=key)["Body"].read().decode()


class Clock:
    """That of both servers."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1)

    def __call__(self) -> datetime:
        return self._now

    def goes_on(self, seconds: float = 2) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass
class Buckets:
    old: Bucket
    new: Bucket
    world: World
    clock: Clock


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Buckets]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    clock = Clock()
    monkeypatch.setattr(models, "utcnow", clock)
    with mock_aws():
        old, new = Bucket("old"), Bucket("new")
        world = World(s3.MOVER, (old.binding, new.binding), tmp_path / "kept.json")
        old.put("0")
        old.put("0", "both")
        old.put_in_parts("0", "large")
        world.swap()
        clock.goes_on()
        yield Buckets(old, new, world, clock)


def stop(*_: Any, **__: Any) -> Any:
    """As a killed process does."""
    raise KeyboardInterrupt


def interrupted(world: World) -> World:
    """Its copies come to their end, and nothing remembers what they returned."""

    def copy(*boxes: Any, **options: Any) -> Any:
        stop(world.mover.copy(*boxes, **options))

    return replace(world, mover=replace(world.mover, copy=cast(Any, copy)))


@contextmanager
def stopped_at(when: str) -> Iterator[None]:
    """Copies are interrupted when they have noted what they are about to write, or before they note what they wrote."""
    with pytest.MonkeyPatch.context() as patch:
        begin = Begun.begin
        if when == "early":
            patch.setattr(Begun, "begin", lambda *given: stop(begin(*given)))
        if when == "sent":
            patch.setattr(Begun, "end", stop)
        yield


def stop_a_retirement(world: World, when: str = "whole") -> None:
    journal = starting.start_retirement(world.site(), read_journal(world.path))
    with stopped_at(when), pytest.raises(KeyboardInterrupt):
        interrupted(world).take(journal, "prove")


def retire_for(world: World, key: str) -> None:
    """A retirement stops for an object that both boxes have changed."""
    with pytest.raises(StackgenError, match=f"^both components have changed items .*: object '{key}'$"):
        world.retire()
