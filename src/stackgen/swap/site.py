"""One component of an opened environment during its swap: old and new one as planned, and as they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackgen.contracts import Binding, contract, find_mover
from stackgen.contracts.mover import Mover
from stackgen.environment.deploying import Options, StoredEmbeddings, deploy_environment, deployable_plan
from stackgen.environment.opened import OpenedEnvironment
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.golden.asking import ask_questions
from stackgen.golden.comparing import compare_answers, refuse_outdated
from stackgen.golden.corpus import CORPUS_FILE, Corpus, load_corpus
from stackgen.golden.recording import Recording, read_recording, recording_path
from stackgen.golden.reports import limit_phrase
from stackgen.planning.data_resources import data_types, find_data
from stackgen.planning.identity import embedding_identity
from stackgen.planning.model import Plan, PlannedComponent, resource_label
from stackgen.planning.plan import plan_environment as resolve
from stackgen.program.build import Program
from stackgen.spec.editing import edit_override
from stackgen.spec.loading import LoadedStack
from stackgen.swap.overrides import Override, current_override
from stackgen.verification.model import Declared, Report
from stackgen.verification.run import measure_clauses

UPDATE_WAIT_SECONDS = 300  # seconds for an update that a killed swap has left running
Bindings = Mapping[str, Mapping[str, Any]]  # contract → binding
OPERATIONS = ("create", "update", "delete", "replace")


@dataclass
class Site:
    """A component of an opened environment.

    progress: takes sentences. accepts_data: take the box that serves as it is, though its data was made anew.
    """

    environment: OpenedEnvironment
    component: str
    progress: Callable[[str], None]
    accepts_data: bool = False
    _forwards: ExitStack = field(default_factory=ExitStack, repr=False)
    _reachable: dict[str, dict[str, Bindings]] = field(
        default_factory=dict[str, dict[str, Bindings]], repr=False
    )

    @property
    def loaded(self) -> LoadedStack:
        """The spec as it is now."""
        return self.environment.loaded

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.environment.stack_name

    @property
    def override(self) -> Override:
        """The environment's part about the component."""
        return current_override(self.loaded.stack, self.environment.name, self.component)

    def plan(self) -> Plan:
        """The environment as the spec has it now."""
        return self.environment.plan()

    def plan_with(self, override: Override) -> Plan:
        """The plan if the component's part were `override`; nothing is written."""
        result = edit_override(self.loaded, self.environment.name, self.component, override, dry=True)
        return resolve(result, self.environment.name, self.environment.shelf)

    def write(self, override: Override) -> None:
        """Change the spec; a result that can't be planned is never written."""

        def check(result: LoadedStack) -> None:
            resolve(result, self.environment.name, self.environment.shelf)

        self.environment.loaded = edit_override(
            self.loaded, self.environment.name, self.component, override, check
        )

    def write_dimensions(self, store: str, dimensions: int) -> None:
        """Let a vector store expect embeddings of another length."""
        override = current_override(self.loaded.stack, self.environment.name, store)
        edited = edit_override(
            self.loaded, self.environment.name, store, {**override, "dimensions": dimensions}
        )
        self.environment.loaded = edited

    def deploy(self, without: int | None = None) -> str:
        """Generate the program and deploy it; return the changes as a phrase. without: box to delete with its data."""
        self._close_forwards()
        words = () if without is None else self._deployed_as(without)
        makes = embedding_identity(self.plan().by_name[self.component])
        # a swap of what makes embeddings sees to the stored ones itself
        embeddings: StoredEmbeddings = "check" if makes is None else "leave"
        plan = deployable_plan(self.environment, embeddings=embeddings)
        options = Options(delete_data_of=words, embeddings=embeddings, wait_seconds=UPDATE_WAIT_SECONDS)
        deployed = deploy_environment(self.environment, plan, self.progress, options)
        assert deployed is not None  # noqa: S101 - it asks no question
        counts = {op: n for op, n in deployed.outcome.counts.items() if op in OPERATIONS}
        return ", ".join(f"{count} {op}" for op, count in sorted(counts.items())) or "nothing changed"

    def report_user_files(self, program: Program) -> None:
        """Name the files of a checkout that run with the program, where they are others than were named."""
        self.environment.announce_files(program, self.progress)

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Reach the environment's services, where a provider forwards ports, until the context ends."""
        try:
            yield
        finally:
            self._close_forwards()

    @property
    def _resource(self) -> str:
        """Name of the component among resources."""
        return self.loaded.stack.components[self.component].renamed_from or self.component

    def numbers_with_data(self) -> set[int]:
        """Numbers of the component's boxes with deployed data, also of those that left the spec."""
        owners = find_data(self._resources(), data_types(self.environment.shelf)).owners
        start = f"{self._resource}-"
        numbers = (owner.removeprefix(start) for owner in owners if owner.startswith(start))
        return {int(number) for number in numbers if number.isdecimal()}

    def creation_times(self, box: int) -> dict[str, str]:
        """Creation time of each resource with data, by URN: another time means a new resource without the old data."""
        found = find_data(self._resources(), data_types(self.environment.shelf)).of(
            resource_label(self._resource, box)
        )
        created = {item.urn: item.created for item in self._resources()}
        return {item.urn: created[item.urn] for item in found}

    def _deployed_as(self, box: int) -> tuple[str, ...]:
        """Name of a box among resources, if it is deployed and holds data."""
        name = resource_label(self._resource, box)
        return (
            (name,) if name in find_data(self._resources(), data_types(self.environment.shelf)).owners else ()
        )

    def find_box(self, box: int) -> PlannedComponent:
        """Find a box of the component in the plan; raises StopIteration."""
        return next(b for b in self.plan().all_components if b.name == self.component and b.box == box)

    def boxes(self) -> dict[int, Bindings]:
        """Box number → bindings as deployed; raises StackgenError(not-deployed) if the component is not up.

        The deployed outputs say which component is which, not the spec, which may be ahead of them.
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
        """Contract and mover, for every contract of the component that has data."""
        capability = self.plan().by_name[self.component].capability
        for name in self.environment.shelf.capability(capability).contracts:
            found = find_mover(name, self.component)
            if found is not None:
                yield name, found

    def binding(self, contract: str, box: int) -> Binding:
        """Binding of one component of the swap; raises StackgenError(not-deployed, not-serving)."""
        found = self.boxes().get(box)
        if found is None:
            raise self._not_up()
        return binding_of(contract, self._reach({self.component: found})[self.component])

    def _not_up(self) -> StackgenError:
        message = f"'{self.component}' is not up in environment '{self.environment.name}' as the spec has it"
        problem = Problem("not-deployed", message, next=f"stackgen up {self.name} -e {self.environment.name}")
        return StackgenError(problem, ExitCode.NOT_FOUND)

    def others(self) -> Mapping[str, Bindings]:
        """Every component's bindings as deployed; raises StackgenError(not-serving)."""
        return self._reach(self._outputs().get("bindings", {}))

    def measure(self, box: int) -> Report:
        """Measure every clause of a box; raises StackgenError where declared and measured differ."""
        found = self.find_box(box)
        declared = {self.component: Declared(found.kept, found.not_kept)}
        report = measure_clauses(self._reach({self.component: self.boxes().get(box, {})}), declared)
        if not report.results:
            raise self._not_up()
        if report.failures:
            problems = [
                Problem("clause-broken", f"box {box} of '{r.component}': {r.contract} {r.clause}: {r.detail}")
                for r in report.failures
            ]
            raise StackgenError(problems, ExitCode.VERIFICATION_FAILED)
        return report

    def golden_recording(self) -> Path | None:
        """The environment's recording of golden behaviour, if there is one."""
        path = recording_path(self.loaded.path.parent, self.environment.name)
        return path if path.is_file() else None

    def refuse_outdated_golden(self) -> None:
        """Raise StackgenError where the recording could not be compared with after the swap."""
        if self.golden_recording() is not None:
            self._recorded()

    def replay(self) -> str:
        """Ask the golden questions of what is deployed; raises StackgenError(behaviour-drifted)."""
        corpus, recorded = self._recorded()
        found = compare_answers(corpus, recorded, ask_questions(corpus, self.others(), self.progress))
        if not found.drifted:
            return f"{len(found.findings)} measures are within their tolerance"
        hint = "raise its tolerance in golden/corpus.yaml if the application can live with that"
        problems = [
            Problem(
                "behaviour-drifted",
                f"{item.group}, {item.measure}: {item.value:.3f}, {limit_phrase(item)} is accepted; "
                + "; ".join(item.changed[:3]),
                hint=hint,
            )
            for item in found.drifted
        ]
        raise StackgenError(problems, ExitCode.VERIFICATION_FAILED)

    def _recorded(self) -> tuple[Corpus, Recording]:
        folder = self.loaded.path.parent
        corpus = load_corpus(folder / CORPUS_FILE, self.loaded.stack, self.environment.shelf)
        recorded = read_recording(
            recording_path(folder, self.environment.name), self.name, self.environment.name
        )
        refuse_outdated(corpus, recorded)
        return corpus, recorded

    def _outputs(self) -> Mapping[str, Any]:
        """What the last update exported."""
        return self.environment.outputs()

    def _resources(self) -> Sequence[Any]:
        """What the last update left in the state."""
        return self.environment.resources()

    def _reach(self, exported: Mapping[str, Bindings]) -> dict[str, Bindings]:
        """Exported bindings as this machine can use them, until the next update or the swap's end.

        Raises StackgenError(not-serving): nothing is sent to a server that is not the environment's own.
        """
        self.environment.refuse_foreign(exported)
        key = repr(exported)
        if key not in self._reachable:
            reachable = self._forwards.enter_context(self.environment.reachable_bindings(exported))
            self._reachable[key] = reachable
        return self._reachable[key]

    def _close_forwards(self) -> None:
        self._reachable.clear()
        self._forwards.close()


def binding_of(name: str, bindings: Bindings) -> Binding:
    """A contract's binding out of what was exported."""
    return contract(name).binding.model_validate(bindings[name])
