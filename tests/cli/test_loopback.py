"""A proxy in the environment is never asked for this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from stackgen.engine.settings import engine_variables
from stackgen.loopback import bypass_proxies
from tests.conftest import ROOT

pytestmark = pytest.mark.unit

PROGRAM = ROOT / "src" / "stackgen" / "providers" / "local" / "program"
HERE = "127.0.0.1,localhost,::1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"no_proxy": "corp"}, {}),
        ({"http_proxy": ""}, {}),
        ({"http_proxy": "p"}, {"no_proxy": HERE, "NO_PROXY": HERE}),
        ({"HTTPS_PROXY": "p"}, {"no_proxy": HERE, "NO_PROXY": HERE}),
        ({"ALL_PROXY": "p"}, {"no_proxy": HERE, "NO_PROXY": HERE}),
        ({"http_proxy": "p", "NO_PROXY": "corp"}, {"no_proxy": f"corp,{HERE}", "NO_PROXY": f"corp,{HERE}"}),
        (
            {"http_proxy": "p", "NO_PROXY": "a", "no_proxy": "b"},
            {"no_proxy": f"b,{HERE}", "NO_PROXY": f"a,{HERE}"},
        ),
        (
            {"http_proxy": "p", "no_proxy": "localhost, 127.0.0.1"},
            {"no_proxy": "localhost,127.0.0.1,::1", "NO_PROXY": "localhost,127.0.0.1,::1"},
        ),
        ({"http_proxy": "p", "no_proxy": "*"}, {"no_proxy": "*", "NO_PROXY": "*"}),
        (
            {"grpc_proxy": "p", "no_grpc_proxy": "x"},
            {"no_proxy": HERE, "NO_PROXY": HERE, "no_grpc_proxy": f"x,{HERE}"},
        ),
    ],
)
def test_this_machine_is_among_the_exceptions(given: dict[str, str], expected: dict[str, str]) -> None:
    assert bypass_proxies(given) == expected


def _server(**given: str) -> dict[str, str]:
    """Variables that a local server gets in a shell with `given`."""
    names = ("http_proxy", "https_proxy", "no_proxy")
    shell = {name: value for name, value in os.environ.items() if name.lower() not in names}
    code = (
        "import json; from pathlib import Path; from local_provider.commands import minimal;"
        "print(json.dumps(minimal(Path('/home'))))"
    )
    environment = {**shell, **given, "PYTHONPATH": str(PROGRAM)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("exceptions", [{}, {"no_proxy": "corp"}, {"NO_PROXY": "localhost, 127.0.0.1"}])
def test_servers_get_the_proxy_with_this_machine_excepted(exceptions: dict[str, str]) -> None:
    found = _server(https_proxy="http://127.0.0.1:9", **exceptions)
    assert found["https_proxy"] == "http://127.0.0.1:9"
    for name in ("no_proxy", "NO_PROXY"):
        words = found[name].split(",")
        assert {"127.0.0.1", "localhost", "::1", *(["corp"] if "no_proxy" in exceptions else [])} == set(
            words
        )
        assert len(words) == len(set(words))


@pytest.mark.parametrize("user", ["jane:canary@", "jane:canary/x@y@", "jane:canary://z@", "canary@"])
@pytest.mark.parametrize("scheme", ["", "http://", "socks5h://"])
def test_servers_get_no_password_of_a_proxy(user: str, scheme: str) -> None:
    found = _server(HTTPS_PROXY=f"{scheme}{user}proxy.example.com:3128")
    address = found["HTTPS_PROXY"]
    assert address.endswith("proxy.example.com:3128")
    assert "jane" not in address
    assert scheme == "" or address == f"{scheme}proxy.example.com:3128"
    assert "canary" not in address


def test_without_a_proxy_servers_get_no_exceptions() -> None:
    assert not {"no_proxy", "NO_PROXY"} & set(_server())


def test_the_engine_and_a_shell_that_takes_over_its_variables_get_the_exceptions(tmp_path: Path) -> None:
    shell = {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "corp", "STACKGEN_DATA_HOME": str(tmp_path)}
    with patch.dict(os.environ, shell):
        os.environ.pop("no_proxy", None)
        found = engine_variables(tmp_path)
    assert found["no_proxy"] == found["NO_PROXY"] == f"corp,{HERE}"
