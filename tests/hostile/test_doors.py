"""What stands before a predictor and a gateway of this machine passes on, request by request."""

from __future__ import annotations

import asyncio
import importlib.util
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.unit
PLACE = ROOT / "src/stackgen/providers/local/program/local_provider/scripts/doors.py"
OWN = {"host": "127.0.0.1:8080"}
KEY = {"authorization": "Bearer secret"}
PASSED = 200


def _script() -> Any:
    specification = importlib.util.spec_from_file_location("doors_script", PLACE)
    assert specification is not None
    assert specification.loader is not None
    found = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(found)
    return found


SCRIPT = _script()


def answer(method: str, path: str, headers: dict[str, str], kind: str = "http") -> Any:
    """The first message that a client gets."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def server(_scope: Any, _receive: Any, reply: Any) -> None:
        await reply({"type": "http.response.start", "status": PASSED})

    doors = SCRIPT.Doors(server, key="secret", free=SCRIPT.OPEN_INFERENCE, keyed="GET /metrics")
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": kind, "path": path, "headers": raw, **({"method": method} if kind == "http" else {})}
    asyncio.run(doors(scope, None, send))
    return sent[0].get("status", sent[0]["type"])


@pytest.mark.parametrize(
    "asked",
    [
        *("GET /v2", "GET /v2/", "GET /v2/health/live", "GET /v2/health/ready", "GET /v2/models/m"),
        *("GET /v2/models/m/ready", "GET /v2/models/m/versions/1", "POST /v2/models/m/infer"),
        "POST /v2/models/m/versions/1/infer",
    ],
)
def test_the_protocol_is_free(asked: str) -> None:
    method, path = asked.split()
    assert answer(method, path, OWN) == PASSED
    assert answer(method, path, {"host": "localhost:1", "origin": "http://localhost:1"}) == PASSED


@pytest.mark.parametrize(
    "asked",
    [
        *(
            "POST /v2/repository/index",
            "POST /v2/repository/models/m/unload",
            "POST /v2/repository/models/m/load",
        ),
        *(
            "GET /",
            "GET /docs",
            "GET /openapi.json",
            "GET /metrics/",
            "POST /metrics",
            "GET //metrics",
            "POST /v2",
        ),
        *("GET /v2/models/m/infer", "DELETE /v2/models/m", "POST /v2/models/m/../../repository/index"),
        *(
            "POST /v2/models/m/infer/",
            "GET /v2/health/live\n",
            "GET /v2/models/m/docs",
            "POST /v1/models/m:predict",
        ),
    ],
)
@pytest.mark.parametrize("headers", [{}, KEY])
def test_everything_else_is_closed_also_with_the_key_of_another_door(
    asked: str, headers: dict[str, str]
) -> None:
    method, path = asked.split(" ", 1)
    assert answer(method, path, {**OWN, **headers}) == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (KEY, PASSED),
        ({**KEY, "host": "gateway.test"}, PASSED),
        ({"x-api-key": "secret"}, PASSED),
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Bearer \xff"}, 401),
        ({"authorization": "Basic secret"}, 401),
    ],
)
def test_metrics_ask_for_the_key(headers: dict[str, str], status: int) -> None:
    assert answer("GET", "/metrics", {**OWN, **headers}) == status


@pytest.mark.parametrize(
    "headers",
    [
        *(
            {},
            {"host": ""},
            {"host": "evil.test"},
            {"host": "127.0.0.1.evil.test:80"},
            {"host": "127.0.0.1@evil.test"},
        ),
        *(
            {**OWN, "origin": "http://evil.test"},
            {**OWN, "origin": "null"},
            {**OWN, "origin": "http://127.0.0.1:1"},
        ),
    ],
)
def test_pages_of_other_sites_are_refused(headers: dict[str, str]) -> None:
    assert answer("GET", "/v2/health/live", headers) == 403


def test_websockets_are_closed() -> None:
    assert answer("GET", "/v2/health/live", OWN, "websocket") == "websocket.close"
