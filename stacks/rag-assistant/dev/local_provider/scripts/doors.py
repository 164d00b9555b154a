"""Access control of a server on loopback: an ASGI application in front of another one.

Beside it in the run folder of the server (https://asgi.readthedocs.io/en/latest/specs/www.html).
"""

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

HERE = ("127.0.0.1", "localhost")
OPEN_INFERENCE = (  # health, metadata and inference of the protocol, and nothing that changes what is served
    r"GET /v2/?|GET /v2/health/(live|ready)"
    r"|GET /v2/models/[^/]+(/versions/[^/]+)?(/ready)?|POST /v2/models/[^/]+(/versions/[^/]+)?/infer"
)
KEYS = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "x-litellm-api-key")
Scope = Mapping[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Send], Awaitable[None]]


class Doors:
    """Passes on what is `free`, and with the key what is `keyed`; both match `METHOD /path` as a whole.

    Pages of other sites are refused: through a browser they reach loopback, also by a name of theirs that leads here.
    """

    def __init__(self, app: Application, key: str, free: str, keyed: str) -> None:
        self.app = app
        self.key = key.encode()
        self.free, self.keyed = re.compile(free), re.compile(keyed)

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif status := self.refusal(scope):
            await refuse(scope, send, status)
        else:
            await self.app(scope, receive, send)

    def refusal(self, scope: Scope) -> int | None:
        """The status to refuse with."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        asked = f"{scope.get('method', 'WEBSOCKET')} {scope['path']}"
        if self.keyed.fullmatch(asked) and any(self._opens(headers.get(name, "")) for name in KEYS):
            return None
        host = headers.get("host", "")
        if host.rpartition(":")[0] not in HERE and host not in HERE:
            return 403
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return 403
        return None if self.free.fullmatch(asked) else 401

    def _opens(self, given: str) -> bool:
        return hmac.compare_digest(given.removeprefix("Bearer ").encode(), self.key)


async def refuse(scope: Scope, send: Send, status: int) -> None:
    """401 or 403 in words that clients of OpenAI's API show."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = (
        b'{"error": {"message": "the key is missing or wrong", "type": "auth_error", "code": "%d"}}' % status
    )
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
