"""Ends a probe that is waited for no longer: it must not go on when the environment and the limits are put back."""

from __future__ import annotations

import ctypes
import threading

PATIENCE = 60.0  # seconds; clients wait 30 s for a byte
AGAIN = 0.5  # seconds between two interruptions: what a probe does at its end can take long too


class Left(SystemExit):
    """Raised in the thread that is left; client libraries catch no SystemExit."""


def end_thread(thread: threading.Thread) -> None:
    """Interrupt a thread until it ends, and wait for that at most PATIENCE seconds.

    One that waits in the system's or a library's own code is interrupted as soon as it comes back: it does nothing more
    than clean up, for which the interruptions go on.
    """
    ending = threading.Thread(target=_interrupt, args=(thread,), daemon=True)
    ending.start()
    ending.join(PATIENCE)


def _interrupt(thread: threading.Thread) -> None:
    while thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Left))
        thread.join(AGAIN)
