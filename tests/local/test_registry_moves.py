"""Steps of a swap between two registries whose users log files and points to runs that have ended."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from stackgen.contracts import find_mover
from stackgen.contracts.mlflow.contract import MlflowBinding
from stackgen.contracts.mlflow.server import Side, use_quiet_client
from stackgen.contracts.mover import Mover
from stackgen.errors import StackgenError
from stackgen.swap.journal import Journal
from tests.conftest import Cli
from tests.local.swapping import bindings, gone, up
from tests.swap.world import BESIDE, World

pytestmark = [pytest.mark.local, pytest.mark.nightly, pytest.mark.timeout(900)]
REGISTRIES = "  old: {capability: model_registry}\n  new: {capability: model_registry}\n"


class Box:
    """A registry with one run that has ended, as an application sees it."""

    def __init__(self, binding: MlflowBinding) -> None:
        self.binding = binding

    def begin(self) -> None:
        run = Side(self.binding).client.create_run("0", run_name="training")
        for name in ("copied", "owned", "late", "both"):
            self._client.log_text(run.info.run_id, "1", f"{name}.txt")
        self._client.set_terminated(run.info.run_id)

    def put(self, **files: str) -> None:
        for name, content in files.items():
            self._client.log_text(self._run.info.run_id, content, f"{name}.txt")
            self._client.log_metric(self._run.info.run_id, name, float(content), timestamp=1)

    def holds(self) -> dict[str, str]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(self._client.download_artifacts(self._run.info.run_id, "", folder))
            return {file.stem: file.read_text() for file in path.iterdir()}

    def points(self, name: str) -> set[float]:
        return {p.value for p in self._client.get_metric_history(self._run.info.run_id, name)}

    @property
    def _client(self) -> Any:
        return Side(self.binding).client

    @property
    def _run(self) -> Any:
        (run,) = Side(self.binding).runs.values()
        return run


@pytest.fixture
def boxes(stack: Cli) -> Iterator[tuple[Box, Box]]:
    up(stack, REGISTRIES)
    found = bindings(stack)
    old, new = (Box(MlflowBinding.model_validate(found[name]["mlflow"])) for name in ("old", "new"))
    with use_quiet_client():
        yield old, new
    gone(stack)


def test_files_of_runs_that_have_ended_go_the_way_that_their_users_changed_them(
    boxes: tuple[Box, Box], tmp_path: Path
) -> None:
    old, new = boxes
    world = World(cast(Mover, find_mover("mlflow")), (old.binding, new.binding), tmp_path / "registry.json")
    old.begin()
    swap = Journal(world.path, "swap", "registry", 1, 2, wanted=BESIDE)
    world.take(swap, "copy")
    old.put(copied="2")  # no search says so
    world.take(swap, "delta", "switch")
    assert new.holds()["copied"] == "2"

    new.put(owned="3")
    old.put(late="4")
    world.take(swap, "settle")
    assert new.holds() == {"copied": "2", "owned": "3", "late": "4", "both": "1"}
    assert (new.points("late"), new.points("owned")) == ({4.0}, {3.0})
    swap.finished = True
    swap.save()

    new.put(owned="5")
    old.put(late="6")
    back = world.back()
    world.take(back, "gather")
    assert new.holds() == {"copied": "2", "owned": "5", "late": "6", "both": "1"}
    assert old.holds()["owned"] == "1"
    old.put(late="7")
    world.take(back, "copy", "delta", "switch", "settle")
    assert old.holds() == {**new.holds(), "late": "7"}
    assert old.points("owned") == new.points("owned") == {3.0, 5.0}

    old.put(both="8")
    new.put(both="9")
    with pytest.raises(
        StackgenError, match="the new component does not hold what the old one holds"
    ) as caught:
        world.take(back, "settle")
    (problem,) = caught.value.problems
    assert "both.txt" in str(problem.hint)
