"""Clients with old bindings go on writing to a registry that serves no longer: what they write is not lost.

Registries are MLflow's own store of files, by the client that applications use.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stackgen.contracts.mlflow import artifacts as mlflow_artifacts
from stackgen.contracts.mlflow import mover as mlflow
from stackgen.contracts.mlflow import run_copies as mlflow_copy
from stackgen.contracts.mlflow import server as mlflow_side
from stackgen.contracts.mlflow.contract import MlflowBinding
from stackgen.contracts.mlflow.server import Side, use_quiet_client
from stackgen.errors import StackgenError
from stackgen.swap.journal import Journal
from tests.swap.buckets import quietly, stop_a_retirement
from tests.swap.world import BESIDE, World

__all__ = ["quietly"]
pytestmark = pytest.mark.sweep


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
                Path(mlflow_side.download(artifacts, name, folder)) for name in mlflow_side.files(artifacts)
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
    with use_quiet_client():
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
    own, fetched = iter(["own"]), mlflow_side.download

    def slowly(*given: Any) -> str:
        path = fetched(*given)
        for content in own:
            new.put(run, checkpoint=content)
        return path

    monkeypatch.setattr(mlflow_copy, "download", slowly)
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
        StackgenError, match="version 1 of model fraud: the box that serves no longer has its run"
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
    bring = mlflow_copy.RegistryCopy._run  # pyright: ignore[reportPrivateUsage]

    def meanwhile(copy: Any, *given: Any) -> Any:
        if busy:
            old.client.log_metric(run, "loss", 0.5, step=1)
        return bring(copy, *given)

    journal = Journal(world.path, "swap", "kept", 1, 2, wanted=BESIDE)
    with monkeypatch.context() as patch:
        patch.setattr(mlflow_copy.RegistryCopy, "_run", meanwhile)
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
    stop_a_retirement(world, "early")
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
    stop_a_retirement(world)
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
    stop_a_retirement(world)
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
