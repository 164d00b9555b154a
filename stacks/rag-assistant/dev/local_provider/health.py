"""How to tell that a server is ready."""

from __future__ import annotations

import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi


@dataclass(frozen=True, kw_only=True)
class Health:
    """One of: an HTTP address that answers `status`, or a TCP address that accepts connections."""

    http: pulumi.Input[str] | None = None
    tcp: pulumi.Input[str] | None = None
    status: int = 200

    def properties(self) -> dict[str, Any]:
        """As resource properties."""
        return {"http": self.http, "tcp": self.tcp, "status": self.status}


def healthy(properties: Mapping[str, Any], timeout: float = 5) -> bool:
    """Ask once; `timeout` in seconds."""
    if properties.get("http"):
        return _answers(str(properties["http"]), int(properties.get("status") or 200), timeout)
    if properties.get("tcp"):
        host, _, port = str(properties["tcp"]).rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout).close()
        except OSError:
            return False
    return True


def _answers(url: str, status: int, timeout: float) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout) as answer:
            return answer.status == status
    except urllib.error.HTTPError as error:
        return error.code == status
    except (OSError, http.client.HTTPException):
        return False
