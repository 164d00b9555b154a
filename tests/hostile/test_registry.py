"""A registry that a compromised account runs can't have files read that only we may read."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.accounts import component_account

pytestmark = pytest.mark.engine
SECRET = b"GGUF root's own"


class Registry(BaseHTTPRequestHandler):
    """Says that the model's files are wherever it likes."""

    place = ""

    def do_GET(self) -> None:
        version = {"name": "tiny", "version": "1", "status": "READY", "source": self.place, "run_id": ""}
        body = json.dumps({"model_version": version, "artifact_uri": self.place}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def registry() -> Iterator[dict[str, str]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield {"tracking-uri": f"http://127.0.0.1:{server.server_port}", "username": "u", "password": "p"}
    server.shutdown()


@pytest.mark.parametrize("readable", [False, True])
def test_a_registry_names_a_file_of_ours(
    registry: dict[str, str], open_folder: Path, readable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stackgen.providers.local.operations import PROGRAM

    monkeypatch.setattr(sys, "path", [str(PROGRAM), *sys.path])
    from local_provider import registered_model
    from local_provider.failure import LocalFailure
    from local_provider.registry_download import download

    monkeypatch.setattr(registered_model, "of_servers", lambda *_: True)  # this test's process is none

    folder = open_folder / f"weights-{readable}"
    folder.mkdir()
    (folder / "private.gguf").write_bytes(SECRET)
    folder.chmod(0o755 if readable else 0o700)
    Registry.place = f"file://{folder}"
    target = open_folder / f"made-{readable}.gguf"
    if readable or os.geteuid() != 0:
        with component_account(open_folder, "chat") as account:
            assert download("models:/tiny/1", target, registry, account, "").read_bytes() == SECRET
    else:
        with (
            component_account(open_folder, "chat") as account,
            pytest.raises(LocalFailure, match="models:/tiny/1"),
        ):
            download("models:/tiny/1", target, registry, account, "")
        assert not target.exists()
