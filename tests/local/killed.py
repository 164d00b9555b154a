"""Runs the command line, and kills itself with SIGKILL at one edge of one step of a swap.

python -m tests.local.killed before|amid|after STEP ARGUMENT...: before a step is taken, half a second into it (or at
its end, if that comes first), or after it and before it is noted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from stackgen.cli.main import main
from stackgen.swap.journal import Journal


def at(edge: str, where: str) -> None:
    """Die there. The journal's own methods run as they are up to that point."""
    begin, finish = Journal.begin, Journal.finish

    def dying_begin(self: Journal, step: str) -> None:
        begin(self, step)
        if step == where and edge == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if step == where and edge == "amid":
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGKILL)).start()

    def dying_finish(self: Journal, step: str, detail: str, seconds: float) -> None:
        if step == where and edge in ("amid", "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        finish(self, step, detail, seconds)

    Journal.begin, Journal.finish = dying_begin, dying_finish


if __name__ == "__main__":
    at(sys.argv[1], sys.argv[2])
    sys.exit(main(sys.argv[3:]))
