"""A limit for the whole time of a request: the `timeout` of a socket counts only the time without any byte."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return or raise the result of `ask`; raises TimeoutError after that time.

    Then the thread of `ask` is not stopped: it ends with its connection or with this process.
    """
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:
            answer.set_exception(error)
            raise SystemExit from error  # ends the thread without a message; the caller gets the error

    threading.Thread(target=work, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError as error:
        if answer.done():
            raise
        raise TimeoutError(f"no whole answer within {seconds:.0f} s") from error
