"""Measures every clause of every component."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from stackgen.contracts import Binding, Clause, ClauseBroken, Contract, contract
from stackgen.contracts.model import Probe
from stackgen.contracts.surroundings import clean
from stackgen.verification.left_threads import Left, end_thread
from stackgen.verification.memory import FULL, limited_memory
from stackgen.verification.model import Declared, Report, Result, Status

WORKERS = 8
LONGEST = 600.0  # seconds for a clause; a server may send a byte now and then for ever
NOT_DEPLOYED = "the spec has this component and the deployment has not; see `stackgen up`"
Bindings = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class _Task:
    component: str
    contract: Contract
    binding: Binding
    clause: Clause
    kept: bool
    reason: str | None


def verify(
    bindings: Bindings,
    declared: Mapping[str, Declared],
    *,
    only: Callable[[str, str, str], bool] = lambda *_: True,
    done: Callable[[Result], None] = lambda _: None,
    foreign: Mapping[tuple[str, int], str] | None = None,
) -> Report:
    """Measure every clause for which `only(component, contract, clause)` holds.

    bindings: component → contract → binding as exported. A declared component without any is not deployed: its
    clauses are broken. done: called with each result as it comes. foreign: address → why nothing may be sent
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

    def measure(task: _Task) -> Result:
        result = _measure(task)
        done(result)
        return result

    for name in {client for task in tasks for client in task.contract.clients}:
        import_module(name)  # two threads importing one library at once can see half of it
    with clean(task.binding for task in tasks), limited_memory(), ThreadPoolExecutor(WORKERS) as pool:
        results += pool.map(measure, tasks)
    return Report(tuple(results))


def _tasks(
    component: str,
    name: str,
    values: Mapping[str, Any],
    declared: Declared,
    foreign: Mapping[tuple[str, int], str],
) -> Iterator[_Task | Result]:
    """A task per clause; or results at once where the box can't be reached or its binding is incomplete."""
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
            yield _Task(component, found, binding, clause, keeps, reasons.get(clause.name))


def _not_deployed(bindings: Bindings, declared: Mapping[str, Declared]) -> Iterator[Result]:
    """A broken result for every clause of a component that the spec has and the deployment has not."""
    for component, item in declared.items():
        if component not in bindings:
            for name, clauses in item.kept.items():
                for clause in clauses:
                    yield Result(component, name, clause, "broken", NOT_DEPLOYED, 0)


def _absent(address: tuple[str, int]) -> str | None:
    """A sentence if nobody listens at `address`."""
    host, port = address
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        reason = error.strerror or error
        return f"no server answers at {host}:{port} ({reason}); is it running? see `stackgen status`"
    return None


def _measure(task: _Task) -> Result:
    if task.clause.probe is None:
        status: Status = "declared" if task.kept else "not-kept"
        detail = task.reason or "nothing on the wire can tell"
        return Result(task.component, task.contract.name, task.clause.name, status, detail, 0)
    start = time.perf_counter()
    try:
        evidence = _within(LONGEST, task.clause.probe, task.binding)
    except Exception as error:
        seen, holds = _sentence(error), False
    else:
        seen, holds = " ".join(evidence.split()), True
    seconds = time.perf_counter() - start
    if holds:
        return _result(task, "kept" if task.kept else "undeclared", seen, seconds)
    if task.kept:
        return _result(task, "broken", seen, seconds)
    return _result(task, "not-kept", task.reason or seen, seconds)


def _within(seconds: float, probe: Probe, binding: Binding) -> str:
    """What a probe returns or raises; ClauseBroken after that time, when the probe has ended or has nothing to do."""
    evidence: Future[str] = Future()

    def work() -> None:
        try:
            evidence.set_result(probe(binding))
        except Left:
            return
        except Exception as error:
            evidence.set_exception(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    wait([evidence], seconds)
    if not evidence.done():
        end_thread(thread)
        raise ClauseBroken(f"there was no whole answer within {seconds:.0f} s")
    return evidence.result()


def _sentence(error: BaseException) -> str:
    """What was seen. A client library may wrap what a limit on its answer says."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ClauseBroken):
            return str(cause)
        if isinstance(cause, MemoryError):
            return FULL
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _result(task: _Task, status: Status, detail: str, seconds: float) -> Result:
    name, clause = task.contract.name, task.clause.name
    return Result(task.component, name, clause, status, detail, round(seconds, 3), measured=True)
