"""Bindings that change, resources that come and go, data to move, and who notices while it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stackgen.contracts import contract, find_mover
from stackgen.contracts.mover import Mover
from stackgen.planning.model import Plan, PlannedComponent
from stackgen.swap.report.model import Statement
from stackgen.swap.report.sources import (
    cite_descriptor,
    cite_property,
    component_file,
    contract_file,
    mover_file,
)


def binding_statements(before: PlannedComponent, after: PlannedComponent, plan: Plan) -> Iterator[Statement]:
    """Per contract, whether variables keep their names, change their values or vanish; plan: that of before."""
    users = ", ".join(item.name for item in plan.callers(before.name)) or "no component"
    for name in dict.fromkeys((*before.implementation.kept, *after.implementation.kept)):
        there = (name in before.implementation.kept, name in after.implementation.kept)
        keys = ", ".join(_variables(before.name, name)) or "an address without variables"
        source = contract_file(name)
        if there == (True, True):
            says = f"{name}: the same names, other values: {keys}; used by {users}"
            yield Statement(before.name, "bindings", "changed", says, source)
        elif there[0]:
            says = f"{name}: no longer bound: {keys}; used by {users}"
            yield Statement(before.name, "bindings", "lost", says, cite_descriptor(after.entry, "kept="))
        else:
            yield Statement(before.name, "bindings", "gained", f"{name}: {keys}", source)
    yield from _credentials(before, after)
    yield from _readers(before, after, plan)


def _readers(before: PlannedComponent, after: PlannedComponent, plan: Plan) -> Iterator[Statement]:
    """True if those who only read get credentials, or lose them, with which nothing can be changed."""
    was, now = before.implementation.readers, after.implementation.readers
    read = ", ".join(item.name for item in plan.callers(before.name) if item.only_reads(before.name))
    if not read or was == now:
        return
    if now:
        says = f"credentials that change nothing, for {read}"
        yield Statement(before.name, "bindings", "gained", says, cite_descriptor(after.entry, "readers="))
    else:
        says = f"credentials that change nothing: {read} can write too"
        yield Statement(before.name, "bindings", "lost", says, cite_descriptor(before.entry, "readers="))


def _credentials(before: PlannedComponent, after: PlannedComponent) -> Iterator[Statement]:
    old, new = before.implementation.properties, after.implementation.properties
    if old is None or new is None or old.authentication[0] == new.authentication[0]:
        return
    was, word = old.authentication[0], new.authentication[0]
    says = f"credentials: {was} -> {word}"
    if word == "identity":
        says += "; the binding has no secret, clients take the identity of the workload they run in"
    elif was == "identity":
        says += "; the binding has a secret where there was none"
    yield Statement(before.name, "bindings", "changed", says, cite_property(after.entry, "authentication"))


def _variables(component: str, name: str) -> list[str]:
    prefix = component.upper().replace("-", "_")
    return [f"{prefix}_{variable}" for variable in contract(name).binding.names()]


def resource_statements(before: PlannedComponent, after: PlannedComponent) -> Iterator[Statement]:
    """Statements about resources that are created, deleted, or made anew if settings require it."""
    if before.entry.id == after.entry.id:
        changed = [key for key, old, new in _settings(before, after) if old != new]
        if changed:
            says = f"{_type(after)}: {', '.join(changed)} differ; `stackgen diff` asks the engine what is replaced"
            yield Statement(before.name, "resources", "changed", says, component_file(after.entry))
        return
    says = f"{_type(after)} and all it consists of, created beside the old one"
    yield Statement(before.name, "resources", "created", says, component_file(after.entry))
    says = f"{_type(before)} and all it consists of, deleted when it is retired"
    yield Statement(before.name, "resources", "deleted", says, component_file(before.entry))


def _type(item: PlannedComponent) -> str:
    return f"stackgen:{item.capability}:{item.entry.class_name}"


def _settings(before: PlannedComponent, after: PlannedComponent) -> Iterator[tuple[str, object, object]]:
    old: Mapping[str, object] = before.settings.model_dump()
    new: Mapping[str, object] = after.settings.model_dump()
    for key in dict.fromkeys((*old, *new)):
        yield key, old.get(key), new.get(key)


def data_statements(before: PlannedComponent, after: PlannedComponent, plan: Plan) -> Iterator[Statement]:
    """Statements about data that is moved, data that stays behind, and downtime. plan: that of before."""
    if before.entry.id == after.entry.id and before.settings == after.settings:
        return
    both = [name for name in before.implementation.kept if name in after.implementation.kept]
    kept = [name for name in before.implementation.kept if contract(name).holds]
    movers = {name: found for name in both if contract(name).holds and (found := find_mover(name))}
    for name in kept:
        found = movers.get(name)
        if found is None:
            says = f"{name}: {contract(name).holds} stay behind; nothing moves them"
            yield Statement(before.name, "data", "lost", says, contract_file(name))
        else:
            says = f"{name}: {', '.join(found.carries)} can be moved by {found.tool}, counts and checksums compared"
            yield Statement(before.name, "data", "changed", says, mover_file(name))
            says = f"{name}: {', '.join(found.leaves)} are not carried over"
            yield Statement(before.name, "data", "lost", says, mover_file(name))
    if not kept:
        yield Statement(before.name, "data", "same", "it holds no data", contract_files(before))
    yield _downtime(before, movers, plan)


def contract_files(item: PlannedComponent) -> str:
    """The modules of a component's contracts."""
    return ", ".join(contract_file(name) for name in item.implementation.kept) or component_file(item.entry)


def _downtime(before: PlannedComponent, movers: Mapping[str, Mover], plan: Plan) -> Statement:
    users = ", ".join(item.name for item in plan.callers(before.name))
    frozen = [name for name, found in movers.items() if found.freeze is not None]
    if frozen:
        says = f"write freeze: {', '.join(frozen)} refuses writes while the last changes are brought over"
        source = ", ".join(mover_file(name) for name in frozen)
    elif users:
        says = "restart of consumers"
        source = ", ".join(mover_file(name) for name in movers) or contract_files(before)
        if movers:
            says += "; writes that reach the old component late are copied afterwards"
    else:
        says = "none: no component connects to it"
        return Statement(before.name, "downtime", "same", says, contract_files(before))
    if users:
        says += f"; {users} restart with new bindings"
    return Statement(before.name, "downtime", "changed", says, source)
