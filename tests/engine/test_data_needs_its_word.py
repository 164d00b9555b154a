"""Whatever is edited in a spec, no data goes without the word that names it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.disk.fingerprints import SHARED
from stackgen.disk.writing import write_program
from stackgen.engine import projects
from stackgen.engine.deployment import Deployment, Outcome, ResourceStep
from stackgen.engine.reviewing import Fingerprints, apply_review, find_losses, review_update
from stackgen.engine.updating import remove, update
from stackgen.errors import StackgenError
from stackgen.planning.data_resources import data_types, find_data
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import Program, build_program
from stackgen.program.main_module import component_calls
from stackgen.spec.loading import load_spec, parse_spec
from tests.engine.edits import Component, Spec, edit
from tests.engine.standin_engine import HOLDS, StandIn, made_by

pytestmark = pytest.mark.unit
SHELF = Shelf()
TYPES = data_types(SHELF)


class World:
    """A spec, the stand-in that it is deployed to, and how that was made."""

    def __init__(self) -> None:
        self.engine = StandIn()
        self.made: dict[str, str] = {}
        self.refused = self.done = 0

    def up(self, spec: Spec, words: Sequence[str], *, look: bool) -> None:
        """One `up`; asserts what must hold of it."""
        try:
            found = plan_environment(parse_spec(spec.text().encode(), Path("stack.yaml")), "dev", SHELF)
        except StackgenError:
            return  # refused before any engine is asked
        now = _made(found)
        before, lost = self.engine.contents(), len(self.engine.lost)
        self.engine.program = made_by(found)
        engine = cast(Deployment, self.engine)
        try:
            reviewed = review_update(
                engine, engine.resources(), found, TYPES, words, Fingerprints(self.made, now), look=look
            )
        except StackgenError as error:
            self.refused += 1
            assert self.engine.contents() == before, "refused, and yet something was changed"
            assert all(problem.code in CODES for problem in error.problems), error.problems
            return
        holders = {h.id: h for h in self.engine.has.values() if h.type in HOLDS.values()}
        apply_review(engine, reviewed)
        self.made, self.done = now, self.done + 1
        for name in self.engine.lost[lost:]:
            assert name.removesuffix("-data") in words, f"the data of {name} went without its word"
            assert not spec.protect, f"the data of {name} went though it was protected"
        left = {h.id for h in self.engine.has.values()}
        gone = [h.name for key, h in holders.items() if key not in left]
        assert sorted(gone) == sorted(self.engine.lost[lost:])


CODES = {"data-would-go", "protected", "unknown-data"}


def _made(found: Plan) -> dict[str, str]:
    made = component_calls(found, Path("/dev-null/case/dev"))
    return {SHARED: str([made[f.name] for f in found.foundations]), **made}


def wander(seed: int, edits: int) -> World:
    chance = random.Random(seed)  # noqa: S311
    world, spec = World(), Spec()
    for _ in range(edits):
        before = Spec(dict(spec.components), spec.protect, spec.directory)
        before.components = {n: Component(**vars(c)) for n, c in spec.components.items()}
        for _ in range(chance.choice([1, 1, 2])):
            edit(spec, chance)
        owners = [n.removesuffix("-data") for n in _data(world.engine)]
        words = chance.sample(owners, min(len(owners), chance.choice([0, 0, 0, 1])))
        refused = world.refused
        world.up(spec, words, look=chance.random() < 0.3)
        if world.refused > refused and chance.random() < 0.7:
            spec = before  # put back
    return world


def _data(engine: StandIn) -> list[str]:
    return [h.name for h in engine.has.values() if h.type in HOLDS.values()]


@pytest.mark.parametrize("seed", range(6))
def test_no_data_goes_without_its_word(seed: int) -> None:
    world = wander(seed, 60)
    assert world.done > 10
    assert world.refused, "an edit that would cost data was among them"
    assert world.engine.previews < world.done + 2 * world.refused + 60


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 120))
def test_no_data_goes_without_its_word_in_many_edits(seed: int) -> None:
    wander(seed, 100)


def _spec(**components: Any) -> Spec:
    return Spec(
        {name: Component("vector_store", "local/postgresql", **more) for name, more in components.items()}
    )


def test_data_comes_back_with_its_component() -> None:
    world, spec = World(), _spec(alpha={}, beta={})
    world.up(spec, (), look=False)
    made = {h.name: h.id for h in world.engine.has.values()}
    world.up(_spec(beta={}), (), look=False)
    assert world.engine.previews == 0, "a removal keeps data: there is nothing to look for"
    assert "alpha-data" in _data(world.engine)
    assert not any(h.name == "alpha" and h.type.endswith(":Process") for h in world.engine.has.values())
    world.up(spec, (), look=False)
    after = {h.name: h.id for h in world.engine.has.values()}
    assert [after[n] for n in ("alpha-data", "alpha-password")] == [
        made[n] for n in ("alpha-data", "alpha-password")
    ]


def test_a_renamed_component_changes_nothing_that_holds_data() -> None:
    world = World()
    world.up(_spec(alpha={}), (), look=False)
    before = {h.name: h.id for h in world.engine.has.values()}
    world.up(_spec(gamma={"renamed_from": "alpha"}), (), look=True)
    assert {h.name: h.id for h in world.engine.has.values()} == before


def test_an_unchanged_program_needs_no_preview() -> None:
    world = World()
    world.up(_spec(alpha={}), (), look=False)
    world.up(_spec(alpha={}), (), look=False)
    assert world.engine.previews == 0
    world.up(_spec(alpha={"version": "16"}), (), look=False)
    assert (world.engine.previews, world.refused) == (1, 1)


def test_a_replacement_under_an_alias_is_seen() -> None:
    """Another implementation of the same place takes resources over; the engine names them by their new URN."""
    world = World()
    world.up(_spec(alpha={}), (), look=False)
    found = find_data(world.engine.resources(), TYPES)
    (held,) = found.resources.values()
    step = ResourceStep(
        "replace", held.type, held.name, (), held.urn.replace("LocalPostgresql", "LocalEmbeddedPostgres")
    )
    assert find_losses([step], found) == {"alpha": "replace"}
    assert find_losses([replace(step, op="update")], found) == {}


@pytest.fixture
def deployable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[StandIn, Plan, Program]:
    """A program on disk, and what it would be deployed with."""
    monkeypatch.setenv("STACKGEN_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "stack.yaml").write_text(_spec(alpha={}).text())
    found = plan_environment(load_spec(tmp_path / "stack.yaml"), "dev", SHELF)
    program, standin = build_program(found), StandIn()
    write_program(program)
    standin.program = made_by(found)
    return standin, found, program


def test_no_preview_is_left_out_for_another_state(deployable: tuple[StandIn, Plan, Program]) -> None:
    """Such as that of a backup or of another machine, or one that was edited."""
    standin, found, program = deployable
    engine = cast(Deployment, standin)

    def previews() -> int:
        before = standin.previews
        update(engine, found, program, SHELF)
        standin.program = made_by(found)
        return standin.previews - before

    assert [previews(), previews()] == [0, 0]
    next(iter(standin.has.values())).protect = True
    assert previews() == 1
    assert previews() == 0
    (program.folder / "helper.py").write_text("")
    assert [previews(), previews()] == [1, 1], "what code of the user's reads is in no fingerprint"


def test_what_is_elsewhere_is_always_looked_at(
    deployable: tuple[StandIn, Plan, Program], tmp_path: Path
) -> None:
    """Others may have changed it, and the update's own refresh would see that when nothing is asked any more."""
    standin = deployable[0]
    spec = Spec({"alpha": Component("object_store", "aws/s3")})
    previews: list[int] = []
    for _ in range(3):
        before = standin.previews
        _deploy(standin, spec, tmp_path)
        previews.append(standin.previews - before)
    assert previews == [0, 1, 1]


@pytest.mark.parametrize(
    "later",
    [
        "config:\n  case:config:size: small\n",
        "config:\n  !!binary Y2FzZTpzaXpl: small\n",
        "config:\n  case:size: small\nenvironment: [mine]\n",
        "config:\n  case:size: large\nconfig:\n  case:size: small\n",
        "config:\n  case:size: large\n",
    ],
)
def test_settings_that_the_engine_reads_are_those_that_were_judged(
    deployable: tuple[StandIn, Plan, Program], monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    standin, found, program = deployable
    settings = program.folder / "Pulumi.dev.yaml"
    settings.write_text("config:\n  case:size: small\n")
    engine = cast(Deployment, standin)
    update(engine, found, program, SHELF)
    standin.program = made_by(found)
    monkeypatch.setattr(standin, "prepare", lambda: settings.write_text(later))
    with pytest.raises(StackgenError, match="was written to while it was deployed"):
        update(engine, found, program, SHELF)
    if "size: large" not in later or "small" in later:
        with pytest.raises(StackgenError) as caught:
            update(engine, found, program, SHELF)
        assert caught.value.problems[0].code == "engine-settings"


def test_settings_that_change_while_they_are_judged_are_judged_again(
    deployable: tuple[StandIn, Plan, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    standin, found, program = deployable
    judge, settings = projects.refuse_other_settings, program.folder / "Pulumi.dev.yaml"
    settings.write_text("config: {'case:config:size': small}")

    def judged(folder: Path, of: Path) -> None:
        if folder == program.folder:
            settings.write_text("config: {}")
        judge(folder, of)
        settings.write_text("config: {'case:config:size': small}")

    monkeypatch.setattr(projects, "refuse_other_settings", judged)
    with pytest.raises(StackgenError, match="was written to while it was deployed"):
        update(cast(Deployment, standin), found, program, SHELF)
    assert standin.has == {}


def test_an_update_without_a_preview_is_one_of_the_state_that_was_read(
    deployable: tuple[StandIn, Plan, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    standin, found, program = deployable
    engine = cast(Deployment, standin)
    update(engine, found, program, SHELF)
    standin.program = made_by(found)
    judged, asked = standin.contents(), list[tuple[str | None, bool]]()

    def up(_: Sequence[str], *, seen: str | None, refresh: bool) -> Outcome:
        asked.append((seen, refresh))
        return Outcome()

    monkeypatch.setattr(standin, "up", up)
    update(engine, found, program, SHELF)
    assert standin.previews == 0
    assert standin.contents() == judged
    assert asked == [(standin.seen, True)]


def test_requirements_that_change_while_they_are_read_stop_an_update(
    deployable: tuple[StandIn, Plan, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    standin, found, program = deployable

    def prepare() -> None:
        (program.folder / "requirements.txt").write_text("another==1")

    monkeypatch.setattr(standin, "prepare", prepare)
    with pytest.raises(StackgenError, match="was written to while it was deployed") as caught:
        update(cast(Deployment, standin), found, program, SHELF, agreed=lambda _: True)
    assert caught.value.problems[0].code == "program-changed"
    assert (standin.previews, standin.has) == (0, {})


def _deploy(standin: StandIn, spec: Spec, folder: Path, agreed: bool | None = None) -> Plan:
    (folder / "stack.yaml").write_text(spec.text())
    found = plan_environment(load_spec(folder / "stack.yaml"), "dev", SHELF)
    program = build_program(found)
    write_program(program, force=True)
    standin.program = made_by(found)
    asked = None if agreed is None else lambda _: bool(agreed)  # pyright: ignore[reportUnknownLambdaType]
    update(cast(Deployment, standin), found, program, SHELF, agreed=asked)
    return found


@pytest.mark.parametrize("first", [True, False])
def test_an_interrupted_update_that_protects_has_protected(
    deployable: tuple[StandIn, Plan, Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    standin = deployable[0]
    spec = _spec(alpha={}, beta={})
    if not first:
        _deploy(standin, spec, tmp_path)
    spec.protect = True
    up = standin.up

    def broken(*given: Any, **options: Any) -> Outcome:
        up(*given, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(standin, "up", broken)
        _deploy(standin, spec, tmp_path)
    (tmp_path / "stack.yaml").write_text(_spec(gamma={}).text())  # as an older commit has it
    older = plan_environment(load_spec(tmp_path / "stack.yaml"), "dev", SHELF)
    with pytest.raises(StackgenError, match="is protected by what was deployed last"):
        remove(cast(Deployment, standin), older, SHELF)


@pytest.mark.parametrize("agreed", [None, False])
def test_data_that_was_kept_goes_with_all_data(
    deployable: tuple[StandIn, Plan, Program], tmp_path: Path, agreed: bool | None
) -> None:
    """Also where the update that would keep it was not agreed to."""
    standin = deployable[0]
    _deploy(standin, _spec(alpha={}, beta={}), tmp_path)
    found = _deploy(standin, _spec(beta={}), tmp_path, agreed)
    if agreed is False:
        before = standin.previews
        _deploy(standin, _spec(alpha={}, beta={}), tmp_path)
        assert standin.previews == before + 1, "what the state became meanwhile is looked at"
        found = _deploy(standin, _spec(beta={}), tmp_path, agreed)
    remove(cast(Deployment, standin), found, SHELF)
    assert sorted(standin.lost) == ["alpha-data", "beta-data"]
