"""Redirects: none on this machine, and elsewhere none that takes credentials along."""

from __future__ import annotations

import urllib.parse
from http.client import HTTPMessage
from typing import IO
from urllib.request import HTTPRedirectHandler, Request


class CredentialsStay(HTTPRedirectHandler):
    """Follows redirects; credentials are sent only to the server they are for: scheme, host and port."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """The request to the new address; without credentials where that is another server."""
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and _server(new.full_url) != _server(req.full_url):
            new.remove_header("Authorization")
        return new


class NoRedirects(HTTPRedirectHandler):
    """Returns a redirect as the answer: a process on a port of this machine must not redirect to another address."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """No request."""
        return None


def _server(url: str) -> tuple[str, str | None, int | None]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
