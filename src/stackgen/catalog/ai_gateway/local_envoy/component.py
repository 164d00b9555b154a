"""Envoy in front of the stack's models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pulumi

from contract_bindings import Bindings
from litellm_proxy import UPSTREAM, Splits, bindings_of, model_bindings
from local_provider import Health, Password, Port, Process, ProcessArgs, PythonEnvironment
from local_provider.workspace import Workspace

FILES = Path(__file__).parent / "files" / "local_envoy"
PROGRAM = "envoy/_bin/envoy"
TYPE = "type.googleapis.com/envoy."
METADATA, MODEL = "stackgen", "model"
ADMIN = "admin.sock"  # a socket in the run folder: Envoy's administration shows keys to whoever reaches it
LONGEST = 32 * 1024 * 1024  # bytes of a request


@dataclass(frozen=True, kw_only=True)
class LocalEnvoyArgs:
    """serves: component → its bindings; each is routed to under its component's name. timeout: seconds.

    splits: name → component → weight."""

    workspace: Workspace
    serves: Mapping[str, Mapping[str, Any]]
    splits: Splits = field(default_factory=dict[str, Mapping[str, int]])
    timeout: int
    retries: int
    port: int | None = None


class LocalEnvoy(pulumi.ComponentResource):
    """A gateway with one key; models' own keys stay with it."""

    bindings: Bindings

    def __init__(self, name: str, args: LocalEnvoyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:ai_gateway:LocalEnvoy", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        lock = (FILES / "requirements.txt").read_text()
        python = PythonEnvironment(f"{name}-binary", requirements=lock, opts=child).path
        number = Port(f"{name}-port", preferred=args.port, opts=child).number
        url = pulumi.Output.concat("http://127.0.0.1:", number.apply(str))
        key = pulumi.Output.concat("sk-", Password(f"{name}-api-key", opts=child).value)
        upstreams = {served: _upstream(served, bindings) for served, bindings in args.serves.items()}
        given = pulumi.Output.all(
            port=number,
            key=key,
            upstreams=upstreams,
            splits=args.splits,
            timeout=args.timeout,
            retries=args.retries,
        )
        flags = ["-c", "envoy.json", "--disable-hot-restart", "--concurrency", "2", "--log-level", "warning"]
        Process(
            name,
            ProcessArgs(
                workspace=args.workspace.directory,
                command=[python.apply(_program), *flags],
                secret_files={"envoy.json": given.apply(_configuration)},
                health=Health(http=pulumi.Output.concat(url, "/health")),
            ),
            child,
        )
        self.served = model_bindings(args.serves, url, key)
        self.bindings = bindings_of(self.served, url, key, args.splits)
        self.register_outputs({"bindings": self.bindings})


def _program(environment: str) -> str:
    """The executable in the environment that carries it."""
    return str(next(Path(environment, "lib").glob("python3.*/site-packages")) / PROGRAM)


def _upstream(name: str, bindings: Mapping[str, Any]) -> pulumi.Output[dict[str, str]]:
    """Where a model is, its key and its server's name for it; ValueError for one that speaks another API."""
    binding = bindings.get("openai-chat") or bindings.get("openai-embeddings")
    if binding is None or UPSTREAM in bindings:
        raise ValueError(f"Envoy translates nothing, and {name} does not speak OpenAI's API itself")
    return pulumi.Output.all(base=binding["base-url"], key=binding["api-key"], model=binding["model"])


def _configuration(given: Mapping[str, Any]) -> str:
    """Envoy's bootstrap (https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/bootstrap)."""
    upstreams: Mapping[str, Mapping[str, str]] = given["upstreams"]
    shares: Mapping[str, Mapping[str, int]] = {**{name: {name: 1} for name in upstreams}, **given["splits"]}
    routes = [_health(), *map(_metrics, ("/metrics", "/metrics/")), _models(list(shares))]
    for name, weights in shares.items():
        members = {member: upstreams[member] for member in weights}
        routes.append(_route(name, weights, members, given["timeout"], given["retries"]))
    manager = {
        "@type": f"{TYPE}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "http_filters": _filters(given["key"]),
        "route_config": {"virtual_hosts": [{"name": "models", "domains": ["*"], "routes": routes}]},
    }
    listener = {
        "name": "gateway",
        "address": _socket("127.0.0.1", int(given["port"])),
        "per_connection_buffer_limit_bytes": LONGEST,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    clusters = [_cluster(name, urlsplit(of["base"])) for name, of in upstreams.items()]
    admin = {"pipe": {"path": ADMIN}}
    content = {
        "admin": {"address": admin},
        "static_resources": {"listeners": [listener], "clusters": [*clusters, _members("admin", admin)]},
    }
    return json.dumps(content, indent=1)


def _filters(key: str) -> list[dict[str, Any]]:
    """First the key, then which model the body names, then the routes that ask for it."""
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "api_key_auth": (
            "api_key_auth.v3.ApiKeyAuth",
            {
                "credentials": [{"key": key, "client": "application"}],
                "key_sources": [{"header": "Authorization"}],
            },
        ),
        "json_to_metadata": (
            "json_to_metadata.v3.JsonToMetadata",
            {
                "request_rules": {
                    "rules": [
                        {
                            "selectors": [{"key": "model"}],
                            "on_present": {"metadata_namespace": METADATA, "key": MODEL},
                        }
                    ]
                }
            },
        ),
        "transform": ("transform.v3.TransformConfig", {}),
        "router": ("router.v3.Router", {}),
    }
    return [
        {
            "name": f"envoy.filters.http.{name}",
            "typed_config": {"@type": f"{TYPE}extensions.filters.http.{kind}", **more},
        }
        for name, (kind, more) in kinds.items()
    ]


def _health() -> dict[str, Any]:
    """The one path that needs no key."""
    off = {"@type": f"{TYPE}config.route.v3.FilterConfig", "config": {}, "disabled": True}
    return {
        "match": {"path": "/health"},
        "direct_response": {"status": 200, "body": {"inline_string": "{}"}},
        "typed_per_filter_config": {"envoy.filters.http.api_key_auth": off},
    }


def _metrics(path: str) -> dict[str, Any]:
    """Envoy's own metrics, from behind the socket."""
    return {
        "match": {"path": path},
        "route": {"cluster": "admin", "prefix_rewrite": "/stats/prometheus"},
    }


def _models(names: list[str]) -> dict[str, Any]:
    """What can be asked for (https://platform.openai.com/docs/api-reference/models/list)."""
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "stackgen"} for name in names]
    return {
        "match": {"path": "/v1/models"},
        "direct_response": {
            "status": 200,
            "body": {"inline_string": json.dumps({"object": "list", "data": listed})},
        },
        "response_headers_to_add": [{"header": {"key": "content-type", "value": "application/json"}}],
    }


def _route(
    name: str,
    weights: Mapping[str, int],
    members: Mapping[str, Mapping[str, str]],
    timeout: int,
    retries: int,
) -> dict[str, Any]:
    """Requests for a name, shared out by weight; raises ValueError where members' paths differ."""
    paths = {urlsplit(upstream["base"]).path for upstream in members.values()}
    if len(paths) > 1:
        raise ValueError(f"split '{name}' shares among servers with different paths: {', '.join(paths)}")
    named = {"filter": METADATA, "path": [{"key": MODEL}], "value": {"string_match": {"exact": name}}}
    return {
        "match": {"prefix": "/v1/", "dynamic_metadata": [named]},
        "route": {
            "weighted_clusters": {
                "clusters": [_share(name, of, weights[of], upstream) for of, upstream in members.items()]
            },
            "prefix_rewrite": f"{paths.pop()}/",
            "timeout": f"{timeout}s",
            "retry_policy": {"retry_on": "connect-failure,refused-stream,reset", "num_retries": retries},
        },
    }


def _share(asked: str, cluster: str, weight: int, upstream: Mapping[str, str]) -> dict[str, Any]:
    """One server's share, with its own key, and its own name of the model where that is another one."""
    share: dict[str, Any] = {
        "name": cluster,
        "weight": weight,
        "host_rewrite_literal": urlsplit(upstream["base"]).netloc,
        "request_headers_to_add": [
            {
                "header": {"key": "authorization", "value": f"Bearer {upstream['key']}".replace("%", "%%")},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }
    if upstream["model"] != asked:
        body = {"body_format": {"json_format": {"model": upstream["model"]}}, "action": "MERGE"}
        renamed = {
            "@type": f"{TYPE}extensions.filters.http.transform.v3.TransformConfig",
            "request_transformation": {"body_transformation": body},
        }
        share["typed_per_filter_config"] = {"envoy.filters.http.transform": renamed}
    return share


def _cluster(name: str, url: Any) -> dict[str, Any]:
    """A model's server."""
    found = _members(name, _socket(url.hostname, url.port or (443 if url.scheme == "https" else 80)))
    if url.scheme == "https":
        tls = {"@type": f"{TYPE}extensions.transport_sockets.tls.v3.UpstreamTlsContext", "sni": url.hostname}
        found["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": tls}
    return found


def _members(name: str, address: Mapping[str, Any]) -> dict[str, Any]:
    kind = "STATIC" if "pipe" in address else "STRICT_DNS"
    member = {"endpoint": {"address": address}}
    return {
        "name": name,
        "type": kind,
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [member]}]},
    }


def _socket(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}
