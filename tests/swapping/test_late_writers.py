"""Clients with old bindings go on writing to a box that serves no longer: what they write is not lost.

S3 is moto's, and registries are MLflow's own store of files, by the clients that applications use.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from moto import mock_aws

from stackgen.contracts import mlflow_artifacts
from stackgen.contracts.mlflow import MlflowBinding
from stackgen.contracts.s3 import S3Binding, client
from stackgen.errors import StackgenError
from stackgen.moving import mlflow, mlflow_copy, mlflow_side, s3, s3_changes, s3_send
from stackgen.moving.begun import Begun
from stackgen.moving.mlflow_side import Side, quiet
from stackgen.swapping import starting, steps
from stackgen.swapping.journal import Journal, read
from tests.swapping.world import BESIDE, World

pytestmark = pytest.mark.unit


@pytest.fixture
def quietly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Sets what happens while a retirement waits for a box to be quiet."""

    def meanwhile(what: Callable[[], Any]) -> None:
        monkeypatch.setattr(steps, "time", SimpleNamespace(sleep=lambda _: what()))

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

    def get(self, key: str = "checkpoint") -> str:
        return self.client.get_object(Bucket=self.binding.bucket, Key=key)["Body"].read().decode()


@dataclass
class Buckets:
    old: Bucket
    new: Bucket
    world: World


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Buckets]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with mock_aws():
        old, new = Bucket("old"), Bucket("new")
        world = World(s3.MOVER, (old.binding, new.binding), tmp_path / "kept.json")
        old.put("0")
        old.put("0", "both")
        old.put_in_parts("0", "large")
        world.swap()
        yield Buckets(old, new, world)


def _stopped(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def interrupted(world: World) -> World:
    """Its copies come to their end, and nothing remembers what they returned."""

    def copy(*boxes: Any, **options: Any) -> Any:
        _stopped(world.mover.copy(*boxes, **options))

    return replace(world, mover=replace(world.mover, copy=cast(Any, copy)))


@contextmanager
def stopped_at(when: str) -> Iterator[None]:
    """Copies are interrupted when they have noted what they are about to write, or before they note what they wrote."""
    with pytest.MonkeyPatch.context() as patch:
        begin = Begun.begin
        if when == "early":
            patch.setattr(Begun, "begin", lambda *given: _stopped(begin(*given)))
        if when == "sent":
            patch.setattr(Begun, "end", _stopped)
        yield


def _stop_a_retirement(world: World, when: str = "whole") -> None:
    journal = starting.retire(world.site(), read(world.path))
    with stopped_at(when), pytest.raises(KeyboardInterrupt):
        interrupted(world).take(journal, "prove")


def retire_for(world: World, key: str) -> None:
    """A retirement stops for an object that both boxes have changed."""
    with pytest.raises(StackgenError, match=f"^both boxes have changed .*: object '{key}'$"):
        world.retire()


@pytest.mark.parametrize("word", ["retire", "rollback"])
def test_what_a_stopped_retirement_brought_over_is_no_change_by_users(
    buckets: Buckets, quietly: Callable[[Callable[[], Any]], None], word: str
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("1")
    new.put("own", "both")
    quietly(lambda: old.put("2"))
    with pytest.raises(StackgenError, match="is still written to"):
        world.retire()
    assert new.get() == "2"
    old.put("9")
    quietly(lambda: None)
    world.retire() if word == "retire" else world.returned()
    assert (new.get(), new.get("both")) == ("9", "own")
    assert old.get() == "9"
    assert not list(world.path.parent.glob("*.begun"))


@pytest.mark.parametrize("word", ["retire", "rollback"])
@pytest.mark.usefixtures("quietly")
def test_what_an_interrupted_copy_brought_over_is_no_change_by_users(buckets: Buckets, word: str) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.put("own", "both")
    moments = (
        ("1", "whole", "1"),
        ("2", "early", "1"),
        ("3", "sent", "3"),
        ("4", "early", "3"),
        ("5", "sent", "5"),
    )
    for content, when, there in moments:
        old.put(content)
        old.put("late", "both")
        _stop_a_retirement(world, when)
        assert new.get() == there
    old.put("9")
    retire_for(world, "both") if word == "retire" else world.returned()
    assert (new.get(), new.get("both"), old.get()) == ("9", "own", "9")


def test_a_way_back_that_is_interrupted_brings_what_was_written_since(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.put("5")
    new.put("own", "large")
    journal = world.back()
    world.take(journal, "gather")
    with pytest.raises(KeyboardInterrupt):
        interrupted(world).take(journal, "copy")
    assert old.get() == "5"
    new.put("6")
    old.put("late", "both")
    world.returned()
    assert (old.get(), old.get("both"), old.get("large")) == ("6", "late", "own")


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("word", ["retire", "rollback"])
def test_what_an_interrupted_copy_sent_is_known_by_what_the_server_said_of_it(
    buckets: Buckets, word: str
) -> None:
    """Sent at once it has another ETag than in parts."""
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put_in_parts("11", "large")
    _stop_a_retirement(world)
    assert new.get("large") == "11"
    old.put_in_parts("99", "large")
    world.retire() if word == "retire" else world.returned()
    assert (new.get("large"), old.get("large")) == ("99", "99")


@pytest.mark.usefixtures("quietly")
def test_what_users_wrote_right_after_an_object_was_sent_stays(buckets: Buckets) -> None:
    """Of the same size, and with ETags that say nothing of each other."""
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put_in_parts("1", "large")
    _stop_a_retirement(world, "sent")
    new.put("7", "large")
    retire_for(world, "large")
    assert new.get("large") == "7"


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("early", [True, False])
def test_what_users_made_of_an_object_after_an_interrupted_copy_stays(buckets: Buckets, early: bool) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("1")
    _stop_a_retirement(world, "early" if early else "whole")
    if early:
        new.put("7")
        retire_for(world, "checkpoint")
    else:
        new.tag("checkpoint", "approved")
        world.retire()
    assert (new.get(), new.tags("checkpoint")) == (("7", []) if early else ("1", ["approved"]))


@pytest.mark.usefixtures("quietly")
def test_what_users_write_while_an_object_is_fetched_is_not_written_over(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("late")
    own, blocks = iter(["own"]), s3_send.blocks

    def slowly(answer: Any) -> Iterator[bytes]:
        yield from blocks(answer)
        for content in own:
            new.put(content)

    monkeypatch.setattr(s3_send, "blocks", slowly)
    retire_for(world, "checkpoint")
    assert new.get() == "own"


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("cure", ["delete", "keep", "take", "write"])
def test_a_retirement_stops_for_an_object_that_both_boxes_have_changed(buckets: Buckets, cure: str) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.put("own", "both")
    new.put("own", "large")
    old.put("late", "both")
    old.put("late")
    retire_for(world, "both")
    retire_for(world, "both")
    assert (new.get(), new.get("both"), old.get("both")) == ("late", "own", "late")
    if cure == "delete":
        old.delete("both")
    elif cure == "keep":
        old.put_in_parts("own", "both")
    elif cure == "take":
        new.put("late", "both")
    else:
        old.put("another", "both")
        retire_for(world, "both")
        return
    assert "1 changed or deleted later in the new box" in world.retire()
    assert new.get("both") == ("late" if cure == "take" else "own")


@pytest.mark.usefixtures("quietly")
def test_a_retirement_stops_for_an_object_that_one_box_has_deleted(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    new.delete("both")
    new.delete("large")
    old.put("late", "both")
    retire_for(world, "both")
    new.put("late", "both")
    assert "1 changed or deleted later" in world.retire()


@pytest.mark.usefixtures("quietly")
def test_the_later_write_of_two_is_served(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    monkeypatch.setattr(s3_changes, "CLOCKS", -1)  # that of the new box is later, even within a second
    old.put("late", "both")
    old.tag("large", "approved")
    new.put("own", "both")
    new.put("own", "large")
    retire_for(world, "large")  # tags have no date
    old.delete("large")
    assert "1 changed or deleted later" in world.retire()
    assert (new.get("both"), new.get("large")) == ("own", "own")


@pytest.mark.usefixtures("quietly")
def test_a_swap_knows_nothing_of_one_whose_journal_was_deleted(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    old.put("1")
    _stop_a_retirement(world)
    assert list(world.path.parent.glob("*.begun"))
    world.path.unlink()
    world.serving = 1
    old.put("5")
    journal = Journal(world.path, "swap", "kept", 1, 2, wanted=BESIDE)
    world.take(journal, "copy", "delta", "switch")
    old.put("6")
    world.take(journal, "settle")
    assert new.get() == "6"


def test_a_swap_does_not_stop_for_an_object_that_is_written_all_the_time(
    buckets: Buckets, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    journal = world.back()
    world.take(journal, "gather", "copy", "delta", "switch")
    new.put("late", "both")
    old.put("own", "both")
    world.take(journal, "settle")
    assert "changed in both boxes, and each keeps its own: object 'both'" in capsys.readouterr().out
    assert (new.get("both"), old.get("both")) == ("late", "own")


def test_what_is_written_to_an_empty_box_on_the_way_back_stays(buckets: Buckets) -> None:
    old, new, world = buckets.old, buckets.new, buckets.world
    for key in ("checkpoint", "both", "large"):
        for box in (old, new):
            box.delete(key)
    journal = world.back()
    world.take(journal, "gather")
    new.put("own")
    world.take(journal, "copy")
    old.delete("checkpoint")

    def copy(*boxes: Any, **options: Any) -> Any:
        old.put("late", "both")
        return s3.copy(*boxes, **options)

    replace(world, mover=replace(s3.MOVER, copy=cast(Any, copy))).take(journal, "delta")
    assert (old.get(), old.get("both")) == ("own", "late")


class Registry:
    """Runs, their files and tags, experiments and registered models, as an application sees them."""

    def __init__(self, folder: Path) -> None:
        self.binding = MlflowBinding(tracking_uri=f"file:{folder}")

    @property
    def client(self) -> Any:
        return Side(self.binding).client

    def id(self, run: str) -> str:
        return Side(self.binding).runs[run].info.run_id

    def run(self, name: str, experiment: str = "0", *, ends: bool = True) -> str:
        run = self.client.create_run(experiment, run_name=name).info.run_id
        if ends:
            self.client.set_terminated(run)
        return run

    def put(self, run: str, **files: str) -> None:
        for name, content in files.items():
            self.client.log_text(self.id(run), content, f"{name}.txt")

    def holds(self, run: str) -> dict[str, str]:
        with tempfile.TemporaryDirectory() as folder:
            artifacts = mlflow_side.Side(self.binding).run_artifacts(Side(self.binding).runs[run])
            paths = [
                Path(mlflow_side.fetched(artifacts, name, folder)) for name in mlflow_side.files(artifacts)
            ]
            return {path.stem: path.read_text() for path in paths}

    def register(self, text: str) -> str:
        run = self.run(text)
        about = {"description": text, "await_creation_for": 0}
        return str(self.client.create_model_version("fraud", f"runs:/{run}/m", run, **about).version)

    def served(self) -> str:
        return self.client.get_model_version_by_alias("fraud", "champion").description


@dataclass
class Registries:
    old: Registry
    new: Registry
    world: World


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registries]:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_DISABLE_FILE_STORE_WARNING", "1")
    monkeypatch.setattr(mlflow_artifacts, "refusal", lambda *_: None)  # files of this store are in no server
    monkeypatch.setattr(mlflow_side, "refuse_left", lambda *_: None)  # it has no prompts and no scorers
    old, new = Registry(tmp_path / "old"), Registry(tmp_path / "new")
    with quiet():
        yield Registries(old, new, World(mlflow.MOVER, (old.binding, new.binding), tmp_path / "kept.json"))


def test_the_way_back_of_a_registry_writes_over_no_late_file(registries: Registries) -> None:
    old, new, world = registries.old, registries.new, registries.world
    run = old.run("a long training", ends=False)
    old.put(run, checkpoint="1", other="1")
    old.client.set_tag(run, "best", "1")
    world.swap()
    old.put(run, checkpoint="4")
    new.put(run, other="own")
    journal = world.back()
    world.take(journal, "gather")
    assert new.holds(run) == {"checkpoint": "4", "other": "own"}
    old.put(run, checkpoint="5")  # while the way back copies and compares
    world.take(journal, "copy", "delta")
    assert old.holds(run) == {"checkpoint": "5", "other": "own"}
    world.take(journal, "switch", "settle")
    assert old.holds(run) == {"checkpoint": "5", "other": "own"}


@pytest.mark.parametrize("there_before", [True, False])
def test_what_users_write_while_a_late_file_is_fetched_is_not_written_over(
    registries: Registries, monkeypatch: pytest.MonkeyPatch, there_before: bool
) -> None:
    old, new, world = registries.old, registries.new, registries.world
    run = old.run("a long training", ends=False)
    if there_before:
        old.put(run, checkpoint="1")
    world.swap()
    old.put(run, checkpoint="4")
    own, fetched = iter(["own"]), mlflow_side.fetched

    def slowly(*given: Any) -> str:
        path = fetched(*given)
        for content in own:
            new.put(run, checkpoint=content)
        return path

    monkeypatch.setattr(mlflow_copy, "fetched", slowly)
    with pytest.raises(StackgenError, match="does not hold what the old one holds") as caught:
        world.take(world.back(), "gather")
    assert new.holds(run) == {"checkpoint": "own"}
    assert "checkpoint.txt" in str(caught.value.problems[0].hint)


def test_a_tag_that_both_registries_have_changed_stops_the_way_back(registries: Registries) -> None:
    old, new, world = registries.old, registries.new, registries.world
    run = old.run("a long training", ends=False)
    old.client.set_tag(run, "best", "1")
    world.swap()
    new.client.set_tag(new.id(run), "best", "2")
    journal = world.back()
    world.take(journal, "gather")
    old.client.set_tag(run, "best", "3")
    world.take(journal, "copy", "delta")
    assert old.client.get_run(run).data.tags["best"] == "3"
    with pytest.raises(StackgenError, match="does not hold what the old one holds") as caught:
        world.take(journal, "switch", "settle")
    assert f"run {run}" in str(caught.value.problems[0].hint)


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("word", ["retire", "rollback"])
def test_two_versions_of_one_number_are_named_and_none_is_dropped(registries: Registries, word: str) -> None:
    old, new, world = registries.old, registries.new, registries.world
    old.client.create_registered_model("fraud")
    old.client.set_registered_model_alias("fraud", "champion", old.register("first"))
    world.swap()
    new.register("an experiment")
    old.client.set_registered_model_alias("fraud", "champion", old.register("promoted"))
    for _ in range(2):
        with pytest.raises(StackgenError, match="does not hold what the old one holds") as caught:
            world.retire() if word == "retire" else world.returned()
        assert "alias fraud@champion, version fraud 2" in str(caught.value.problems[0].hint)
    assert (old.served(), new.served()) == ("promoted", "first")
    new.client.delete_model_version("fraud", "2")
    world.retire() if word == "retire" else world.returned()
    assert (old.served(), new.served()) == ("promoted", "promoted")


@pytest.mark.usefixtures("quietly")
def test_an_experiment_that_was_deleted_stays_deleted(registries: Registries) -> None:
    old, new, world = registries.old, registries.new, registries.world
    old.run("another")
    run = old.run("x", old.client.create_experiment("personal"))
    world.swap()
    new.client.delete_experiment(new.client.get_experiment_by_name("personal").experiment_id)
    world.retire()
    assert [item.name for item in new.client.search_experiments()] == ["Default"]
    old.client.set_tag(run, "late", "1")
    world.retire()
    assert new.client.get_run(new.id(run)).data.tags["late"] == "1"


@pytest.mark.usefixtures("quietly")
def test_an_alias_of_a_version_that_was_deleted_is_named(registries: Registries) -> None:
    old, new, world = registries.old, registries.new, registries.world
    old.client.create_registered_model("fraud")
    old.register("first")
    world.swap()
    new.client.delete_model_version("fraud", "1")
    old.client.set_registered_model_alias("fraud", "champion", "1")
    with pytest.raises(StackgenError, match="alias fraud@champion: the box that serves has no version 1"):
        world.retire()


@pytest.mark.usefixtures("quietly")
def test_a_version_whose_experiment_was_deleted_brings_it_back(registries: Registries) -> None:
    old, new, world = registries.old, registries.new, registries.world
    old.client.create_registered_model("fraud")
    old.register("first")
    run = old.run("x", old.client.create_experiment("personal"))
    world.swap()
    new.client.delete_experiment(new.client.get_experiment_by_name("personal").experiment_id)
    source = f"{old.client.get_run(run).info.artifact_uri}/m"
    old.client.create_model_version("fraud", source, run, await_creation_for=0)
    world.retire()
    assert new.client.get_model_version("fraud", "2").run_id == new.id(run)


@pytest.mark.usefixtures("quietly")
def test_a_version_whose_run_was_deleted_is_named(registries: Registries) -> None:
    old, new, world = registries.old, registries.new, registries.world
    old.client.create_registered_model("fraud")
    run = old.run("x")
    world.swap()
    new.client.delete_run(new.id(run))
    old.client.create_model_version("fraud", f"runs:/{run}/m", run, await_creation_for=0)
    with pytest.raises(
        StackgenError, match="version 1 of model fraud: the box that serves has its run no longer"
    ):
        world.retire()
    assert not new.client.search_model_versions("name='fraud'")


@pytest.mark.parametrize("busy", [True, False])
def test_a_run_that_goes_on_while_it_is_copied_is_swapped(
    registries: Registries, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    """A copy knows what a run had when it began, and brings what it has when it comes to it."""
    old, new, world = registries.old, registries.new, registries.world
    run = old.run("training", ends=False)
    old.client.log_metric(run, "loss", 1.0)
    old.client.set_tag(run, "best", "1")
    bring = mlflow_copy.Copy._run  # pyright: ignore[reportPrivateUsage]

    def meanwhile(copy: Any, *given: Any) -> Any:
        if busy:
            old.client.log_metric(run, "loss", 0.5, step=1)
        return bring(copy, *given)

    journal = Journal(world.path, "swap", "kept", 1, 2, wanted=BESIDE)
    with monkeypatch.context() as patch:
        patch.setattr(mlflow_copy.Copy, "_run", meanwhile)
        world.take(journal, "copy")
    old.client.set_tag(run, "best", "2")
    world.take(journal, "delta", "switch", "settle")
    assert new.client.get_run(new.id(run)).data.tags["best"] == "2"


@pytest.mark.usefixtures("quietly")
def test_two_versions_of_one_number_are_named_after_a_copy_that_stopped_too(registries: Registries) -> None:
    old, new, world = registries.old, registries.new, registries.world
    old.client.create_registered_model("fraud")
    old.client.set_registered_model_alias("fraud", "champion", old.register("first"))
    world.swap()
    old.client.set_registered_model_alias("fraud", "champion", old.register("promoted"))
    _stop_a_retirement(world, "early")
    new.register("an experiment")
    for _ in range(3):
        with pytest.raises(StackgenError, match="does not hold what the old one holds"):
            world.retire()
        assert new.served() == "first"
        assert new.client.get_model_version("fraud", "2").description == "an experiment"


@pytest.mark.usefixtures("quietly")
def test_what_users_made_of_runs_and_versions_after_an_interrupted_copy_stays(registries: Registries) -> None:
    old, new, world = registries.old, registries.new, registries.world
    old.client.create_registered_model("fraud")
    old.register("first")
    world.swap()
    run = old.run("late")
    old.register("second")
    _stop_a_retirement(world)
    new.client.set_tag(new.id(run), "approved", "yes")
    new.client.set_model_version_tag("fraud", "2", "approved", "yes")
    new.client.update_model_version("fraud", "2", "edited")
    world.retire()
    version = new.client.get_model_version("fraud", "2")
    assert new.client.get_run(new.id(run)).data.tags["approved"] == "yes"
    assert (version.tags["approved"], version.description) == ("yes", "edited")


@pytest.mark.usefixtures("quietly")
def test_what_an_interrupted_copy_has_made_of_a_registry_is_brought_up_to_date(
    registries: Registries,
) -> None:
    old, new, world = registries.old, registries.new, registries.world
    experiment = old.client.create_experiment("fraud")
    old.client.create_registered_model("fraud")
    old.register("first")
    world.swap()
    old.client.set_experiment_tag(experiment, "owner", "ann")
    old.client.set_registered_model_alias("fraud", "champion", "1")
    run = old.run("late")
    old.client.set_tag(run, "best", "1")
    _stop_a_retirement(world)
    old.client.set_experiment_tag(experiment, "owner", "bob")
    old.client.set_registered_model_alias("fraud", "champion", old.register("second"))
    old.client.set_tag(run, "best", "2")
    world.retire()
    assert new.client.get_experiment_by_name("fraud").tags["owner"] == "bob"
    assert new.served() == "second"
    assert new.client.get_run(new.id(run)).data.tags["best"] == "2"


@pytest.mark.usefixtures("quietly")
@pytest.mark.parametrize("word", ["retire", "rollback"])
def test_what_both_registries_have_changed_is_named(registries: Registries, word: str) -> None:
    old, new, world = registries.old, registries.new, registries.world
    old.client.create_registered_model("fraud")
    for text in ("first", "second", "third"):
        old.register(text)
    old.client.set_registered_model_alias("fraud", "champion", "1")
    world.swap()
    old.client.update_model_version("fraud", "1", "described late")
    new.client.set_model_version_tag("fraud", "1", "approved", "yes")
    old.client.set_registered_model_alias("fraud", "champion", "2")
    new.client.set_registered_model_alias("fraud", "champion", "3")
    for _ in range(2):
        with pytest.raises(StackgenError, match="does not hold what the old one holds") as caught:
            world.retire() if word == "retire" else world.returned()
        assert "alias fraud@champion, version fraud 1" in str(caught.value.problems[0].hint)
    assert (old.served(), new.served()) == ("second", "third")
    new.client.set_registered_model_alias("fraud", "champion", "2")
    new.client.update_model_version("fraud", "1", "described late")
    world.retire() if word == "retire" else world.returned()
    for box in (old, new):
        version = box.client.get_model_version("fraud", "1")
        assert (version.description, box.served()) == ("described late", "second")
    assert new.client.get_model_version("fraud", "1").tags["approved"] == "yes"
