"""What reaches an old box late, and what the box that serves has changed meanwhile."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace as Thing
from typing import Any, cast

import pytest

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.mlflow.changes import add_unfinished_copy, late_items
from stackgen.contracts.mlflow.run_copies import RegistryCopy
from stackgen.contracts.mlflow.server import Side, digests, file_key_prefix, owner_key
from stackgen.contracts.mover import contains

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("more", "less", "held"),
    [
        ({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "1"}}, True),
        ({"tags": {"a": "2"}}, {"tags": {"a": "1"}}, False),
        ({"tags": {}}, {"tags": {"a": "1"}}, False),
        ([["loss", "1.0"], ["loss", "2.0"]], [["loss", "2.0"]], True),
        ([["loss", "1.0"]], [["loss", "1.0"], ["loss", "1.0"]], False),
        ("FINISHED", "RUNNING", False),
        (None, {"points": []}, False),
    ],
)
def test_one_side_holds_what_the_other_has(more: Any, less: Any, held: bool) -> None:
    assert contains(more, less) is held


class _Server:
    """The items of one, by what they consist of."""

    def __init__(self, points: list[str], **files: str) -> None:
        self._items = {"run r": {"points": points}, **{f"file run r/{key}": v for key, v in files.items()}}

    def contents(self, *, deep: bool = False) -> dict[str, Any]:
        assert deep
        return self._items


def test_a_late_copy_leaves_alone_what_the_new_box_has_changed() -> None:
    here = _Server(["1", "late"], new="late", over="late", both="late", gone="1", same="1")
    there = _Server(["1", "own"], over="1", both="own", same="1")
    settled = digests(_Server(["1"], over="1", both="1", gone="1", same="1").contents(deep=True))
    found = late_items(cast(Side, here), cast(Side, there), settled)
    assert found == {"run r": {"points": ["1", "own"]}, "file run r/new": None, "file run r/over": "1"}
    alone = late_items(cast(Side, here), cast(Side, there), None)
    assert {*alone} == {"run r", *(f"file run r/{name}" for name in ("new", "over", "both", "gone"))}


@pytest.mark.parametrize(
    ("key", "there", "ours"),
    [
        ("experiment e", {"owner": "ann"}, True),
        ("experiment e", {"owner": "bob"}, False),
        ("experiment e", {"owner": "ann", "own": "1"}, False),
        ("version m 1", ["", {}, "r", ["runs", "r/m"]], True),
        ("version m 1", ["edited", {}, "r", ["runs", "r/m"]], False),
        ("run r", ["0", "r", "RUNNING"], False),
    ],
)
def test_what_is_there_by_a_half_was_made_by_the_copy_that_stopped(
    tmp_path: Path, key: str, there: Any, ours: bool
) -> None:
    before = {
        "experiment e": {"owner": "ann", "team": "risk"},
        "version m 1": ["text", {"a": "1"}, "r", ["runs", "r/m"], {"stage": "Production"}],
        "run r": ["0", "r", "RUNNING", 1],
    }
    path = str(tmp_path / "kept.begun")
    Begun(path).begin(digests(before))
    known = add_unfinished_copy({}, Begun(path), before, {key: there}, set())
    assert known == (digests({key: there}) if ours else {})


class _Store:
    """Files of a run."""

    def __init__(self, **files: str) -> None:
        self.files = {f"{name}.txt": content for name, content in files.items()}

    def list_artifacts(self, _path: str | None = None) -> list[Any]:
        return [Thing(path=p, is_dir=False, file_size=len(c)) for p, c in self.files.items()]

    def download_artifacts(self, path: str, folder: str) -> str:
        file = Path(folder, path)
        file.write_text(self.files[path])
        return str(file)

    def log_artifact(self, file: str, _folder: str | None) -> None:
        self.files[Path(file).name] = Path(file).read_text()


class _Box:
    """A registry with one run; what is asked of its client is what a copy asks."""

    def __init__(self, name: str, tags: dict[str, str], **files: str) -> None:
        about = {"run_id": "r", "status": "FINISHED", "start_time": 1, "end_time": 2, "experiment_id": "0"}
        info = Thing(**about, run_name=name)
        self.run = Thing(info=info, data=Thing(tags=tags, params={}, metrics={}), inputs=None, outputs=None)
        self.store = _Store(**files)
        self.client, self.runs, self.models = self, {"r": self.run}, dict[str, Any]()
        self.experiments = {"Default": Thing(experiment_id="0")}
        self.run_origins, self.model_origins, self.registered = {"r": "r"}, {}, {}
        self.versions = dict[Any, Any]()

    def tags(self, tags: dict[str, str]) -> dict[str, str]:
        return dict(tags)

    def metrics(self, _run: Any) -> list[Any]:
        return []

    def run_artifacts(self, _run: Any) -> _Store:
        return self.store

    def get_run(self, _run: str) -> Any:
        return self.run

    def log_batch(self, _run: str, _metrics: Any, _params: Any, tags: Any) -> None:
        self.run.data.tags |= {tag.key: tag.value for tag in tags}

    def update_run(self, _run: str, _status: str | None = None, name: str | None = None) -> None:
        self.run.info.run_name = name

    def set_terminated(self, *_arguments: Any) -> None:
        pass

    def delete_tag(self, _run: str, key: str) -> None:
        del self.run.data.tags[key]


@pytest.mark.parametrize("touched", [True, False])
def test_a_copy_to_a_box_that_serves_takes_nothing_from_its_users(touched: bool) -> None:
    old = _Box("run", {"stage": "dev", "late": "1"}, a="1", b="x")
    new = _Box("better", {"stage": "prod", "own": "1"}, a="newest")
    mine = {"run r"} if touched else set[str]()
    RegistryCopy(cast(Side, old), cast(Side, new), mine, used=True).bring({"run r"}, set())
    assert new.store.files == {"a.txt": "newest"}, "files are for `copy_late`, which knows whose they are"
    if touched:
        assert new.run.data.tags == {"stage": "prod", "own": "1", "late": "1"}
        assert new.run.info.run_name == "better"
    else:
        assert {"stage": "dev", "late": "1"}.items() <= new.run.data.tags.items()


@pytest.mark.parametrize("origin", ["0f3a", "of/another", "with a blank", "%2F"])
def test_a_file_belongs_to_its_run(origin: str) -> None:
    assert owner_key(f"{file_key_prefix('run', origin)}a/b.txt") == f"run {origin}"
    assert owner_key(f"run {origin}") == f"run {origin}"
