"""Speaks the Open Inference Protocol (/v2/...) for a model behind a managed endpoint.

UPSTREAM_URL: what takes the packed requests. TOKEN_URL: a metadata server that gives access tokens, where the
endpoint asks for one. PORT: where to listen. Needs nothing but Python.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

PREFIX, ALIVE = "/v2/", "/alive"
LONGEST = 1_500_000  # bytes of a request; managed endpoints take little more
TIMEOUT = 60  # seconds


class Tokens:
    """Access tokens, each used until a minute before it ends."""

    def __init__(self, url: str) -> None:
        self._url, self._token, self._until, self._lock = url, "", 0.0, Lock()

    def get(self) -> str:
        """A token that is good for at least a minute."""
        with self._lock:
            if time.monotonic() > self._until:
                request = Request(self._url, headers={"Metadata-Flavor": "Google"})
                with urlopen(request, timeout=10) as answer:
                    found = json.load(answer)
                self._token = found["access_token"]
                self._until = time.monotonic() + found["expires_in"] - 60
            return self._token


class Upstream:
    """The managed endpoint."""

    def __init__(self, url: str, tokens: Tokens | None = None) -> None:
        self._url, self._tokens = url, tokens

    def ask(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        """Status, content type and body of the model server's own answer."""
        headers = {"Content-Type": "application/json"}
        if self._tokens is not None:
            headers["Authorization"] = f"Bearer {self._tokens.get()}"
        packed = json.dumps({"method": method, "path": path, "body": body}).encode()
        request = Request(self._url, data=packed, headers=headers, method="POST")
        with urlopen(request, timeout=TIMEOUT) as answer:
            found = json.load(answer)
        return found["status"], found["type"], found["body"]


class Front(BaseHTTPRequestHandler):
    """One request of an application's."""

    protocol_version = "HTTP/1.1"
    upstream: Upstream

    def do_GET(self) -> None:
        """Health and metadata."""
        if self.path == ALIVE:
            self._answer(200, "application/json", "{}")
        else:
            self._pass_on("GET", None)

    def do_POST(self) -> None:
        """Inference."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST:
            self.close_connection = True
            self._refuse(413, f"a request needs a Content-Length of at most {LONGEST} bytes")
            return
        self._pass_on("POST", self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _pass_on(self, method: str, body: str | None) -> None:
        if not self.path.startswith(PREFIX):
            self._refuse(404, f"only {PREFIX} is served here")
            return
        try:
            status, kind, text = self.upstream.ask(method, self.path, body)
        except HTTPError as error:
            self._refuse(503, f"the endpoint answers {error.code}")
        except (URLError, OSError, ValueError, KeyError):
            self._refuse(503, "the endpoint does not answer")
        else:
            self._answer(status, kind, text)

    def _refuse(self, status: int, sentence: str) -> None:
        self._answer(status, "application/json", json.dumps({"error": sentence}))

    def _answer(self, status: int, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Requests may hold what is nobody's business: they are counted by the endpoint, not logged here."""


def front(upstream: Upstream, host: str, port: int) -> ThreadingHTTPServer:
    """The server, ready to serve."""
    handler = type("Bound", (Front,), {"upstream": upstream})
    return ThreadingHTTPServer((host, port), handler)


def main() -> None:
    """Serve until stopped."""
    token_url = os.environ.get("TOKEN_URL")
    upstream = Upstream(os.environ["UPSTREAM_URL"], Tokens(token_url) if token_url else None)
    front(upstream, "0.0.0.0", int(os.environ["PORT"])).serve_forever()  # noqa: S104 - a container's own


if __name__ == "__main__":
    main()
