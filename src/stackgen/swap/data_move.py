"""A swap that copies data from the source to the target, or has none to copy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from stackgen.contracts.mover import Memory, Mover
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.swap.copies import copy_late_writes, copy_noted
from stackgen.swap.data_comparison import (
    differing_parts,
    late_write_error,
    read_checksums,
    refuse_undecided,
    require_equal,
)
from stackgen.swap.data_loss import refuse_lost_data
from stackgen.swap.journal import Journal
from stackgen.swap.move import Move, MoveStep
from stackgen.swap.overrides import Override, exchange_boxes, with_port
from stackgen.swap.ports import find_unused_port
from stackgen.swap.site import Site
from stackgen.swap.steps import data_steps

QUIET_SECONDS = 3  # seconds without a write before a component is deleted


class DataMove(Move):
    """A move of a component whose data, if it has any, is copied from the source to the target."""

    def __init__(self, site: Site, journal: Journal) -> None:
        super().__init__(site, journal)
        self._proven = False
        self.movers = tuple(found for _, found in site.movers())

    def steps(self) -> list[MoveStep]:
        """See `steps.data_steps`."""
        return list(data_steps(self))

    @property
    def holds_data(self) -> bool:
        """True if something moves data of the component's contracts."""
        return bool(self.movers)

    @property
    def freezes(self) -> bool:
        """True if a contract of the component can refuse writes."""
        return any(mover.freeze is not None for mover in self.movers)

    @property
    def takes_late_writes(self) -> bool:
        """True if a contract of the component cannot refuse writes: then they may reach the source late."""
        return any(mover.freeze is None for mover in self.movers)

    def thaw(self) -> str:
        """Let the source take writes again."""
        for name, found in self.site.movers():
            if found.thaw is not None:
                found.thaw(self.site.binding(name, self.journal.source))
        self.journal.frozen = False
        self.journal.save()
        return "writes are taken"

    def describe(self) -> Iterator[str]:
        """Describe the data that is copied and what can't be, for people."""
        for name, found in self.site.movers():
            yield f"{name} is moved with {found.tool}: {', '.join(found.carries)}"
            yield f"not moved: {', '.join(found.leaves)}"

    def require_empty(self) -> str:
        """Refuse a target that holds data: a copy would replace it."""
        if "verify" in self.journal.done:  # of a version that did not look: the copy may have begun
            return "not looked at"
        for name, found in self.site.movers():
            held = found.first_item(self.site.binding(name, self.journal.target))
            if held:
                box = f"box {self.journal.target} of '{self.journal.component}'"
                message = f"{box} holds data already ({held}), which the swap would replace"
                hint = "move that data away or delete it yourself, then go on"
                raise StackgenError(Problem("box-not-empty", message, hint=hint), ExitCode.POLICY)
        return "it holds nothing"

    def _sides(self) -> Iterator[tuple[str, Mover, Any, Any]]:
        for name, found in self.site.movers():
            source = self.site.binding(name, self.journal.source)
            target = self.site.binding(name, self.journal.target)
            yield name, found, source, target

    def gather_late_writes(self) -> str:
        """Before a rollback: first copy writes that reached the old component after the switch."""
        memory: dict[str, Memory] = {}
        numbers = (self.journal.target, self.journal.source)
        for name, found, source, target in self._sides():
            late = copy_late_writes(self.journal, name, found, (target, source), self.site.progress)
            if found.copy_late is not None:
                self._require_equal(name, found, late, (target, source), numbers)
            memory[name] = found.reverse_memory(late)
        self.journal.memory = memory  # saved with the step's end, so that it is never reversed twice
        return "nothing is left behind"

    def _copy_exclusively(
        self, name: str, mover: Mover, source: Any, target: Any, since: Memory | None
    ) -> None:
        """Copy to a target without other writers. On the way back it is closed, and unchanged."""
        closed = self.journal.kind == "return" and mover.freeze is not None
        if closed and self.journal.closed.get(name):
            self._refuse_written(mover, target, self.journal.target, self.journal.closed[name])
        self.journal.closed[name] = []
        self.journal.save()  # before the copy: a crash leaves a mix of both
        copy_noted(self.journal, name, mover, (source, target), since, self.site.progress)
        if closed:
            self.journal.closed[name] = read_checksums(mover, target)
            self.journal.save()

    def _since(self, name: str, mover: Mover, target: Any) -> Memory | None:
        """What is known of an earlier copy, where the source is not frozen: only what is new is looked at.

        Nothing is, where the target holds nothing: its data was lost, and not deleted by its users one by one. On the
        way back they may write to it the next moment.
        """
        if mover.freeze is not None:
            return None
        if mover.first_item(target):
            return self.journal.memory.get(name)
        if self.journal.kind != "return":
            return None
        self.journal.memory[name] = {}  # a copy that is interrupted leaves a target that holds something
        return {}

    def copy(self) -> str:
        """Copy while applications read and write."""
        back = self.journal.kind == "return"
        if back:
            refuse_lost_data(self.site, self.journal, self.journal.source)
        for name, found, source, target in self._sides():
            self._copy_exclusively(
                name, found, source, target, self._since(name, found, target) if back else None
            )
        return ", ".join(found.tool for _, found in self.site.movers())

    def freeze(self) -> str:
        """Let the source refuse writes, where its wire can."""
        self.journal.frozen = True
        self.journal.save()  # before freezing: after a crash the journal knows of it
        for _, found, source, _ in self._sides():
            if found.freeze is not None:
                found.freeze(source)
        return "writes are refused, reads are answered"

    def copy_rest(self) -> str:
        """The last copy before the switch; where the source is frozen the sides must be equal now."""
        if self.journal.kind == "return":
            refuse_lost_data(self.site, self.journal, self.journal.source)
        said: list[str] = []
        for name, found, source, target in self._sides():
            self._copy_exclusively(name, found, source, target, self._since(name, found, target))
            if found.freeze is not None:
                compared = found.compare(source, target, None)
                said.append(require_equal(compared, self.journal.source, self.journal.target))
                self.journal.proof[name] = [[part.name, part.source_checksum] for part in compared.parts]
            else:
                self._copy_late_writes(name, found, source, target)
        boxes = (self.journal.source, self.journal.target)
        self.journal.made = {str(box): self.site.creation_times(box) for box in boxes}
        return "; ".join(said) or "copied once more; compared after the switch, since writes go on"

    def _copy_late_writes(self, name: str, mover: Mover, source: Any, target: Any) -> None:
        """Bring what `copy` does not see. On the way back clients with old bindings may write to the target."""
        if mover.copy_late is None:
            return
        known = self.journal.settled.get(name, {}) if self.journal.kind == "return" else None
        mover.copy_late(source, target, known, self.site.progress)
        self.journal.settled[name] = {**(known or {}), **mover.compare(source, target, None).alike}

    def unfreeze_target(self) -> str:
        """The target takes writes again, if an earlier move froze it."""
        for _, found, _, target in self._sides():
            if found.thaw is not None:
                found.thaw(target)
        return "writes are taken"

    def switch(self) -> str:
        """Write into the spec that the target serves."""
        if not self.switched:
            self.site.write(self._reopen(exchange_boxes(self.site.override)))
        return f"box {self.journal.target} serves"

    def settle(self) -> str:
        """Bring what reached the source late, and compare; of a frozen source, look whether it is as it was."""
        said: list[str] = []
        numbers = (self.journal.source, self.journal.target)
        for name, found, source, target in self._sides():
            if found.freeze is not None:
                said.append(self._check_closed(name, found, source))
                continue
            late = copy_late_writes(self.journal, name, found, (source, target), self.site.progress)
            said.append(self._require_equal(name, found, late, (source, target), numbers))
        return "; ".join(said)

    def _require_equal(
        self, name: str, mover: Mover, late: Memory, boxes: tuple[Any, Any], numbers: tuple[int, int]
    ) -> str:
        """Compare after a copy, and copy what it does not see; return a sentence. numbers: of source and target."""
        settled = self.journal.settled.get(name, {})
        compared = mover.compare(*boxes, late, settled)
        if not compared.equal and mover.copy_late is not None:
            mover.copy_late(*boxes, settled, self.site.progress)
            compared = mover.compare(*boxes, late, settled)
        self.journal.settled[name] = {**settled, **compared.alike}
        self.journal.save()
        if self.journal.kind == "retire":
            refuse_undecided(compared, *numbers)
        return require_equal(compared, *numbers)

    def _check_closed(self, name: str, mover: Mover, source: Any) -> str:
        """Check that nothing was written to a frozen source. Late writes stay there, and are reported."""
        here, there = self.journal.source, self.journal.target
        if self.journal.kind == "retire" and not mover.first_item(source):
            return f"box {here} holds nothing any more"
        parts = differing_parts(read_checksums(mover, source), self.journal.proof.get(name, []))
        if not parts:
            return "nothing was written there since it was compared"
        if self.journal.kind == "retire":
            raise late_write_error(here, parts)
        message = (
            f"box {here} of '{self.journal.component}' was written to after it was closed: {', '.join(parts)}"
        )
        hint = (
            f"a client lets its own sessions write: give it the new bindings, bring what it wrote to box {there}, and "
            f"undo it in box {here}; before that no box is deleted or replaced"
        )
        if f"{message}; {hint}" not in self.journal.warnings:
            self.journal.warnings.append(f"{message}; {hint}")
        return message

    def require_unchanged(self) -> str:
        """Before a rollback overwrites the closed target, refuse one that was written to."""
        if "copy" in self.journal.done:  # of a version that did not look
            return "not looked at"
        for name, found, _, target in self._sides():
            if found.freeze is not None:
                self._refuse_written(found, target, self.journal.target, self.journal.proof.get(name, []))
        return "nothing was written there since"

    def _refuse_written(self, mover: Mover, binding: Any, box: int, known: list[list[str]]) -> None:
        """Raise StackgenError(data-differs) where a closed component has changed since.

        A client that lets its own sessions write is not kept from it.
        """
        if parts := differing_parts(read_checksums(mover, binding), known):
            raise late_write_error(box, parts)

    @property
    def can_close(self) -> bool:
        """True if the source takes writes until it ends, and can get a port that its clients do not know."""
        try:
            settings = self.site.find_box(self.journal.source).settings
        except StopIteration:  # it is out of the spec already
            return "close" in self.journal.done
        return "port" in type(settings).model_fields

    def close_source(self) -> str:
        """Close the old component: later writes with old bindings fail, and are not lost with it."""
        beside = self.site.override["beside"]
        port = find_unused_port()
        closed = {**self.site.override, "beside": with_port(beside, port)}
        self.journal.wanted = exchange_boxes(closed)  # with this port it is started again, if it must be
        self.journal.former["given_port"] = port  # for the way back
        self.journal.save()
        self.site.write(closed)
        return self.site.deploy()

    def _reopen(self, serves: Override) -> Override:
        """Give a component that was to be retired its former port again."""
        given = self.journal.given_port
        if given is None or serves.get("settings", {}).get("port") != given:
            return serves
        return with_port(serves, self.journal.wanted["beside"].get("settings", {}).get("port"))

    def prove(self) -> str:
        """Before anything is deleted: copy late writes, or check that a frozen source is unchanged."""
        refuse_lost_data(self.site, self.journal, self.journal.target)
        said = self.settle()
        self._refuse_written_recently()
        self._proven = True
        return said

    def delete(self, box: int) -> str:
        """Looks once more where another run of the command has looked, maybe long ago."""
        if self.journal.kind == "retire" and not self._proven:
            self._prove_again(box)
        return self.site.deploy(without=box)

    def _prove_again(self, box: int) -> None:
        """Check the source once more; start it first if it does not run: it may have been written to before."""
        try:
            self.prove()
        except StackgenError as error:
            if not {problem.code for problem in error.problems} <= {"not-deployed", "not-serving"}:
                raise
            if not self.site.creation_times(box):
                return  # it is gone already
            if not self.journal.wanted:  # of a version that did not note it
                raise
            beside = exchange_boxes(self.journal.wanted)["beside"]
            self.site.write({**self.site.override, "beside": beside})
            self.site.deploy()
            self.prove()
        self.remove_from_spec()

    def _refuse_written_recently(self) -> None:
        """Refuse to delete a component that a client still writes to."""
        before = dict(self.journal.memory)
        time.sleep(QUIET_SECONDS)
        for name, found, source, target in self._sides():
            if found.freeze is not None:
                continue
            if copy_late_writes(self.journal, name, found, (source, target), _silent) != before[name]:
                message = f"box {self.journal.source} is still written to, by a client with its old bindings"
                hint = "restart what uses it, so that it takes the new ones; then retire it again"
                raise StackgenError(Problem("box-in-use", message, hint=hint), ExitCode.DEPLOYMENT)


def _silent(_: str) -> None:
    pass
