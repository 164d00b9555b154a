"""Health checks of servers."""

from __future__ import annotations

import http.client
import socket
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from local_provider.deadlines import within
from local_provider.redirects import NoRedirects


@dataclass(frozen=True, kw_only=True)
class Health:
    """A health check: an HTTP address that must answer `status`, or a TCP address that must accept connections.

    certificate, key: PEM, for an https address with this certificate that requires it of clients too.
    """

    http: pulumi.Input[str] | None = None
    tcp: pulumi.Input[str] | None = None
    status: int = 200
    certificate: pulumi.Input[str] | None = None
    key: pulumi.Input[str] | None = None

    def properties(self) -> dict[str, Any]:
        """Return the check as resource properties."""
        found: dict[str, Any] = {"http": self.http, "tcp": self.tcp, "status": self.status}
        if self.key is not None:
            found |= {"certificate": self.certificate, "key": pulumi.Output.secret(self.key)}
        return found


def healthy(properties: Mapping[str, Any], timeout: float = 5) -> bool:
    """Ask once; `timeout` in seconds, for silence and for the whole answer."""
    try:
        return within(2 * timeout, lambda: _healthy(properties, timeout))
    except TimeoutError:
        return False


def _healthy(properties: Mapping[str, Any], timeout: float) -> bool:
    if properties.get("http"):
        context = _context(properties)
        return _answers(str(properties["http"]), int(properties.get("status") or 200), timeout, context)
    if properties.get("tcp"):
        host, _, port = str(properties["tcp"]).rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout).close()
        except OSError:
            return False
    return True


def _context(properties: Mapping[str, Any]) -> ssl.SSLContext | None:
    """Both sides show the one certificate. Python reads a key from a file alone: one of our own, for a moment."""
    if not properties.get("key"):
        return None
    context = ssl.create_default_context(cadata=str(properties["certificate"]))
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as pair:
        print(properties["certificate"], properties["key"], sep="\n", file=pair, flush=True)
        context.load_cert_chain(pair.name)
    return context


def _answers(url: str, status: int, timeout: float, context: ssl.SSLContext | None) -> bool:
    handler = urllib.request.HTTPSHandler(context=context)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler, NoRedirects())
    try:
        with opener.open(url, timeout=timeout) as answer:
            return answer.status == status
    except urllib.error.HTTPError as error:
        return error.code == status
    except (OSError, http.client.HTTPException):
        return False
