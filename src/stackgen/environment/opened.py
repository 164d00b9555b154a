"""One opened environment of a stack: its plan, its program, and what is deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from stackgen.errors import ExitCode, Problem, StackgenError

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Shelf
    from stackgen.engine.deployment import Deployment, Resource
    from stackgen.planning.model import Plan
    from stackgen.program.build import Program
    from stackgen.program.removal import RemovalTools
    from stackgen.spec.loading import LoadedStack

Progress = Callable[[str], None]


@dataclass
class OpenedEnvironment:
    """One stack in one environment. Each method does the work that its caller needs, and no more.

    loaded: the spec; replaced when a swap edits it. name: of the environment. output: folder of the program, or None
    for the one beside the spec.
    """

    loaded: LoadedStack
    shelf: Shelf
    name: str
    output: Path | None = None
    _resources: Sequence[Resource] | None = field(default=None, repr=False)
    _outputs: Mapping[str, Any] | None = field(default=None, repr=False)
    _announced: tuple[str, ...] = field(default=(), repr=False)

    @property
    def stack_name(self) -> str:
        """The stack's name."""
        return self.loaded.stack.name

    @property
    def provider(self) -> str:
        """Provider of components that name no other."""
        return self.loaded.stack.environments[self.name].provider

    @property
    def protected(self) -> bool:
        """True if the spec protects the environment's data."""
        return self.loaded.stack.environments[self.name].protect

    @property
    def folder(self) -> Path:
        """Folder of the program, whether it exists or not."""
        return (self.output or self.loaded.path.parent / self.name).absolute()

    def operations(self) -> ModuleType | None:
        """Operations of the provider on a deployment: status, logs, port forwards; None where it has none."""
        return self.shelf.operations(self.provider)

    def plan(self) -> Plan:
        """The resolved plan; raises StackgenError."""
        from stackgen.planning.plan import plan_environment

        return plan_environment(self.loaded, self.name, self.shelf)

    def plan_without_checks(self) -> Plan:
        """The plan for commands that only read or stop what is deployed; raises StackgenError."""
        from stackgen.planning.plan import plan_environment

        return plan_environment(self.loaded, self.name, self.shelf, deployed=True)

    def plan_with_checks(self, *, accept_embeddings: bool = False) -> Plan:
        """The plan, where every vector store expects embeddings of the length that its model makes.

        accept_embeddings: also where stored embeddings would not compare with new ones. Raises StackgenError.
        """
        from stackgen.environment.embedding_guard import refuse_another_space
        from stackgen.planning.embedding_lengths import refuse_other_lengths

        plan = self.plan()
        refuse_other_lengths(plan, self.loaded)
        if not accept_embeddings:
            refuse_another_space(plan, self.folder)
        return plan

    def program(self, plan: Plan | None = None) -> Program:
        """The program in memory. plan: of this environment, where it is at hand."""
        from stackgen.program.build import build_program

        return build_program(plan or self.plan(), self.output)

    def deployment(self, progress: Progress, tools: RemovalTools | None = None) -> Deployment:
        """The deployment of the program on disk; raises StackgenError(not-generated) if there is none.

        tools: what deletes its resources, so that nothing of the program is run.
        """
        if not (self.folder / "Pulumi.yaml").is_file():
            message = f"there is no program in {self.folder}"
            raise StackgenError(
                Problem("not-generated", message, next=self._up), exit_code=ExitCode.NOT_FOUND
            )
        return self.state(progress, tools)

    def state(self, progress: Progress, tools: RemovalTools | None = None) -> Deployment:
        """The deployment where the program may not be on disk: only the state is read, until the program is written."""
        from stackgen.engine.deployment import Deployment

        return Deployment(self.folder, self.stack_name, self.name, progress, tools)

    def outputs(self) -> Mapping[str, Any]:
        """Outputs of the last update, secrets in clear; {} without a program. Read once between two updates.

        Raises StackgenError(not-deployed).
        """
        if self._outputs is None:
            there = (self.folder / "Pulumi.yaml").is_file()
            self._outputs = self.deployment(_silent).outputs() if there else {}
        return self._outputs

    def resources(self) -> Sequence[Resource]:
        """Resources in the state, read once between two updates. Raises StackgenError(not-deployed)."""
        if self._resources is None:
            self._resources = self.deployment(_silent).resources()
        return self._resources

    def forget_state(self) -> None:
        """Read outputs and resources again when they are next asked for: an update is about to change them."""
        self._outputs = self._resources = None

    def bindings(self) -> dict[str, Any]:
        """Component → contract → binding as exported, secrets in clear.

        Raises StackgenError(not-deployed) if it is not up, StackgenError(another-checkout) if it is another folder's.
        """
        self.refuse_another_checkout(reads=True)
        exported: dict[str, Any] = self.deployment(_silent).outputs().get("bindings", {})
        if not exported:
            message = (
                f"'{self.stack_name}' is not up in environment '{self.name}': its last `up` has not finished"
            )
            raise StackgenError(Problem("not-deployed", message, next=self._up), ExitCode.NOT_FOUND)
        return exported

    @contextmanager
    def reachable_bindings(
        self, exported: Mapping[str, Any], ended: Callable[[], None] = lambda: None
    ) -> Iterator[dict[str, Any]]:
        """Exported bindings as this machine can use them, while the context lasts: a provider may forward ports.

        ended: called from another thread as soon as they can't be used any more; at the end StackgenError is raised.
        """
        operations = self.operations()
        if operations is None or not hasattr(operations, "reach_services"):
            yield dict(exported)
            return
        with operations.reach_services(self.resources(), exported, ended) as reachable:
            yield reachable

    def foreign(self, exported: Mapping[str, Any], *, required: bool = True) -> dict[tuple[str, int], str]:
        """Map addresses of exported bindings to the reason why nothing may be sent there.

        required: see `listeners.find_foreign_listeners`.
        """
        from stackgen.verification.listeners import find_foreign_listeners

        return find_foreign_listeners(
            self.shelf, self.plan_without_checks(), self.resources, exported, required=required
        )

    def refuse_foreign(self, exported: Mapping[str, Any]) -> None:
        """Raise StackgenError(not-serving) where another process listens in place of a component, or none."""
        from stackgen.verification.listeners import refuse_foreign_listeners

        refuse_foreign_listeners(self.shelf, self.plan_without_checks(), self.resources, exported)

    def refuse_another_checkout(self, *, reads: bool = False) -> None:
        """Raise StackgenError(another-checkout) where the deployment comes from another folder.

        reads: whether it would be read or used, not changed.
        """
        from stackgen.engine.deployment_notes import refuse_another_checkout

        refuse_another_checkout(self.stack_name, self.name, self.loaded.path.parent, reads=reads)

    def refuse_while_updating(self) -> None:
        """Raise StackgenError(stack-locked) while an update runs, whose program must stay as it is."""
        from stackgen.engine import failures, locks, settings

        held = locks.current_locks(settings.state_backend(), self.stack_name, self.name)
        if held:
            raise failures.lock_error(held)

    def interruption_warning(self) -> str:
        """A sentence where the last update of this machine has not come to its end, so that parts may be missing."""
        from stackgen.engine import deployment_notes

        noted = deployment_notes.read_note(self.stack_name, self.name)
        if noted is None or noted.boxes:
            return ""
        return "the last `up` has not come to its end: it runs, or it failed, and servers may be missing here"

    def resource_name(self, component: str | None) -> str | None:
        """The name of a component among processes and resources: its first name, where it was renamed."""
        known = self.loaded.stack.components.get(component or "")
        return component if known is None else known.renamed_from or component

    def announce_files(self, program: Program, progress: Progress) -> None:
        """Name the user's own files that run with the program, where others were named before."""
        from stackgen.disk.user_files import report_user_files

        self._announced = report_user_files(program, progress, self._announced)

    @property
    def _up(self) -> str:
        return f"stackgen up {self.stack_name} -e {self.name}"


def _silent(_: str) -> None:
    pass
