"""A swap as a state machine: boxes in memory, a step that fails, and where that leaves the boxes and the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel

from stackgen.contracts.mover import Comparison, Mover, Part
from stackgen.errors import Problem, StackgenError
from stackgen.swap import data_move
from stackgen.swap.data_move import DataMove
from stackgen.swap.journal import Journal, Kind, read_journal
from stackgen.swap.overrides import Override
from stackgen.swap.run import reverse_journal, run_steps
from stackgen.swap.site import Site
from tests.swap.world import NoSettings

pytestmark = pytest.mark.unit
ONE: Override = {"implementation": "local/one", "box": 1}
TWO: Override = {"implementation": "local/two", "box": 2}
BOTH: Override = {**ONE, "beside": TWO}


class Broken(StackgenError):
    """A step that fails."""

    def __init__(self) -> None:
        super().__init__([Problem("broken", "it is broken")])


@dataclass
class Box:
    """items: what it holds. frozen: it refuses writes."""

    items: dict[str, str] = field(default_factory=dict[str, str])
    frozen: bool = False


def _parts(source: Box, target: Box) -> tuple[Part, ...]:
    held = sorted(source.items.items())
    alike = [item for item in held if item in target.items.items()]
    return (Part("items", len(held), len(alike), repr(held), repr(alike)),)


def _copy(source: Box, target: Box, since: Any, progress: Any, /, **how: Any) -> dict[str, str]:
    del since, progress
    if not how.get("used"):
        target.items.clear()
    target.items.update(source.items)
    return dict(source.items)


def _freeze(box: Box) -> None:
    box.frozen = True


def _thaw(box: Box) -> None:
    box.frozen = False


LATE = Mover(
    tool="a copy",
    carries=("items",),
    leaves=("nothing",),
    copy=_copy,
    compare=lambda source, target, *_: Comparison(_parts(source, target)),
    first_item=lambda box: next(iter(box.items), ""),
    amounts=lambda box: {"items": len(box.items)},
)
FREEZING = replace(LATE, freeze=_freeze, thaw=_thaw)


@dataclass
class Deployment:
    """What a swap works on: a spec with one component, and its boxes, which are deployed as the spec has them."""

    mover: Mover | None
    override: Override = field(default_factory=lambda: dict(ONE))
    boxes: dict[int, Box] = field(default_factory=lambda: {1: Box({"a": "1", "b": "2"})})
    serving: int = 1
    recorded: bool = False
    deleted: list[int] = field(default_factory=list[int])
    accepts_data: bool = False
    component: str = "kept"
    name: str = "stack"

    @property
    def environment(self) -> Any:
        return SimpleNamespace(name="dev", protected=False)

    def progress(self, sentence: str) -> None:
        del sentence

    def movers(self) -> Iterator[tuple[str, Mover]]:
        yield from [] if self.mover is None else [("wire", self.mover)]

    def binding(self, contract: str, box: int) -> Box:
        assert contract == "wire"
        return self.boxes[box]

    def write(self, override: Override) -> None:
        self.override = override

    def deploy(self, without: int | None = None) -> str:
        wanted = {self.override.get("box", 1), self.override.get("beside", {}).get("box", 1)}
        for number in (
            {*self.boxes} - wanted if "beside" in self.override else {*self.boxes} - {self.override["box"]}
        ):
            assert number == without, "no box goes without its word"
            self.deleted.append(number)
            del self.boxes[number]
        for number in wanted - {*self.boxes}:
            self.boxes[number] = Box()
        self.serving = self.override["box"]
        return "done"

    def measure(self, box: int) -> Any:
        assert box in self.boxes
        return SimpleNamespace(counts=lambda: {"kept": 1})

    def golden_recording(self) -> Path | None:
        return Path("recording") if self.recorded else None

    def replay(self) -> str:
        return "as before"

    def find_box(self, box: int) -> Any:
        assert box in self.boxes
        return SimpleNamespace(settings=NoSettings())

    def creation_times(self, box: int) -> dict[str, str]:
        return {f"box {box}": "at first"}


@pytest.fixture(autouse=True)
def _no_quiet_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_move, "QUIET_SECONDS", 0)


def _move(deployment: Deployment, journal: Journal) -> DataMove:
    return DataMove(cast(Site, deployment), journal)


def _journal(folder: Path, kind: Kind = "swap") -> Journal:
    return Journal(folder / "kept.json", kind, "kept", 1, 2, wanted=BOTH)


def _failing(move: DataMove, step: str) -> DataMove:
    """The same move with one step that fails, before it does anything."""

    def fail() -> str:
        raise Broken

    steps = move.steps

    def with_failure() -> list[Any]:
        return [replace(item, take=fail) if item.name == step else item for item in steps()]

    move.steps = with_failure  # type: ignore[method-assign]
    return move


NO_DATA = "beside deploy verify switch bind check"
BACK = "switch bind settle check"
TABLE: list[tuple[Kind, Mover | None, str]] = [
    ("swap", None, NO_DATA),
    ("swap", LATE, "beside deploy empty verify copy delta switch bind settle check"),
    ("swap", FREEZING, "beside deploy empty verify copy freeze delta switch bind settle check keep"),
    ("return", None, "switch bind check"),
    ("return", LATE, f"gather copy delta {BACK}"),
    ("return", FREEZING, f"unchanged copy freeze delta open {BACK}"),
    ("abandon", None, "remove clean"),
    ("abandon", LATE, "remove clean"),
    ("abandon", FREEZING, "thaw remove clean"),
    ("retire", None, "remove clean"),
    ("retire", LATE, "prove remove clean"),
    ("retire", FREEZING, "prove remove clean"),
]


@pytest.mark.parametrize(("kind", "mover", "steps"), TABLE)
def test_the_steps_of_a_move(kind: Kind, mover: Mover | None, steps: str, tmp_path: Path) -> None:
    deployment = Deployment(mover, boxes={1: Box(), 2: Box()})
    move = _move(deployment, _journal(tmp_path, kind))
    assert " ".join(step.name for step in move.steps()) == steps
    deployment.recorded = True
    assert [step.name for step in move.steps()][-1] == (
        "replay" if kind == "swap" else steps.rsplit(maxsplit=1)[-1]
    )


def test_a_server_with_a_port_is_closed_before_its_box_goes(tmp_path: Path) -> None:
    class Settings(BaseModel):
        port: int = 5432

    deployment = Deployment(LATE, boxes={1: Box(), 2: Box()})
    deployment.find_box = lambda _: SimpleNamespace(settings=Settings())  # type: ignore[method-assign]
    move = _move(deployment, _journal(tmp_path, "retire"))
    assert [step.name for step in move.steps()] == ["prove", "close", "settle", "remove", "clean"]


@pytest.mark.parametrize("mover", [None, LATE, FREEZING])
def test_a_swap_ends_with_the_new_box_serving_and_the_old_one_whole(
    mover: Mover | None, tmp_path: Path
) -> None:
    deployment, journal = Deployment(mover), _journal(tmp_path)
    taken = run_steps(_move(deployment, journal))
    assert deployment.serving == 2 and deployment.override == {**TWO, "beside": ONE}
    assert [item.name for item in taken] == list(journal.done)
    held = {"a": "1", "b": "2"}
    assert deployment.boxes[1].items == held
    assert deployment.boxes[2].items == (held if mover else {})
    assert not deployment.boxes[2].frozen
    assert deployment.boxes[1].frozen == (mover is FREEZING), "no client writes to it by mistake"
    assert cast(Journal, read_journal(journal.path)).finished


BEFORE = ("beside", "deploy", "empty", "verify", "copy", "freeze", "delta", "switch")
AFTER = ("bind", "settle", "check", "keep", "replay")


@pytest.mark.parametrize("step", BEFORE)
def test_what_fails_before_the_switch_leaves_the_old_box_serving(step: str, tmp_path: Path) -> None:
    deployment, journal = Deployment(FREEZING), _journal(tmp_path)
    with pytest.raises(StackgenError) as caught:
        run_steps(_failing(_move(deployment, journal), step))
    assert [problem.code for problem in caught.value.problems] == ["broken", "swap-stopped"]
    assert caught.value.problems[1].next == "stackgen swap stack kept -e dev --rollback"
    assert deployment.serving == 1 and not deployment.boxes[1].frozen
    assert deployment.boxes[1].items == {"a": "1", "b": "2"} and deployment.deleted == []
    deployment.boxes[1].items["c"] = "3"  # written meanwhile
    again = cast(Journal, read_journal(journal.path))
    assert not again.frozen and not {"freeze", "delta"} & again.done.keys()
    run_steps(_move(deployment, again))
    assert deployment.serving == 2 and deployment.boxes[2].items == {"a": "1", "b": "2", "c": "3"}


@pytest.mark.parametrize("step", AFTER)
def test_what_fails_after_the_switch_returns_everything_to_the_old_box(step: str, tmp_path: Path) -> None:
    deployment, journal = Deployment(FREEZING, recorded=True), _journal(tmp_path)
    move = _failing(_move(deployment, journal), step)
    with pytest.raises(StackgenError) as caught:
        run_steps(move)
    assert [problem.code for problem in caught.value.problems] == ["broken", "swap-rolled-back"]
    assert deployment.serving == 1 and not deployment.boxes[1].frozen
    assert deployment.boxes[1].items == {"a": "1", "b": "2"} and deployment.deleted == []
    back = cast(Journal, read_journal(journal.path))
    assert back.kind == "return" and back.finished and back.reason == "it is broken"


def test_an_error_of_ours_leaves_no_box_frozen(tmp_path: Path) -> None:
    deployment, journal = Deployment(FREEZING), _journal(tmp_path)
    move = _move(deployment, journal)

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    move.copy_rest = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run_steps(move)
    assert not deployment.boxes[1].frozen and not cast(Journal, read_journal(journal.path)).frozen


def test_a_box_that_still_refuses_writes_is_named(tmp_path: Path) -> None:
    def fail(_: Box) -> None:
        raise Broken

    deployment, journal = Deployment(replace(FREEZING, thaw=fail)), _journal(tmp_path)
    with pytest.raises(StackgenError) as caught:
        run_steps(_failing(_move(deployment, journal), "delta"))
    assert [problem.code for problem in caught.value.problems] == ["broken", "broken", "box-frozen"]
    assert cast(Journal, read_journal(journal.path)).frozen, "known for the next command"


def test_a_target_that_holds_something_is_not_filled(tmp_path: Path) -> None:
    deployment, journal = Deployment(LATE, boxes={1: Box({"a": "1"}), 2: Box({"z": "9"})}), _journal(tmp_path)
    with pytest.raises(StackgenError) as caught:
        run_steps(_move(deployment, journal))
    assert caught.value.problems[0].code == "box-not-empty"
    assert deployment.boxes[2].items == {"z": "9"}


def test_steps_that_were_taken_are_not_taken_again(tmp_path: Path) -> None:
    deployment, journal = Deployment(FREEZING), _journal(tmp_path)
    with pytest.raises(StackgenError):
        run_steps(_failing(_move(deployment, journal), "verify"))
    taken = run_steps(_move(deployment, cast(Journal, read_journal(journal.path))))
    assert [item.name for item in taken if item.earlier] == ["beside", "deploy", "empty"]


def test_the_way_back_moves_what_was_written_since(tmp_path: Path) -> None:
    deployment, journal = Deployment(FREEZING), _journal(tmp_path)
    run_steps(_move(deployment, journal))
    deployment.boxes[2].items["c"] = "3"
    run_steps(_move(deployment, reverse_journal(journal)))
    assert deployment.serving == 1 and deployment.boxes[1].items == {"a": "1", "b": "2", "c": "3"}
    assert deployment.deleted == []


def test_a_closed_box_that_was_written_to_is_not_overwritten(tmp_path: Path) -> None:
    deployment, journal = Deployment(FREEZING), _journal(tmp_path)
    run_steps(_move(deployment, journal))
    deployment.boxes[1].items["late"] = "x"
    with pytest.raises(StackgenError) as caught:
        run_steps(_move(deployment, reverse_journal(journal)))
    assert caught.value.problems[0].code == "data-differs"
    assert deployment.boxes[1].items["late"] == "x" and deployment.serving == 2


@pytest.mark.parametrize("mover", [LATE, FREEZING])
def test_only_a_proven_box_is_deleted(mover: Mover, tmp_path: Path) -> None:
    deployment, journal = Deployment(mover), _journal(tmp_path)
    run_steps(_move(deployment, journal))
    del deployment.boxes[2].items["a"]  # as by a fault
    retire = Journal(journal.path, "retire", "kept", 1, 2, wanted=journal.wanted)
    retire.memory, retire.proof, retire.former = journal.memory, journal.proof, journal.content()
    if mover is FREEZING:
        deployment.boxes[1].items["late"] = "x"
    else:
        deployment.mover = replace(mover, copy=lambda source, *_, **__: dict(source.items))
    with pytest.raises(StackgenError) as caught:
        run_steps(_move(deployment, retire))
    assert caught.value.problems[0].code == "data-differs"
    assert (deployment.deleted == [] and "late" in deployment.boxes[1].items) or mover is LATE


def test_a_retired_box_goes_with_its_data_and_no_other_does(tmp_path: Path) -> None:
    deployment, journal = Deployment(FREEZING), _journal(tmp_path)
    run_steps(_move(deployment, journal))
    retire = Journal(journal.path, "retire", "kept", 1, 2, wanted=journal.wanted)
    retire.memory, retire.proof = journal.memory, journal.proof
    run_steps(_move(deployment, retire))
    assert deployment.deleted == [1] and deployment.boxes[2].items == {"a": "1", "b": "2"}
    assert deployment.override == TWO


def test_a_box_that_is_still_written_to_is_not_deleted(tmp_path: Path) -> None:
    deployment, journal = Deployment(LATE), _journal(tmp_path)
    run_steps(_move(deployment, journal))
    retire = Journal(journal.path, "retire", "kept", 1, 2, wanted=journal.wanted)
    retire.memory, retire.proof = journal.memory, journal.proof
    count = 0

    def copy(source: Box, target: Box, *more: Any, **how: Any) -> dict[str, str]:
        nonlocal count
        count += 1
        source.items[f"late {count}"] = "x"  # a client with the old bindings
        return _copy(source, target, *more, **how)

    deployment.mover = replace(LATE, copy=copy)
    with pytest.raises(StackgenError) as caught:
        run_steps(_move(deployment, retire))
    assert caught.value.problems[0].code == "box-in-use"
    assert deployment.deleted == []


def test_a_swap_that_is_given_up_deletes_the_new_box_only(tmp_path: Path) -> None:
    deployment, journal = Deployment(FREEZING), _journal(tmp_path)
    with pytest.raises(StackgenError):
        run_steps(_failing(_move(deployment, journal), "delta"))
    run_steps(_move(deployment, Journal(journal.path, "abandon", "kept", 1, 2)))
    assert deployment.deleted == [2] and deployment.override == ONE
    assert deployment.boxes[1].items == {"a": "1", "b": "2"} and not deployment.boxes[1].frozen


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    journal.save()
    journal.path.write_text(journal.path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(StackgenError) as caught:
        read_journal(journal.path)
    assert caught.value.problems[0].code == "journal-unreadable"
