"""A limit to the whole time of a question: the `timeout` of a socket counts silence only, not a byte now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, ask: Callable[[], T]) -> T:
    """What `ask` returns or raises; TimeoutError after that time, whatever it is doing.

    The thread that asks is left behind then: it ends with its connection or with this process.
    """
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:
            answer.set_exception(error)
            raise SystemExit from error  # ends a thread without a word; whoever waits has the error

    threading.Thread(target=work, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError as error:
        if answer.done():
            raise
        raise TimeoutError(f"no whole answer within {seconds:.0f} s") from error
