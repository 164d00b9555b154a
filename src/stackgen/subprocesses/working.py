"""Calls one function in a process of its own: `python -m stackgen.subprocesses.working`, see `calling.py`.

Of a line, said: progress, for people. alive: a sign that it goes on. within: seconds in which there is one; null: for
as long as it takes. result: what the function has returned. problems, exit_code: the StackgenError that it has
raised. missing: a module that is not installed. memory: its limit was reached. failed: another error.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from stackgen.errors import StackgenError
from stackgen.subprocesses import Line, Tell, pulse
from stackgen.subprocesses.memory import causes, limit_memory
from stackgen.subprocesses.serving import serve_request

GRACE = 3.0  # seconds to cancel a statement and to delete temporary files


def main() -> None:
    """Call `function` with `arguments` (by name), and `reports` (names of functions for progress)."""
    serve_request(_work, grace=GRACE)


def _work(request: Line, tell: Tell) -> None:
    tell(_outcome(request, tell))  # only now is the memory free that a failed call held


def _outcome(request: Line, tell: Tell) -> Line:
    try:
        function = _function(request["function"])
        arguments = _arguments(function, request["arguments"])
        reports = {name: lambda text: tell({"said": text}) for name in request["reports"]}
        _limit_files()
        limit_memory(request["more"])
        pulse.start_heartbeat(tell, request["silence"])
        return {"result": result_type(function).dump_python(function(**arguments, **reports), mode="json")}
    except Exception as error:
        return _error_line(error)


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)


def _arguments(function: Callable[..., Any], values: dict[str, Any]) -> dict[str, Any]:
    """As the function's own types say."""
    hints = get_type_hints(function)
    return {name: TypeAdapter(hints[name]).validate_python(value) for name, value in values.items()}


def result_type(function: Callable[..., Any]) -> TypeAdapter[Any]:
    """The Pydantic adapter that writes and reads a function's result."""
    return TypeAdapter(get_type_hints(function)["return"])


def _error_line(error: Exception) -> Line:
    if any(isinstance(cause, MemoryError) for cause in causes(error)):
        return {"memory": True}
    if isinstance(error, StackgenError):
        return {
            "problems": [asdict(problem) for problem in error.problems],
            "exit_code": int(error.exit_code),
        }
    if isinstance(error, ModuleNotFoundError):
        return {"missing": error.name}
    return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}


def _limit_files() -> None:
    """No file gets larger than half of what is free for temporary ones: an artifact may have no end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limits = (soft, hard, shutil.disk_usage(tempfile.gettempdir()).free // 2)
    lowest = min(limit for limit in limits if limit != resource.RLIM_INFINITY)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (lowest, hard))


if __name__ == "__main__":
    main()
