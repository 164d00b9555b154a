"""Measures every clause of every component."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from stackgen.contracts import Binding, Clause, Contract, contract
from stackgen.verification.measuring import Observation, Task, measure_tasks
from stackgen.verification.model import Declared, Report, Result, Status

NOT_DEPLOYED_MESSAGE = "the spec has this component and the deployment has not; see `stackgen up`"
Bindings = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class _Task:
    """A clause of a component. kept, reason: what its implementation declares."""

    component: str
    contract: Contract
    binding: Binding
    values: Mapping[str, Any]
    clause: Clause
    kept: bool
    reason: str | None


def measure_clauses(
    bindings: Bindings,
    declared: Mapping[str, Declared],
    *,
    only: Callable[[str, str, str], bool] = lambda *_: True,
    foreign: Mapping[tuple[str, int], str] | None = None,
) -> Report:
    """Measure every clause for which `only(component, contract, clause)` holds.

    bindings: component → contract → binding as exported. A declared component without any is not deployed: its
    clauses are broken. foreign: address → why nothing may be sent
    there, in words.
    """
    results: list[Result] = []
    tasks: list[_Task] = []
    for component, contracts in bindings.items():
        for name, values in contracts.items():
            for item in _tasks(component, name, values, declared.get(component, Declared()), foreign or {}):
                if isinstance(item, Result):
                    results += [item] if only(component, name, item.clause) else []
                elif only(component, name, item.clause.name):
                    tasks.append(item)

    results += (r for r in _not_deployed(bindings, declared) if only(r.component, r.contract, r.clause))
    results += _measured(tasks)
    return Report(tuple(results))


def _measured(tasks: Sequence[_Task]) -> list[Result]:
    """A result per task, in the order of the tasks."""
    results = {number: _declared(task) for number, task in enumerate(tasks) if task.clause.probe is None}
    probed = [number for number in range(len(tasks)) if number not in results]
    asked = [
        Task(task.contract.name, task.clause.name, task.binding, task.values)
        for task in (tasks[number] for number in probed)
    ]
    for index, seen in measure_tasks(asked):
        number = probed[index]
        results[number] = _result(tasks[number], seen)
    return [results[number] for number in range(len(tasks))]


def _tasks(
    component: str,
    name: str,
    values: Mapping[str, Any],
    declared: Declared,
    foreign: Mapping[tuple[str, int], str],
) -> Iterator[_Task | Result]:
    """A task per clause; or results at once for an unreachable component or an incomplete binding."""
    found = contract(name)
    try:
        binding = found.binding.model_validate(values)
    except ValidationError as error:
        missing = ", ".join(str(item["loc"][0]) for item in error.errors())
        sentence = f"the binding is not of the contract's shape: {missing}"
        yield from (Result(component, name, clause.name, "broken", sentence, 0) for clause in found.clauses)
        return
    place = found.reach(binding)
    absent = foreign.get(place) or _absent(place)
    reasons = declared.not_kept.get(name, {})
    for clause in found.clauses:
        keeps = clause.name in declared.kept.get(name, ())
        if absent is not None and clause.probe is not None:
            status: Status = "broken" if keeps else "not-kept"
            yield Result(component, name, clause.name, status, absent, 0)
        else:
            yield _Task(component, found, binding, values, clause, keeps, reasons.get(clause.name))


def _not_deployed(bindings: Bindings, declared: Mapping[str, Declared]) -> Iterator[Result]:
    """A broken result for every clause of a component that the spec has and the deployment has not."""
    for component, item in declared.items():
        if component not in bindings:
            for name, clauses in item.kept.items():
                for clause in clauses:
                    yield Result(component, name, clause, "broken", NOT_DEPLOYED_MESSAGE, 0)


def _absent(address: tuple[str, int]) -> str | None:
    """A sentence if nothing listens at `address`."""
    host, port = address
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        reason = error.strerror or error
        return f"no server answers at {host}:{port} ({reason}); is it running? see `stackgen status`"
    return None


def _declared(task: _Task) -> Result:
    status: Status = "declared" if task.kept else "not-kept"
    detail = task.reason or "nothing on the wire can tell"
    return Result(task.component, task.contract.name, task.clause.name, status, detail, 0)


def _result(task: _Task, seen: Observation) -> Result:
    if seen.holds:
        status: Status = "kept" if task.kept else "undeclared"
    else:
        status = "broken" if task.kept else "not-kept"
    detail = task.reason or seen.sentence if status == "not-kept" else seen.sentence
    name, clause, seconds = task.contract.name, task.clause.name, round(seen.seconds, 3)
    return Result(task.component, name, clause, status, detail, seconds, measured=True)
