"""One environment while a swap works on it: its spec, its boxes as planned, and as they run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackgen.catalog.shelf import Shelf
from stackgen.contracts import Binding, contract, mover
from stackgen.contracts.mover import Mover
from stackgen.disk.running import say_what_runs
from stackgen.disk.writing import write
from stackgen.engine.deployment import Deployment, Outcome
from stackgen.engine.updating import update
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.golden.asking import ask
from stackgen.golden.comparing import compare, refuse_outdated
from stackgen.golden.corpus import FILE, Corpus, load
from stackgen.golden.recording import Recording, place, read
from stackgen.golden.reports import limit
from stackgen.planning.holding import holdings, types
from stackgen.planning.model import Plan, PlannedComponent, numbered
from stackgen.planning.plan import plan
from stackgen.program.build import Program, build
from stackgen.spec.editing import edit
from stackgen.spec.loading import LoadedStack
from stackgen.swap.overrides import Override, current
from stackgen.verification.model import Declared, Report
from stackgen.verification.run import verify
from stackgen.verification.serving import refuse_foreign

PATIENCE = 300  # seconds
Bindings = Mapping[str, Mapping[str, Any]]  # contract → binding


@dataclass
class Site:
    """A spec's environment and one component in it.

    progress: takes sentences. accepts_data: take the box that serves as it is, though its data was made anew.
    """

    loaded: LoadedStack
    shelf: Shelf
    environment: str
    component: str
    output: Path | None
    progress: Callable[[str], None]
    accepts_data: bool = False
    _exported: dict[str, Any] | None = None
    _in_state: Sequence[Any] | None = None
    _run: tuple[str, ...] = ()
    _known: dict[Path, Deployment] = field(default_factory=dict[Path, Deployment])

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.loaded.stack.name

    @property
    def override(self) -> Override:
        """The environment's part about the component."""
        return current(self.loaded.stack, self.environment, self.component)

    def plan(self) -> Plan:
        """The environment as the spec has it now."""
        return plan(self.loaded, self.environment, self.shelf)

    def would_be(self, override: Override) -> Plan:
        """The plan if the component's part were `override`; nothing is written."""
        result = edit(self.loaded, self.environment, self.component, override, dry=True)
        return plan(result, self.environment, self.shelf)

    def write(self, override: Override) -> None:
        """Change the spec; a result that can't be planned is never written."""

        def check(result: LoadedStack) -> None:
            plan(result, self.environment, self.shelf)

        self.loaded = edit(self.loaded, self.environment, self.component, override, check)

    def write_dimensions(self, store: str, dimensions: int) -> None:
        """Let a vector store expect embeddings of another length."""
        override = current(self.loaded.stack, self.environment, store)
        self.loaded = edit(self.loaded, self.environment, store, {**override, "dimensions": dimensions})

    def up(self, without: int | None = None) -> str:
        """Generate the program and deploy it; what changed, in a phrase. without: box whose data may go."""
        found = self.plan()
        program = build(found, self.output)
        write(program)
        self._exported = self._in_state = None
        self.say_what_runs(program)
        deployment = self._deployment(program.folder)
        words = () if without is None else self._deployed_as(deployment, without)
        outcome = self._when_free(lambda: self._update(deployment, found, program, words))
        counts = {
            op: n for op, n in outcome.counts.items() if op in ("create", "update", "delete", "replace")
        }
        return ", ".join(f"{count} {op}" for op, count in sorted(counts.items())) or "nothing changed"

    def say_what_runs(self, program: Program) -> None:
        """Name the files of a checkout that run with the program, where they are others than were named."""
        self._run = say_what_runs(program, self.progress, self._run)

    def _update(self, deployment: Deployment, plan: Plan, program: Program, words: Sequence[str]) -> Outcome:
        done = update(deployment, plan, program, self.shelf, words=words)
        assert done is not None  # noqa: S101 - nobody is asked
        return done[1]

    @property
    def _resource(self) -> str:
        """What the component's first box is called among resources."""
        return self.loaded.stack.components[self.component].renamed_from or self.component

    def numbers_with_data(self) -> set[int]:
        """Numbers of the component's boxes whose data is deployed, also of such as the spec no longer has."""
        owners = holdings(self._resources(), types(self.shelf)).owners
        start = f"{self._resource}-"
        numbers = (owner.removeprefix(start) for owner in owners if owner.startswith(start))
        return {int(number) for number in numbers if number.isdecimal()}

    def made(self, box: int) -> dict[str, str]:
        """When each resource with data of a box was made, by URN: another time is another one, without that data."""
        found = holdings(self._resources(), types(self.shelf)).of(numbered(self._resource, box))
        created = {item.urn: item.created for item in self._resources()}
        return {item.urn: created[item.urn] for item in found}

    def _deployed_as(self, deployment: Deployment, box: int) -> tuple[str, ...]:
        """A box's name among resources, if it is there and holds data."""
        name = numbered(self._resource, box)
        return (name,) if name in holdings(deployment.resources(), types(self.shelf)).owners else ()

    def _when_free(self, up: Callable[[], Outcome]) -> Outcome:
        """Wait for an update that a killed swap has left running."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return up()
            except StackgenError as error:
                locked = any(problem.code == "stack-locked" for problem in error.problems)
                if not locked or time.monotonic() > deadline:
                    raise
                self.progress("waiting for an update that is running")
                time.sleep(2)

    def planned(self, box: int) -> PlannedComponent:
        """A box of the component as planned; raises StopIteration."""
        return next(b for b in self.plan().boxes if b.name == self.component and b.box == box)

    def boxes(self) -> dict[int, Bindings]:
        """Box number → bindings as deployed; raises StackgenError(not-deployed) if the component is not up.

        Two boxes are told apart by what was deployed, not by the spec, which may be ahead of it.
        """
        outputs = self._outputs()
        both = outputs.get("boxes", {}).get(self.component)
        if both is not None:
            return {int(number): bindings for number, bindings in both.items()}
        serving = outputs.get("bindings", {}).get(self.component)
        if serving is None:
            raise self._not_up()
        return {self.plan().by_name[self.component].box: serving}

    def movers(self) -> Iterator[tuple[str, Mover]]:
        """Contract and mover, for every contract of the component whose boxes hold data."""
        capability = self.plan().by_name[self.component].capability
        for name in self.shelf.capability(capability).contracts:
            found = mover(name, self.component)
            if found is not None:
                yield name, found

    def binding(self, contract: str, box: int) -> Binding:
        """How to connect to one box, which serves; raises StackgenError(not-deployed, not-serving)."""
        found = self.boxes().get(box)
        if found is None:
            raise self._not_up()
        self._refuse_foreign({self.component: found})
        return shaped(contract, found)

    def _not_up(self) -> StackgenError:
        message = f"'{self.component}' is not up in {self.environment} as the spec has it"
        problem = Problem("not-deployed", message, next=f"stackgen up {self.name} -e {self.environment}")
        return StackgenError(problem, ExitCode.NOT_FOUND)

    def others(self) -> Mapping[str, Bindings]:
        """Every component's bindings as deployed; raises StackgenError(not-serving)."""
        found = self._outputs().get("bindings", {})
        self._refuse_foreign(found)
        return found

    def measure(self, box: int) -> Report:
        """Every clause of a box; raises StackgenError where declared and measured differ."""
        found = self.planned(box)
        declared = {self.component: Declared(found.kept, found.not_kept)}
        bindings = {self.component: self.boxes().get(box, {})}
        self._refuse_foreign(bindings)
        report = verify(bindings, declared)
        if not report.results:
            raise self._not_up()
        if report.failures:
            problems = [
                Problem("clause-broken", f"box {box} of '{r.component}': {r.contract} {r.clause}: {r.detail}")
                for r in report.failures
            ]
            raise StackgenError(problems, ExitCode.VERIFICATION_FAILED)
        return report

    def golden(self) -> Path | None:
        """The environment's recording of golden behaviour, if there is one."""
        path = place(self.loaded.path.parent, self.environment)
        return path if path.is_file() else None

    def refuse_outdated_golden(self) -> None:
        """Raise StackgenError where the recording could not be compared with after the swap."""
        if self.golden() is not None:
            self._recorded()

    def replay(self) -> str:
        """Ask the golden questions of what is deployed; raises StackgenError(behaviour-drifted)."""
        corpus, recorded = self._recorded()
        found = compare(corpus, recorded, ask(corpus, self.others(), self.progress))
        if not found.drifted:
            return f"{len(found.findings)} measures are within their tolerance"
        hint = "raise its tolerance in golden/corpus.yaml if the application can live with that"
        problems = [
            Problem(
                "behaviour-drifted",
                f"{item.group}, {item.measure}: {item.found:.3f}, {limit(item)} is accepted; "
                + "; ".join(item.changed[:3]),
                hint=hint,
            )
            for item in found.drifted
        ]
        raise StackgenError(problems, ExitCode.VERIFICATION_FAILED)

    def _recorded(self) -> tuple[Corpus, Recording]:
        folder = self.loaded.path.parent
        corpus = load(folder / FILE, self.loaded.stack, self.shelf)
        recorded = read(place(folder, self.environment), self.name, self.environment)
        refuse_outdated(corpus, recorded)
        return corpus, recorded

    def _outputs(self) -> dict[str, Any]:
        """What the last update exported; read once between two updates."""
        if self._exported is None:
            folder = self._folder()
            there = (folder / "Pulumi.yaml").is_file()
            self._exported = self._deployment(folder).outputs() if there else {}
        return self._exported

    def _resources(self) -> Sequence[Any]:
        """What the last update left in the state; read once between two updates."""
        if self._in_state is None:
            self._in_state = self._deployment(self._folder()).resources()
        return self._in_state

    def _folder(self) -> Path:
        return (self.output or self.plan().program_folder).absolute()

    def _refuse_foreign(self, bindings: Mapping[str, Bindings]) -> None:
        """Nothing is sent to, and nothing believed of, a server that is not the environment's own."""
        refuse_foreign(self.shelf, self.plan(), self._resources, bindings)

    def _deployment(self, folder: Path) -> Deployment:
        return self._known.setdefault(folder, Deployment(folder, self.name, self.environment, self.progress))


def shaped(name: str, bindings: Bindings) -> Binding:
    """A contract's binding out of what was exported."""
    return contract(name).binding.model_validate(bindings[name])
