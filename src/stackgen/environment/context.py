"""What most commands begin with: the stack, its plan, its program, its deployment."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Shelf
    from stackgen.engine.deployment import Deployment, Resource
    from stackgen.planning.model import Plan
    from stackgen.program.build import Program
    from stackgen.program.removal import Tools
    from stackgen.spec.loading import LoadedStack


@dataclass
class Context:
    """One stack in one environment, resolved step by step as a command needs it."""

    loaded: LoadedStack
    shelf: Shelf
    environment: str
    output: Path | None

    def plan(self) -> Plan:
        """The resolved plan; raises StackgenError."""
        from stackgen.planning.plan import plan

        return plan(self.loaded, self.environment, self.shelf)

    def deployed_plan(self) -> Plan:
        """The plan for commands that only read or stop what is deployed; raises StackgenError."""
        from stackgen.planning.plan import plan

        return plan(self.loaded, self.environment, self.shelf, deployed=True)

    def fitting_plan(self) -> Plan:
        """The plan, unless a vector store expects other embeddings than its model makes; raises StackgenError."""
        from stackgen.planning.lengths import refuse_other_lengths

        found = self.plan()
        refuse_other_lengths(found, self.loaded)
        return found

    def program(self) -> Program:
        """The program as it would be written."""
        from stackgen.program.build import build

        return build(self.plan(), self.output)

    def checked_plan(self) -> Plan:
        """The plan, unless what is stored could no longer be used by it; raises StackgenError."""
        from stackgen.environment.embedding_guard import refuse_another_space

        found = self.fitting_plan()
        refuse_another_space(found, (self.output or found.program_folder).absolute())
        return found

    def deployment(self, progress: Callable[[str], None], tools: Tools | None = None) -> Deployment:
        """The deployment of the program on disk; raises StackgenError(not-generated) if there is none.

        tools: what deletes its resources, so that nothing of the program is run.
        """
        folder = self._folder
        if not (folder / "Pulumi.yaml").is_file():
            message = f"there is no program in {folder}"
            problem = Problem("not-generated", message, next=f"stackgen up {self.name} -e {self.environment}")
            raise StackgenError(problem, exit_code=ExitCode.NOT_FOUND)
        return self.state(progress, tools)

    def state(self, progress: Callable[[str], None], tools: Tools | None = None) -> Deployment:
        """The same where the program may not be on disk: it is read only, until that is written."""
        from stackgen.engine.deployment import Deployment

        return Deployment(self._folder, self.name, self.environment, progress, tools)

    @property
    def _folder(self) -> Path:
        return (self.output or self.loaded.path.parent / self.environment).absolute()

    def bindings(self) -> dict[str, Any]:
        """What the deployment exports, secrets in clear.

        Raises StackgenError(not-deployed) if it is not up, StackgenError(another-checkout) if it is not this folder's.
        """
        self.refuse_another_checkout(reads=True)
        found: dict[str, Any] = self.deployment(lambda _: None).outputs().get("bindings", {})
        if not found:
            message = f"'{self.name}' is not up in {self.environment}: its last `up` has not come to its end"
            problem = Problem("not-deployed", message, next=f"stackgen up {self.name} -e {self.environment}")
            raise StackgenError(problem, ExitCode.NOT_FOUND)
        return found

    def refuse_while_updating(self) -> None:
        """Raise StackgenError(stack-locked) while an update runs, whose program must stay as it is."""
        from stackgen.engine import failures, locks, settings

        held = locks.held(settings.backend(), self.name, self.environment)
        if held:
            raise failures.locked(held)

    def unfinished(self) -> str:
        """A sentence where the last update of this machine has not come to its end, so that parts may be missing."""
        from stackgen.engine import known

        noted = known.read(self.name, self.environment)
        if noted is None or noted.boxes:
            return ""
        return "the last `up` has not come to its end: it runs, or it failed, and servers may be missing here"

    def deployed_name(self, component: str | None) -> str | None:
        """What a component is called among processes and resources: by its first name, where it was renamed."""
        found = self.loaded.stack.components.get(component or "")
        return component if found is None else found.renamed_from or component

    def refuse_another_checkout(self, *, reads: bool = False) -> None:
        """Raise StackgenError(another-checkout) where the deployment comes from another folder.

        reads: whether it would be asked or used, not changed.
        """
        from stackgen.engine.known import refuse_another

        refuse_another(self.name, self.environment, self.loaded.path.parent, reads=reads)

    def foreign(self, exported: Mapping[str, Any], *, required: bool = True) -> dict[tuple[str, int], str]:
        """Address of an exported binding → why nothing may be sent there, in words. required: see `serving.foreign`."""
        from stackgen.verification.serving import foreign

        return foreign(self.shelf, self.deployed_plan(), lambda: self._deployed, exported, required=required)

    def refuse_foreign(self, exported: Mapping[str, Any]) -> None:
        """Raise StackgenError(not-serving) where another process listens in place of a component, or none."""
        from stackgen.verification.serving import refuse_foreign

        refuse_foreign(self.shelf, self.deployed_plan(), lambda: self._deployed, exported)

    @cached_property
    def _deployed(self) -> list[Resource]:
        """What the state holds, read once: for commands that change nothing."""
        return self.deployment(lambda _: None).resources()

    @contextmanager
    def reachable_bindings(
        self, exported: dict[str, Any], ended: Callable[[], None] = lambda: None
    ) -> Iterator[dict[str, Any]]:
        """Exported bindings as this machine can use them, while it lasts: a provider may have to forward ports.

        ended: called from another thread as soon as they can't be used any more; at the end StackgenError is raised.
        """
        operations = self.shelf.operations(self.loaded.stack.environments[self.environment].provider)
        if operations is None or not hasattr(operations, "reached"):
            yield exported
            return
        resources = self.deployment(lambda _: None).resources()
        with operations.reached(resources, exported, ended) as found:
            yield found

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.loaded.stack.name


def load_shelf(folder: Path) -> Shelf:
    """The built-in shelf with the private ones configured for `folder`."""
    from stackgen.catalog.roots import private_roots
    from stackgen.catalog.shelf import Shelf

    return Shelf(private_roots(folder))


def load_stack(arguments: Namespace) -> LoadedStack:
    """The stack an argument means."""
    from stackgen.spec.loading import load, locate

    return load(locate(arguments.stack, Path.cwd()))


def open_context(arguments: Namespace) -> Context:
    """Stack, shelf and environment; where a stack has one environment only, it need not be named."""
    loaded = load_stack(arguments)
    environment = arguments.environment
    known = list(loaded.stack.environments)
    if environment is None:
        if len(known) > 1:
            message = f"'{loaded.stack.name}' has {len(known)} environments; say which one with -e"
            raise StackgenError(Problem("environment-missing", message, allowed=tuple(known)))
        environment = known[0]
    elif environment not in known:
        message = f"stack '{loaded.stack.name}' has no environment '{environment}'"
        hint = did_you_mean(environment, known)
        problem = Problem("environment-not-found", message, hint=hint, allowed=tuple(known))
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    output = Path(arguments.output).absolute() if arguments.output else None
    return Context(loaded, load_shelf(loaded.path.parent), environment, output)
