"""What a component with a binding of monitoring may ask is said in one place, for this machine and for clusters."""

from __future__ import annotations

import json
import re
import sys
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import pytest

from tests.house.test_house_rules import MODULES, SOURCE
from tests.local.doors import OPERATORS

pytestmark = pytest.mark.unit
SHARED = SOURCE / "providers" / "shared" / "program"
FRONT = "providers/shared/program/monitoring_files/front.py"
# They pass on all of /api/v1 and /api/v2 to a service of the cloud, which asks for permissions once more.
CLOUDS = {f"catalog/monitoring/{cloud}_managed_prometheus/component.py" for cloud in ("aws", "gcp")}
CLIENTS = (
    *("/api/v1/query", "/api/v1/query_range", "/api/v1/label/job/values", "/api/v1/rules", "/v1/traces"),
    *("/api/v2/alerts", "/api/traces/0af7651916cd43dd8448eb211c80319c", "/api/services"),
)


def front() -> Any:
    with patch.object(sys, "path", [str(SHARED), *sys.path]):
        from monitoring_files import front  # pyright: ignore

        return front


def paths() -> list[str]:
    return [path for name, found in vars(front()).items() if name.endswith("_PATHS") for path in found]


def test_one_module_says_which_paths_lead_where() -> None:
    writers = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        if re.search("url_map|src_paths", path.read_text(encoding="utf-8"))
    }
    assert writers == {FRONT, *CLOUDS}


@pytest.mark.parametrize("path", OPERATORS)
def test_what_only_an_operator_may_do_is_on_no_path(path: str) -> None:
    assert not [known for known in paths() if re.fullmatch(known, unquote(path.partition("?")[0]))]


@pytest.mark.parametrize("path", CLIENTS)
def test_what_clients_ask_is_on_a_path(path: str) -> None:
    assert [known for known in paths() if re.fullmatch(known, path)]


def test_a_server_that_is_asked_only_gets_no_body() -> None:
    made = front()
    routes = [
        made.Route(paths=("/a",), url="http://a", asked=True),
        made.Route(paths=("/b",), url="http://b"),
    ]
    (user,) = json.loads(made.front_configuration("secret", routes))["users"]
    assert [route.get("headers") for route in user["url_map"]] == [["Content-Type:"], None]
