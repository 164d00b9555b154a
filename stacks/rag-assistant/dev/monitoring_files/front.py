"""The one address of monitoring that clients are given: vmauth, which asks for a password and has the paths they need.

What deletes, imports, reloads or configures is on no path of it. https://docs.victoriametrics.com/victoriametrics/vmauth
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

USER = "stackgen"
# Paths as regular expressions.
QUERY_PATHS = (
    "/api/v1/(query|query_range|query_exemplars|format_query|parse_query|series|labels|label/[^/]+/values)",
    "/api/v1/(metadata|targets|targets/metadata|status/(buildinfo|runtimeinfo|tsdb))",
    "/federate",
)
RULE_PATHS = ("/api/v1/(rules|alerts|alertmanagers)",)
ALERT_PATHS = ("/api/v2/(alerts|alerts/groups|silences|receivers|status)",)
TRACE_PATHS = ("/api/traces(/[0-9a-f]+)?", "/api/services(/[^/]+/operations)?", "/api/operations")
SENT_PATHS = ("/v1/traces", "/v1/metrics")


@dataclass(frozen=True, kw_only=True)
class Route:
    """paths: regular expressions. url: the server that answers them. asked: True if it only answers queries."""

    paths: Sequence[str]
    url: pulumi.Input[str]
    asked: bool = False


def front_configuration(password: str, routes: Sequence[Route], inner: str | None = None) -> str:
    """Return vmauth's configuration for its one user. Each url is a known text. inner: vmauth's password for servers.

    Headers that let pages in a browser read answers are removed. vmauth does not distinguish methods: a server that
    only answers queries gets no Content-Type, so it refuses every body, such as an alert or a silence from a caller.
    """
    inwards = [f"Authorization: Basic {basic(inner)}"] if inner else []
    url_map = [_target(route, inwards) for route in routes]
    return json.dumps({"users": [{"username": USER, "password": password, "url_map": url_map}]}, indent=1)


def basic(password: str) -> str:
    """Return the user and a password, encoded for HTTP's Basic authentication."""
    return base64.b64encode(f"{USER}:{password}".encode()).decode()


def _target(route: Route, inwards: list[str]) -> dict[str, Any]:
    headers = [*inwards, "Content-Type:"] if route.asked else inwards
    target = {"src_paths": [*route.paths], "url_prefix": route.url}
    target |= {"headers": headers} if headers else {}
    return target | {"response_headers": ["Access-Control-Allow-Origin:"]}
