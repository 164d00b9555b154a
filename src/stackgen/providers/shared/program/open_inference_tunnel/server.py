"""Runs MLServer inside a managed endpoint, and unpacks the requests that arrive through its one path.

MLServer serves what stands in the current folder. Needs nothing but Python and MLServer.
"""

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

PREDICT, HEALTH, PREFIX = "/invocations", "/ping", "/v2/"
PORT, BEHIND = 8080, {"HTTP": 8081, "GRPC": 8082, "METRICS": 8083}
TIMEOUT = 55  # seconds; the endpoint itself waits for 60


class Unpacking(BaseHTTPRequestHandler):
    """One request from the endpoint."""

    protocol_version = "HTTP/1.1"
    server_url: str

    def do_GET(self) -> None:
        """Health: ready when the model is."""
        status = ask(self.server_url, "GET", "/v2/health/ready", None)[0] if self.path == HEALTH else 404
        self._answer(status, {})

    def do_POST(self) -> None:
        """A packed request; the answer's own status goes inside, so that the endpoint passes it on."""
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            packed = json.loads(content)
            method, path, body = str(packed["method"]), str(packed["path"]), packed.get("body")
        except (ValueError, KeyError, TypeError):
            self._answer(400, {"error": "no packed request"})
            return
        if self.path != PREDICT or method not in ("GET", "POST") or not path.startswith(PREFIX):
            self._answer(404, {"error": f"only {PREFIX} is served here"})
            return
        status, kind, text = ask(self.server_url, method, path, body)
        self._answer(200, {"status": status, "type": kind, "body": text})

    def _answer(self, status: int, value: dict[str, object]) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """MLServer logs requests; once is enough."""


def ask(server_url: str, method: str, path: str, body: str | None) -> tuple[int, str, str]:
    """Status, content type and body of MLServer's answer; 503 while there is none."""
    data = body.encode() if body is not None else None
    headers = {"Content-Type": "application/json"} if data is not None else {}
    request = Request(f"{server_url}{path}", data=data, headers=headers, method=method)
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read().decode()
    except HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read().decode("utf-8", "replace")
    except (URLError, OSError):
        return 503, "application/json", json.dumps({"error": "the model server does not answer"})


def unpacking(server_url: str, host: str, port: int) -> ThreadingHTTPServer:
    """The server in front of MLServer, ready to serve."""
    handler = type("Bound", (Unpacking,), {"server_url": server_url})
    return ThreadingHTTPServer((host, port), handler)


def main() -> int:
    """Serve until MLServer ends, and end as it ended."""
    ports = {f"MLSERVER_{name}_PORT": str(port) for name, port in BEHIND.items()}
    own = {"MLSERVER_HOST": "127.0.0.1", "MLSERVER_PARALLEL_WORKERS": "0"}
    server = subprocess.Popen(["mlserver", "start", "."], env={**os.environ, **own, **ports})
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    inside = unpacking(f"http://127.0.0.1:{BEHIND['HTTP']}", "0.0.0.0", PORT)  # noqa: S104 - a container's own
    Thread(target=inside.serve_forever, daemon=True).start()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
