"""A skeleton of `stackgen catalog new` with a server of one's own runs, and what it keeps is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Cli

pytestmark = pytest.mark.local
STACK = ("stack.yaml", "-e", "dev")
SERVER = '''
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = {"object": "list", "data": [{"id": "chat", "object": "model", "created": 0, "owned_by": "tiny"}]}
USAGE = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}


class Handler(BaseHTTPRequestHandler):
    """A chat server that always says the same, to who has the key."""

    def do_GET(self):
        if self.path == "/health":
            self._answer(200, {})
        else:
            self._answer(*((200, MODEL) if self._has_key() else (401, {})))

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "ready"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        said = {"id": "1", "object": "chat.completion", "created": 0, "model": "chat", "choices": [choice]}
        self._answer(*((200, {**said, "usage": USAGE}) if self._has_key() else (401, {})))

    def _has_key(self):
        return self.headers.get("Authorization") == f"Bearer {os.environ['API_KEY']}"

    def _answer(self, status, content):
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
'''
KEPT = ("chat", "model-listed", "auth-required")


def test_an_own_server_comes_up_and_is_measured(open_folder: Path) -> None:
    folder = open_folder / "catalog-new"
    folder.mkdir()
    cli = Cli(folder, folder / "data")
    cli("catalog", "new", "chat_model/local/tiny")
    own = folder / "shelf" / "chat_model" / "local_tiny"
    (own / "files" / "server.py").write_text(SERVER)
    described = own / "implementation.py"
    text = described.read_text().replace('"openai-chat": ()', f'"openai-chat": {KEPT!r}')
    for clause in KEPT:
        text = text.replace(f'            "{clause}": UNMEASURED,\n', "")
    described.write_text(text)
    (folder / "stack.yaml").write_text((own / "example.yaml").read_text())
    cli("catalog", "trust", "shelf")
    cli("catalog", "check")
    cli("up", *STACK, "--yes")
    try:
        clauses = [word for clause in KEPT for word in ("--clause", clause)]
        result = json.loads(cli("verify", *STACK, *clauses, "--json").stdout)["result"]
        assert {item["clause"]: item["status"] for item in result["results"]} == dict.fromkeys(KEPT, "kept")
    finally:
        cli("down", *STACK, "--delete-data", "--yes")
    assert not (folder / "data" / "stacks").exists()
