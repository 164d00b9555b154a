"""HTTP requests of probes, with a limit on answers: an endless answer must not fill the memory of the client."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import httpx

from stackgen.contracts.model import ClauseBroken

LARGEST = 32 * 1024**2
"""Bytes of one answer."""
LONGEST = 300.0
"""Seconds for the body of an answer; `timeout` of a request is about silence only."""


def _as_it_is(request: Any) -> None:
    """Refuse compression: a small compressed answer can be huge when it is decompressed."""
    request.headers["Accept-Encoding"] = "identity"


def _limit(answer: Any) -> None:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise ClauseBroken("an answer is compressed, though the request refuses compression")
    answer.stream = _body_of(type(answer.stream))(answer.stream)


@cache
def _body_of(kind: type) -> Any:
    """Return a class of bodies for the library of `kind`: httpx, or httpx2, which newer openai clients use."""
    base: Any = next(one for one in kind.__mro__ if one.__name__ == "SyncByteStream")

    class Body(base):
        def __init__(self, body: Any) -> None:
            self._body = body

        def __iter__(self) -> Iterator[bytes]:
            return _up_to_the_limits(self._body)

        def close(self) -> None:
            self._body.close()

    return Body


def _up_to_the_limits(body: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a body; raises ClauseBroken beyond a limit."""
    size, end = 0, time.monotonic() + LONGEST
    for part in body:
        size += len(part)
        if size > LARGEST:
            raise ClauseBroken(f"an answer is longer than {LARGEST // 1024**2} MiB; the rest was not read")
        if time.monotonic() > end:
            raise ClauseBroken(f"an answer does not end within {LONGEST:.0f} s; the rest was not read")
        yield part


HOOKS: dict[str, list[Any]] = {"request": [_as_it_is], "response": [_limit]}
"""`event_hooks` of an httpx client with these limits."""


def request(method: str, url: str, *, timeout: float, **how: Any) -> httpx.Response:
    """Send one request and return the answer; redirects are not followed. timeout: seconds of silence.

    Raises ClauseBroken beyond a limit, httpx.HTTPError if there is no answer.
    """
    with httpx.Client(timeout=timeout, event_hooks=HOOKS) as connection:
        return connection.request(method, url, **how)


def get(url: str, *, timeout: float, **how: Any) -> httpx.Response:
    """Send a GET request; see `request`."""
    return request("GET", url, timeout=timeout, **how)


def post(url: str, *, timeout: float, **how: Any) -> httpx.Response:
    """Send a POST request; see `request`."""
    return request("POST", url, timeout=timeout, **how)
