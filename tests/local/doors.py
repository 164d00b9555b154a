"""What every TCP listener of a deployment answers to whoever has no credentials."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import grpc
import psutil

STRANGER = "evil.example"
SITE = {"Host": STRANGER, "Origin": f"http://{STRANGER}"}
"""What a browser sends for a page of another site, whose name leads to this machine."""
USER: dict[str, str] = {}
"""What any other user of this machine sends."""
CLOSED = (401, 403)
LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
PATIENCE = 60  # seconds for one answer
HANDSHAKE = 10  # seconds for one step of TLS
TIMED_OUT = 0
"""In place of a status: the server took the request and said nothing."""
PLAIN_TO_TLS = b"Client sent an HTTP request to an HTTPS server"
ANSWERS = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
"""What a gRPC call gets where no server is, or where one asks for credentials."""
PATHS = (
    *(
        "/health",
        "/healthz",
        "/ping",
        "/-/healthy",
        "/-/ready",
        "/robots.txt",
        "/version",
        "/health/liveliness",
    ),
    *("/v2/health/live", "/v2/health/ready", "/v2/models/claims", "/v2/models/scores"),
    *("/", "/docs", "/redoc", "/openapi.json", "/config", "/favicon.ico"),
    *(
        "/metrics",
        "/metrics/",
        "/flags",
        "/config.json",
        "/-/reload",
        "/-/quit",
        "/debug/pprof/",
        "/debug/pprof/cmdline",
    ),
    *(
        "/api/v1/query?query=up",
        "/api/v1/series?match[]=up",
        "/api/v1/targets",
        "/api/v1/status/config",
        "/federate?match[]=up",
    ),
    *(
        "/api/v1/rules",
        "/api/v1/alerts",
        "/vmui/",
        "/vmalert/groups",
        "/snapshot/create",
        "/internal/force_merge",
    ),
    *("/api/v1/admin/tsdb/delete_series?match[]=up", "/api/v1/export?match[]=up"),
    *("/api/v2/status", "/api/v2/alerts", "/api/v2/silences"),
    *(
        "/api/services",
        "/api/traces?service=x",
        "/api/dependencies?endTs=1",
        "/api/v3/services",
        "/sampling?service=x",
    ),
    *("/v2", "/v2/models", "/v2/docs", "/v2/repository/index", "/v1/models", "/v1/metadata"),
    *(
        "/dir/status",
        "/cluster/status",
        "/status",
        "/ui/index.html",
        "/stats/prometheus",
        "/config_dump",
        "/admin",
    ),
    *(
        "/ajax-api/2.0/mlflow/experiments/search",
        "/api/2.0/mlflow/users/list",
        "/graphql",
        "/routes",
        "/ui/",
        "/key/list",
    ),
    *("/health/readiness", "/model/info", "/slots", "/props", "/api/tags"),
)
SENT = (
    *(
        "/-/reload",
        "/-/quit",
        "/api/v1/write",
        "/api/v1/import/prometheus",
        "/api/v1/otlp/v1/metrics",
        "/opentelemetry/v1/metrics",
    ),
    *("/write?db=x", "/api/v1/admin/tsdb/delete_series?match[]=up", "/api/v2/alerts", "/api/v2/silences"),
    *("/v1/traces", "/v1/metrics", "/api/traces", "/v2/repository/index", "/v2/repository/models/x/load"),
    *("/v2/repository/models/x/unload", "/v2/models/x/infer", "/v1/models/x:predict", "/v1/chat/completions"),
    *(
        "/key/generate",
        "/model/new",
        "/config/update",
        "/completion",
        "/embeddings",
        "/api/pull",
        "/api/create",
    ),
    *(
        "/vol/grow",
        "/dir/assign",
        "/submit",
        "/api/2.0/mlflow/users/create",
        "/ajax-api/2.0/mlflow/experiments/create",
    ),
)
OPERATORS = (
    *("/-/reload", "/-/quit", "/config", "/flags", "/metrics", "/debug/pprof/cmdline", "/targets"),
    *("/snapshot/create", "/snapshot/delete_all", "/internal/force_merge", "/internal/force_flush"),
    *("/internal/resetRollupResultCache", "/internal/log_new_series?seconds=1", "/tags/delSeries"),
    *("/api/v1/admin/tsdb/delete_series?match[]=up", "/api/v1/admin/tsdb/clean_tombstones"),
    *(
        "/api/v1/admin/tsdb/snapshot",
        "/api/v1/admin/status/metric_names_stats/reset",
        "/api/v1/status/config",
    ),
    *("/api/v1/import", "/api/v1/import/prometheus", "/api/v1/import/csv", "/api/v1/import/native"),
    *("/api/v1/export?match[]=up", "/api/v1/query/../admin/tsdb/delete_series?match[]=up"),
    *("/api/v1/label/a%2F..%2F..%2Fadmin%2Ftsdb%2Fdelete_series/values?match[]=up", "/api/v2/silence/x"),
)
"""What the holder of a store of metrics may do and a component with its binding may not: delete, reload, configure."""
SENT_TO_ALERTS = ("/api/v2/alerts", "/api/v2/silences")
BODY = b'{"model": "x", "api_base": "http://127.0.0.1:1", "inputs": [], "messages": []}'
CALLS = (
    *("/grpc.health.v1.Health/Check", "/inference.GRPCInferenceService/ServerLive"),
    *("/inference.model_repository.ModelRepositoryService/RepositoryIndex",),
    *(
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        "/jaeger.api_v2.QueryService/GetServices",
    ),
    *(
        "/master_pb.Seaweed/ListMasterClients",
        "/filer_pb.SeaweedFiler/Ping",
        "/volume_server_pb.VolumeServer/Ping",
    ),
)


@dataclass(frozen=True)
class Listener:
    """A port on which a process of the deployment listens."""

    process: str
    port: int


def listeners(workspace: Path) -> list[Listener]:
    """Every TCP listener of every process of a deployment, whatever it was started for."""
    found = {listener for process in psutil.process_iter() for listener in _of(process, workspace)}
    return sorted(found, key=lambda listener: (listener.process, listener.port))


def _of(process: psutil.Process, workspace: Path) -> Iterator[Listener]:
    try:
        environment = process.environ()
        if environment.get("STACKGEN_WORKSPACE") == str(workspace):
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    name = environment.get("STACKGEN_PROCESS", "?")
                    assert connection.laddr[0] in LOOPBACK, f"{name} listens at {connection.laddr[0]}"
                    yield Listener(name, connection.laddr[1])
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return


@dataclass(frozen=True)
class Answers:
    """What a process may answer without credentials.

    to_users: `METHOD /path` → the status that any user of the machine may get. to_all: the same for pages of other
    sites too. nothing: statuses that say nothing, whatever the path. readable: whether pages of other sites may
    read what it answers.
    """

    to_users: Mapping[str, int] = field(default_factory=dict[str, int])
    to_all: Mapping[str, int] = field(default_factory=dict[str, int])
    nothing: tuple[int, ...] = ()
    readable: bool = False


def open_doors(listener: Listener, may: Answers) -> list[str]:
    """One line for each other answer that needed no credentials."""
    return [
        *_by_http(listener, USER, may, tls=False),
        *_by_http(listener, USER, may, tls=True),
        *_by_http(listener, SITE, may, tls=False),
        *_by_grpc(listener),
    ]


def _by_http(listener: Listener, headers: Mapping[str, str], may: Answers, *, tls: bool) -> Iterator[str]:
    who = "another site" if headers is SITE else "another user"
    allowed = may.to_all if headers is SITE else {**may.to_all, **may.to_users}
    for method, paths in (("GET", PATHS), ("POST", SENT), ("OPTIONS", ("/", "/metrics"))):
        for path in paths:
            answer = ask(listener.port, method, path, headers, tls=tls)
            if answer is None:
                return  # no HTTP here, or a handshake that asks for a certificate
            status, origin = answer
            if status == TIMED_OUT:
                yield f"{listener.process}: {method} {path} has no answer after {PATIENCE} seconds"
                return
            if origin and headers is SITE and not may.readable:
                yield f"{listener.process}: {method} {path} lets {origin} read the answer"
            if status not in (*CLOSED, *may.nothing) and allowed.get(f"{method} {path}") != status:
                yield f"{listener.process}: {method} {path} answers {status} to {who}"


def ask(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str],
    *,
    tls: bool = False,
    sent: bytes = BODY,
) -> tuple[int, str | None] | None:
    """Status and Access-Control-Allow-Origin of an answer; None where nobody answers HTTP."""
    place: http.client.HTTPConnection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=HANDSHAKE, context=_any_certificate())
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    )
    body = sent if method == "POST" else None
    try:
        place.request(method, path, body, {"Content-Type": "text/plain", **headers})
        answer = place.getresponse()
        if not tls and PLAIN_TO_TLS in answer.read(200):
            return None
    except TimeoutError:  # a server without TLS may wait for the rest of what it takes for a request
        return None if tls else (TIMED_OUT, None)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        place.close()
    return answer.status, answer.getheader("Access-Control-Allow-Origin")


@cache
def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _by_grpc(listener: Listener) -> Iterator[str]:
    with grpc.insecure_channel(f"127.0.0.1:{listener.port}") as channel:
        for call in CALLS:
            try:
                channel.unary_unary(call)(b"", timeout=PATIENCE)
            except grpc.RpcError as error:
                code = error.code()  # type: ignore[attr-defined]  # a call that failed is its own description
                if code not in ANSWERS:
                    yield f"{listener.process}: {call} answers {code.name}"
                if code is grpc.StatusCode.UNAVAILABLE:
                    return
            else:
                yield f"{listener.process}: {call} answers OK"
