"""A server counts as started only when it has not ended by the time that its supervisor calls it running."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stackgen.providers.local.operations import PROGRAM

pytestmark = pytest.mark.unit
PROPS = {"workspace": "/nowhere", "name": "web", "health": {}, "start_timeout": 5, "environment": {}}


@pytest.mark.parametrize(
    ("states", "fails"),
    [
        (["STARTING", "STARTING", "RUNNING"], False),
        (["STARTING", "BACKOFF", "STARTING", "RUNNING", "RUNNING"], False),
        (["STARTING", "BACKOFF"] * 6, True),
        (["STARTING", "FATAL", "FATAL"], True),
    ],
    ids=["at once", "at the second start", "never", "given up"],
)
def test_a_server_that_answers_once_and_ends_is_not_up(
    monkeypatch: pytest.MonkeyPatch, states: list[str], fails: bool
) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import process  # pyright: ignore

    def found() -> Iterator[dict[str, Any]]:
        start = 0
        for state in states:
            start += state == "BACKOFF"
            yield {"statename": state, "pid": 1, "start": start}

    following = found()
    monkeypatch.setattr(process.supervisord, "process_state", lambda *_: next(following))
    monkeypatch.setattr(process, "serves", lambda *_: True)
    monkeypatch.setattr(process, "healthy", lambda *_, **__: True)
    if fails:
        with pytest.raises(Exception, match="web dies after it is started"):
            process._wait(PROPS)  # pyright: ignore[reportPrivateUsage]
    else:
        process._wait(PROPS)  # pyright: ignore[reportPrivateUsage]
