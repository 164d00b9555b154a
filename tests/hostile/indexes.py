"""Package indexes on loopback: one that serves what it should, others that serve what they like."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Server:
    """url: without a slash at its end. asked: path and headers of every request."""

    url: str
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])


@contextmanager
def serving(answer: Callable[[str], Answer]) -> Iterator[Server]:
    """A server on loopback that answers each path as `answer` says: status, headers, content."""
    server = Server("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append((self.path, dict(self.headers)))
            status, headers, content = answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815 - the library's name

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def wheel(name: str, version: str, files: dict[str, str]) -> bytes:
    """A wheel for every platform."""
    base = f"{name.replace('-', '_')}-{version}.dist-info"
    listed = {
        **files,
        f"{base}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{base}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {path: hashlib.sha256(text.encode()).digest() for path, text in listed.items()}
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{len(listed[path])}"
        for path, digest in digests.items()
    ]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in {**listed, f"{base}/RECORD": "\n".join([*record, f"{base}/RECORD,,", ""])}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return made.getvalue()


def index(packages: dict[str, tuple[str, bytes]]) -> Callable[[str], Answer]:
    """Answers of a package index. packages: name → file's name and content; other names are not there."""
    files = dict(packages.values())

    def answer(path: str) -> Answer:
        found = re.fullmatch(r"/simple/([\w.-]+)/", path)
        if found and found[1] in packages:
            file = packages[found[1]][0]
            page = f'<!DOCTYPE html><html><body><a href="/files/{file}">{file}</a></body></html>'
            return 200, {"Content-Type": "text/html"}, page.encode()
        content = files.get(path.removeprefix("/files/"))
        return (404, {}, b"") if content is None else (200, {}, content)

    return answer


def module(
    files: dict[str, str], name: str = "stranger.test/server", version: str = "v1.0.0"
) -> Callable[[str], Answer]:
    """Answers of a Go module proxy that has one module."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in files.items():
            archive.writestr(f"{name}@{version}/{path}", text)
    base = f"/{name}/@v/"
    known = {
        f"{base}list": f"{version}\n".encode(),
        f"{base}{version}.info": f'{{"Version": "{version}", "Time": "2026-01-01T00:00:00Z"}}'.encode(),
        f"{base}{version}.mod": files["go.mod"].encode(),
        f"{base}{version}.zip": made.getvalue(),
    }
    return lambda path: (200, {}, known[path]) if path in known else (404, {}, b"not found")
