"""The process that `starting.py` starts: reads a request, one line, and writes lines until its work has ended.

It ends when its input is closed, so it does not run on when its parent process was killed.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from stackgen.subprocesses import Line, Tell

MEMORY_WAIT_SECONDS = 5.0  # seconds to find the memory for a line
MEMORY_LINE = b'{"memory": true}\n'  # in the place of a line for which there is none


def serve_request(work: Callable[[Line, Tell], None], *, grace: float = 0) -> None:
    """Do the work of the request that is read. `work` says what there is to say; it should raise nothing.

    A line for which there is no memory is said as `memory`.

    grace: seconds to tidy up when the input is closed; the work is interrupted as by Ctrl-C.
    """
    asked, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # no library waits for what is typed
    os.dup2(2, 1)  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    request = json.loads(asked.readline())
    threading.Thread(target=_end_with_input, args=(asked, grace), daemon=True).start()
    turn = threading.Lock()

    def tell(line: Line) -> None:
        until = time.monotonic() + MEMORY_WAIT_SECONDS
        while time.monotonic() < until:
            with suppress(MemoryError), turn:
                _write(answers, json.dumps(line).encode() + b"\n")
                return
            time.sleep(0.1)  # until other work has failed and gives its memory back
        with turn:
            _write(answers, MEMORY_LINE)

    try:
        work(request, tell)
    except KeyboardInterrupt:
        _end()
    os._exit(0)  # no library's threads or clean-up are waited for


def _write(file: int, content: bytes) -> None:
    """All of it: a pipe takes a part of what is long."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _end_with_input(asked: IO[bytes], grace: float) -> None:
    asked.read()
    if grace:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        time.sleep(grace)
    _end()


def _end() -> None:
    """At once, with the processes that this one has started; it is the first of its session."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
