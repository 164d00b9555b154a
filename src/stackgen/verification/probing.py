"""Runs probes in a process of its own: `python -m stackgen.verification.probing`, as `measuring.py` starts it.

A server may take all the memory there is, or never answer, and then a thread cannot even be ended: a process can. It
reads one line, a request, and writes a line when a probe starts and when it ends. It ends when its input is closed.
Of a line, started: number of a task. ended: the same, with holds, seen and seconds. missing: a module that is not
installed. failed: why there are no more lines.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from stackgen.contracts import ClauseBroken, contract
from stackgen.subprocesses import Line, Tell
from stackgen.subprocesses.memory import causes, limit_memory
from stackgen.subprocesses.serving import serve_request

MEMORY_MESSAGE = "an answer takes more memory than verification may; the rest was not read"


def main() -> None:
    """Measure what is asked: `tasks` (number, contract, clause, binding), `at_once` (how many), `more` (bytes)."""
    serve_request(_work)


def _work(request: Line, tell: Tell) -> None:
    try:
        _import_clients(request["tasks"])
        _measure(request["tasks"], request["at_once"], request["more"], tell)
    except ModuleNotFoundError as error:
        tell({"missing": error.name})
    except Exception as error:
        tell({"failed": _sentence(error)})


def _import_clients(tasks: list[Line]) -> None:
    """Two threads that import one library at once can see half of it."""
    for name in {client for task in tasks for client in contract(task["contract"]).clients}:
        import_module(name)


def _measure(tasks: list[Line], at_once: int, more: int, tell: Tell) -> None:
    limited = threading.Event()  # a thread that starts without memory never says that it has started

    def work(task: Line) -> None:
        limited.wait()
        tell({"started": task["number"]})
        tell({"ended": task["number"], **_probed(task)})

    with ThreadPoolExecutor(at_once) as pool:
        done = [pool.submit(work, task) for task in tasks]
        limit_memory(more)
        limited.set()
        for one in done:
            one.result()


def _probed(task: Line) -> Line:
    start = time.perf_counter()
    try:
        seen, holds = _evidence(task), True
    except Exception as error:
        seen, holds = _sentence(error), False
    return {"holds": holds, "seen": seen, "seconds": time.perf_counter() - start}


def _evidence(task: Line) -> str:
    interface = contract(task["contract"])
    probe = interface.clause(task["clause"]).probe
    if probe is None:
        raise ClauseBroken("nothing on the wire can tell")
    return " ".join(probe(interface.binding.model_validate(task["binding"])).split())


def _sentence(error: BaseException) -> str:
    """What was seen."""
    for cause in causes(error):
        if isinstance(cause, ClauseBroken):
            return str(cause)
        if isinstance(cause, MemoryError):
            return MEMORY_MESSAGE
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


if __name__ == "__main__":
    main()
