"""The service: GET /health, POST /ask, POST /triage, and a page to ask from. Listens on HOST and PORT."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from assistant.answering import answer
from assistant.triage import FEATURES, triage

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Assistant</title>
<style>
body{font:1rem/1.5 system-ui;max-width:42rem;margin:3rem auto;padding:0 1rem}
input{width:100%;padding:.5rem}
</style>
<h1>Ask the policies</h1>
<form><input name="q" placeholder="How long do I have to report a stolen car?" autofocus></form>
<p id="answer"></p><ol id="citations"></ol>
<script>
document.forms[0].onsubmit = async (event) => {
  event.preventDefault()
  const body = JSON.stringify({question: event.target.q.value})
  const reply = await (await fetch("/ask", {method: "POST", body})).json()
  document.getElementById("answer").textContent = reply.answer || reply.error
  const list = document.getElementById("citations")
  list.replaceChildren(...(reply.citations || []).map((c) => {
    const item = document.createElement("li")
    item.textContent = `${c.source}, ${c.heading} (${c.score})`
    return item
  }))
}
</script></html>"""


class Handler(BaseHTTPRequestHandler):
    """One request at a time per thread; errors are sentences in JSON."""

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send(200, {"status": "ok"})
        elif self.path == "/":
            self._send_text(200, "text/html; charset=utf-8", PAGE)
        else:
            self._send(404, {"error": f"there is nothing at {self.path}"})

    def do_POST(self) -> None:
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self._send(200, self._answer(body))
        except (ValueError, KeyError, TypeError) as error:
            self._send(400, {"error": f"this request can't be understood: {error}"})
        except Exception as error:
            self.log_error("%s: %s", type(error).__name__, error)
            self._send(502, {"error": f"something behind the assistant failed: {type(error).__name__}"})

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.path == "/ask":
            return answer(str(body["question"]), body.get("product"))
        if self.path == "/triage":
            return {"triage": triage(body), "features": FEATURES}
        raise ValueError(f"there is nothing at {self.path}")

    def _send(self, status: int, content: dict[str, Any]) -> None:
        self._send_text(status, "application/json", json.dumps(content))

    def _send_text(self, status: int, kind: str, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"]))
    ThreadingHTTPServer(address, Handler).serve_forever()
