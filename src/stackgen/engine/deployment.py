"""One environment of one program, driven through Pulumi's Automation API on the folder as it stands."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackgen.engine import failures, healing, leftovers, locks, program_environment, projects, states
from stackgen.engine.locate import Engine, ensure_engine
from stackgen.engine.settings import engine_variables
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.progress import Progress, silent

if TYPE_CHECKING:
    from pulumi.automation import Deployment as ExportedState
    from pulumi.automation import PulumiCommand, Stack

    from stackgen.engine.workspace import Workspace
    from stackgen.program.removal import RemovalTools

_CHANGING = {"create", "update", "delete", "replace", "create-replacement", "delete-replaced", "read"}


@dataclass(frozen=True)
class ResourceStep:
    """One resource that an operation changes: op as Pulumi names it, its type token and name."""

    op: str
    type: str
    name: str
    keys: tuple[str, ...] = ()  # properties that differ
    urn: str = ""


@dataclass
class Outcome:
    """Result of an operation or of its preview. counts: op → number of resources."""

    steps: list[ResourceStep] = field(default_factory=list[ResourceStep])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def changed(self) -> bool:
        """True if anything differs from what is there."""
        return any(step.op != "same" for step in self.steps)


@dataclass(frozen=True)
class Resource:
    """A resource as the state has it; secrets are not decrypted. created: when, as the state says it; "" if not."""

    urn: str
    type: str
    outputs: dict[str, Any]
    parent: str
    id: str = ""
    protected: bool = False
    created: str = ""

    @property
    def name(self) -> str:
        """Its logical name."""
        return self.urn.rsplit("::", 1)[-1]


class Deployment:
    """Preview, up, refresh and destroy of the program in `program` as Pulumi stack `name`.

    What reads the state needs no program, and runs none. tools: delete by these and run nothing of `program`.
    """

    def __init__(
        self,
        program: Path,
        project: str,
        name: str,
        progress: Progress = silent,
        tools: RemovalTools | None = None,
    ) -> None:
        self.program = program
        self.project = project
        self.name = name
        self.progress = progress
        self.tools = tools
        self._selected: Stack | None = None
        self._pulumi: PulumiCommand | None = None
        self.settings: Path | None = None  # folder of Pulumi's settings files; None: the program's
        self.engine: Engine | None = None
        self.seen: str | None = None  # digest of the state when its resources were last read

    def prepare(self, *, create: bool = True) -> None:
        """Engine, the program's environment, the Pulumi stack; raises StackgenError."""
        if self._selected is not None:
            return
        self._connect()
        if not create:
            self._exported()  # says that there is nothing before anything is installed for it
        self._selected = self._select(self._folder(), create)

    def _connect(self) -> Engine:
        """The engine, and the variables it needs in this process's environment."""
        if self.engine is None:
            self.engine = ensure_engine(self.progress)
            os.environ.update(
                engine_variables(self.engine.folder)
            )  # the Automation API's children inherit it
            self._clear_leftovers()
        return self.engine

    def _clear_leftovers(self) -> None:
        """End and mend what an interrupted command has left behind."""
        leftovers.end_leftovers(self.progress)
        place = os.environ["PULUMI_BACKEND_URL"], self.project, self.name
        for sentence in locks.clear_stale_locks(*place):
            self.progress(sentence)
        healing.repair_workspaces(Path(os.environ["PULUMI_HOME"]), self.project)
        if not locks.current_locks(*place):
            for sentence in healing.repair_state(*place):
                self.progress(sentence)

    def _folder(self) -> Path:
        """Where the engine works: a project of ours, by the program or by tools alone."""
        if self.tools is None:
            python = program_environment.prepare_for_program(self.program, self.progress)
            self.progress(f"running the program in {self.program}")
            return projects.running_project(self.program, python)
        python = program_environment.prepare_environment(
            self.tools.requirements, self.progress, locked=self.tools.locked
        )
        return projects.deleting_project(self.project, self.program, python, self.tools.modules)

    def preview(self, untouched: Sequence[str] = (), *, refresh: bool = False) -> Outcome:
        """Preview what `up` would do; nothing is changed. refresh: read the real resources first, as `up` does."""
        how = {"exclude": list(untouched), "refresh": True if refresh else None, "diff": True}
        return self._run("preview", lambda stack, **more: stack.preview(**how, **more))

    def up(self, untouched: Sequence[str] = (), *, seen: str | None = None, refresh: bool = True) -> Outcome:
        """Make what is there equal to the program; what vanished or was changed by hand is noticed first.

        untouched: URNs that the engine leaves alone, and what they depend on. seen: the state's digest when it was
        looked at; raises StackgenError(state-changed) where it is another one. refresh: False right after a refresh and
        a preview: then what is done is that preview.
        """
        self._heal(seen)
        how = {"exclude": list(untouched), "refresh": True if refresh else None, "show_secrets": True}
        return self._run("up", lambda stack, **more: stack.up(**how, **more))

    def refresh(self, untouched: Sequence[str] = ()) -> Outcome:
        """Update the state to what is really there."""
        self._heal()
        return self._run("refresh", lambda stack, **how: stack.refresh(exclude=list(untouched), **how))

    def down(self, transient: Sequence[str], lasting: Sequence[str]) -> Outcome:
        """Delete resources whose type ends in one of `transient` and what depends on them, but none of `lasting`."""
        targets = [item.urn for item in self.resources() if item.type.endswith(tuple(transient))]
        if not targets:
            return Outcome()
        self._free(tuple(lasting))
        return self._run(
            "down", lambda stack, **how: stack.destroy(target=targets, target_dependents=True, **how)
        )

    def _free(self, lasting: tuple[str, ...]) -> None:
        """Let lasting resources, and the components they are in, depend on nothing.

        A component's children wait for what the component waits for, and go with it; data must not go because
        a server that its owner waited for goes. The next `up` records the dependencies anew.
        """
        with self._failing("down", [], []):
            self._free_in_state(lasting)

    def _free_in_state(self, lasting: tuple[str, ...]) -> None:
        state = self._stack.export_stack()
        deployment: dict[str, Any] = dict(state.deployment or {})
        for item in deployment.get("resources", []):
            if not item.get("custom") or item["type"].endswith(lasting):
                item.pop("dependencies", None)
                item.pop("propertyDependencies", None)
        state.deployment = deployment
        self._import(state)

    def release(self, change: states.StateChange, seen: str | None) -> str | None:
        """Change the state only, where it is not so already.

        seen: as for `up`; returns what it is now. The next `up` records dependencies and protection anew of
        everything that its program declares.
        """
        self.prepare()
        with self._failing("up", [], []):
            state = self._stack.export_stack()
            deployment: dict[str, Any] = dict(state.deployment or {})
            if seen is not None and states.state_digest(deployment) != seen:
                raise failures.state_changed_error()
            if not states.apply_change(deployment.get("resources", []), change):
                return seen
            state.deployment = deployment
            self._import(state)
            return None if seen is None else states.state_digest(self._stack.export_stack().deployment or {})

    def destroy(self) -> Outcome:
        """Delete every resource, and forget the Pulumi stack itself."""
        self._heal()
        outcome = self._run("destroy", lambda stack, **how: stack.destroy(**how))
        stack = self._stack
        stack.workspace.remove_stack(self.name)
        self._selected = None
        return outcome

    def outputs(self) -> dict[str, Any]:
        """Exported values, secrets in clear; raises StackgenError(not-deployed)."""
        with self._reading("stack output") as workspace:
            return {name: output.value for name, output in workspace.stack_outputs(self.name).items()}

    def resources(self) -> list[Resource]:
        """Everything in the state; raises StackgenError(not-deployed)."""
        exported = self._exported()
        self.seen = states.state_digest(exported)
        return [
            Resource(
                item["urn"],
                item["type"],
                item.get("outputs", {}),
                item.get("parent", ""),
                str(item.get("id", "")),
                bool(item.get("protect")),
                str(item.get("created") or ""),
            )
            for item in exported.get("resources", [])
        ]

    def _exported(self) -> Mapping[str, Any]:
        with self._reading("stack export") as workspace:
            return workspace.export_stack(self.name).deployment or {}

    @contextmanager
    def _reading(self, operation: str) -> Iterator[Workspace]:
        """The engine where it can do nothing but look at the state."""
        from pulumi import automation

        from stackgen.engine.workspace import Workspace

        try:
            yield Workspace(str(projects.reading_project(self.project)), pulumi_command=self._command())
        except automation.StackNotFoundError as error:
            raise self._not_deployed() from error
        except automation.CommandError as error:
            raise failures.engine_error(operation, [], str(error)) from error

    @property
    def _stack(self) -> Stack:
        if self._selected is None:
            self.prepare()
        assert self._selected is not None  # noqa: S101 - prepare sets it or raises
        return self._selected

    def _select(self, folder: Path, create: bool) -> Stack:
        from pulumi import automation

        from stackgen.engine.workspace import Workspace

        choose = automation.Stack.create_or_select if create else automation.Stack.select
        try:
            workspace = Workspace(str(folder), pulumi_command=self._command())
            return choose(self.name, workspace)
        except automation.StackNotFoundError as error:
            raise self._not_deployed() from error
        except automation.CommandError as error:
            raise failures.engine_error("stack select", [], str(error)) from error

    def _command(self) -> PulumiCommand:
        """The engine's `pulumi`; made once, as that runs it."""
        from stackgen.engine.command import EngineCommand

        engine = self._connect()
        if self._pulumi is None:
            # said once an engine is killed or cancelled, which we say ourselves
            warnings.filterwarnings("ignore", "Error in event stream", UserWarning)
            self._pulumi = EngineCommand(engine.folder, self.progress)
        return self._pulumi

    def _not_deployed(self) -> StackgenError:
        message = f"environment '{self.name}' of '{self.project}' has not been deployed from this machine"
        problem = Problem("not-deployed", message, next=f"stackgen up {self.project} -e {self.name}")
        return StackgenError(problem, ExitCode.NOT_FOUND)

    def _heal(self, seen: str | None = None) -> None:
        """Forget what an interrupted update left pending: our creations start by clearing their own leftovers."""
        self.prepare()
        with self._failing("up", [], []):
            state = self._stack.export_stack()
            if seen is not None and states.state_digest(state.deployment or {}) != seen:
                raise failures.state_changed_error()
            if (state.deployment or {}).get("pending_operations"):
                state.deployment = {**(state.deployment or {}), "pending_operations": []}
                self._import(state)  # refused while another update runs: then nothing was interrupted
                self.progress("an earlier update was interrupted; going on from what it left")

    def _import(self, state: ExportedState) -> None:
        """Write the state. It goes by a file with secrets in clear, which `Stack.import_stack` leaves if it fails."""
        words = ["stack", "import", "--stack", self.name, "--file"]
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:  # mode 0600
            json.dump(vars(state), file)
            file.flush()
            workspace = self._stack.workspace
            workspace.pulumi_command.run([*words, file.name], workspace.work_dir, {})

    def _run(self, operation: str, call: Callable[..., Any]) -> Outcome:
        self.prepare()
        outcome = Outcome()
        errors: list[tuple[str, str]] = []
        output: list[str] = []

        def on_event(event: Any) -> None:
            _note(event, outcome, errors, self.progress)

        with self._failing(operation, errors, output):
            settings = self.settings and str(self.settings / f"Pulumi.{self.name}.yaml")
            how = {
                "on_event": on_event,
                "on_output": output.append,
                "color": "never",
                "config_file": settings,
            }
            result = call(self._stack, **how)
            values = getattr(result, "outputs", None) or {}
            outcome.outputs = {name: value.value for name, value in values.items()}
        for step in outcome.steps:
            outcome.counts[step.op] = outcome.counts.get(step.op, 0) + 1
        return outcome

    @contextmanager
    def _failing(self, operation: str, errors: list[tuple[str, str]], output: list[str]) -> Iterator[None]:
        from pulumi.automation import CommandError, ConcurrentUpdateError

        from stackgen.engine.command import EngineKilled

        try:
            yield
        except EngineKilled as error:
            raise failures.engine_killed_error(operation, error.signal) from error
        except ConcurrentUpdateError as error:
            raise failures.lock_error(locks.parse_locks(str(error))) from error
        except KeyboardInterrupt as error:
            raise failures.cancellation_error(operation) from error
        except CommandError as error:
            text = "\n".join([*output, str(error)])
            ended = any(
                "cancelling all calls" in m.lower() for _, m in errors
            )  # what a stopped provider says
            others = [m for _, m in errors if "cancel" not in m.lower()]
            if ended or ("cancel" in text.lower() and not others):
                raise failures.cancellation_error(operation) from error
            raise failures.engine_error(operation, errors, text) from error


def _note(event: Any, outcome: Outcome, errors: list[tuple[str, str]], progress: Progress) -> None:
    """Keep what one engine event says: a step begun, a step done, an error."""
    if event.resource_pre_event is not None:
        step = _step(event.resource_pre_event.metadata)
        if step.op != "same":
            outcome.steps.append(step)
            progress(f"{step.op} {step.name} ({step.type.rsplit(':', 1)[-1]})")
    elif event.res_op_failed_event is not None:
        step = _step(event.res_op_failed_event.metadata)
        progress(f"failed: {step.op} {step.name}")
    elif event.diagnostic_event is not None:
        diagnostic = event.diagnostic_event
        message = str(diagnostic.message or "").strip()
        if diagnostic.severity == "error":
            errors.append((diagnostic.urn or "", message))
        elif diagnostic.severity == "warning" and message and "debug" not in message:
            progress(f"note: {message}")


def _step(metadata: Any) -> ResourceStep:
    op = str(getattr(metadata.op, "value", metadata.op))
    keys = tuple(metadata.diffs or ())
    urn = str(metadata.urn)
    return ResourceStep(op, str(metadata.type), urn.rsplit("::", 1)[-1], keys, urn)
