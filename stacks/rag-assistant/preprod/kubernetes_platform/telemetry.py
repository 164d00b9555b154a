"""Servers around Prometheus: traces, a collector, dashboards, and one address with a password for all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_random as random

from contract_bindings import Bindings
from kubernetes_platform.containers import Container, Health
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.policies import within
from kubernetes_platform.servers import Server, ServerArgs
from kubernetes_platform.workloads import Caller
from monitoring_files import DASHBOARD
from monitoring_files.front import (
    ALERT_PATHS,
    QUERY_PATHS,
    RULE_PATHS,
    SENT_PATHS,
    TRACE_PATHS,
    USER,
    Route,
    basic,
    front_configuration,
)

FRONT, PROMETHEUS, ALERTMANAGER, QUERY, RECEIVER, HEALTH, GRAFANA = 8427, 9090, 9093, 16686, 4318, 13133, 3000
ROUTES = "/etc/vmauth/routes.json"
COLLECTOR = "/etc/otelcol-contrib/config.yaml"
JAEGER = "/etc/jaeger/config.yaml"
TRACES = "/traces"
BADGER = {"ephemeral": False, "directories": {"keys": f"{TRACES}/keys", "values": f"{TRACES}/values"}}


@dataclass(frozen=True, kw_only=True)
class TelemetryArgs:
    """metrics, alerts: URLs of Prometheus and Alertmanager. storage: of traces, GiB. expose: the dashboards."""

    metrics: str
    alerts: str
    callers: Sequence[Caller]
    front_image: str
    collector_image: str
    traces_image: str
    grafana_image: str
    storage: int
    expose: bool


class Telemetry:
    """bindings: bindings to query and to send, at one address. address: URL of the dashboards from outside."""

    bindings: Bindings

    def __init__(self, name: str, args: TelemetryArgs, ground: Ground, opts: pulumi.ResourceOptions) -> None:
        self._name, self._args, self._ground, self._opts = name, args, ground, opts
        password = self._password("password", 40)
        traces = self._traces()
        receiver = self._collector(traces)
        self.address = self._dashboards(traces)
        url = self._front(password, f"http://{traces}:{QUERY}", receiver)
        own = [PROMETHEUS, ALERTMANAGER, QUERY, RECEIVER]
        within(name, own, ground, opts)
        credentials = password.apply(basic)
        self.bindings = {
            "prometheus": {"url": url, "username": USER, "password": password},
            "otlp": {
                "endpoint": url,
                "headers": pulumi.Output.concat("Authorization=Basic%20", credentials),
                "query-url": url,
            },
        }

    def _password(self, what: str, length: int) -> pulumi.Output[str]:
        return random.RandomPassword(
            f"{self._name}-{what}", length=length, special=False, opts=self._opts
        ).result

    def _server(self, part: str, container: Container, port: int, **more: Any) -> Server:
        args = ServerArgs(pod=Pod(containers=[container]), port=port, component=self._name, **more)
        return Server(f"{self._name}-{part}", args, self._ground, self._opts)

    def _traces(self) -> str:
        """Jaeger with its own store on a volume; its host."""
        content = {
            "extensions": {
                "healthcheckv2": {"use_v2": True, "http": {"endpoint": f"0.0.0.0:{HEALTH}"}},
                "jaeger_query": {"storage": {"traces": "kept"}, "http": {"endpoint": f"0.0.0.0:{QUERY}"}},
                "jaeger_storage": {"backends": {"kept": {"badger": BADGER}}},
            },
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"0.0.0.0:{RECEIVER}"}}}},
            "processors": {"batch": {}},
            "exporters": {"jaeger_storage_exporter": {"trace_storage": "kept"}},
            "service": {
                "extensions": ["healthcheckv2", "jaeger_storage", "jaeger_query"],
                "pipelines": {
                    "traces": {
                        "receivers": ["otlp"],
                        "processors": ["batch"],
                        "exporters": ["jaeger_storage_exporter"],
                    }
                },
                "telemetry": {"metrics": {"level": "none"}},
            },
        }
        container = Container(
            name="jaeger",
            image=self._ground.image(self._args.traces_image),
            args=[f"--config={JAEGER}"],
            files={JAEGER: json.dumps(content, indent=1)},
            volumes={TRACES: "traces"},
            ports={"query": QUERY, "otlp": RECEIVER},
            health=Health(port=HEALTH, path="/status"),
            cpu="250m",
            memory="1Gi",
        )
        storage = {"traces": self._args.storage}
        return self._server("traces", container, QUERY, other_ports={"otlp": RECEIVER}, storage=storage).host

    def _collector(self, traces: str) -> str:
        """What applications send to: traces go to Jaeger, metrics to Prometheus. Its URL."""
        pipelines = {
            signal: {
                "receivers": ["otlp"],
                "processors": ["memory_limiter", "batch"],
                "exporters": [f"otlphttp/{signal}"],
            }
            for signal in ("traces", "metrics")
        }
        content = {
            "extensions": {"health_check": {"endpoint": f"0.0.0.0:{HEALTH}"}},
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"0.0.0.0:{RECEIVER}"}}}},
            "processors": {
                "memory_limiter": {
                    "check_interval": "1s",
                    "limit_percentage": 80,
                    "spike_limit_percentage": 20,
                },
                "batch": {},
            },
            "exporters": {
                "otlphttp/traces": {"endpoint": f"http://{traces}:{RECEIVER}"},
                "otlphttp/metrics": {"endpoint": f"{self._args.metrics}/api/v1/otlp"},
            },
            "service": {"extensions": ["health_check"], "pipelines": pipelines},
        }
        container = Container(
            name="collector",
            image=self._ground.image(self._args.collector_image),
            args=[f"--config={COLLECTOR}"],
            files={COLLECTOR: json.dumps(content, indent=1)},
            ports={"otlp": RECEIVER},
            health=Health(port=HEALTH, path="/"),
            cpu="250m",
            memory="512Mi",
        )
        return self._server("collector", container, RECEIVER).url

    def _dashboards(self, traces: str) -> str | None:
        """Grafana with its sources and dashboards as files; its address, where it is exposed."""
        sources = {
            "apiVersion": 1,
            "datasources": [
                {
                    "name": "Metrics",
                    "uid": "metrics",
                    "type": "prometheus",
                    "url": self._args.metrics,
                    "isDefault": True,
                },
                {"name": "Traces", "uid": "traces", "type": "jaeger", "url": f"http://{traces}:{QUERY}"},
            ],
        }
        place = {"name": "files", "type": "file", "options": {"path": "/etc/grafana/dashboards"}}
        container = Container(
            name="grafana",
            image=self._ground.image(self._args.grafana_image),
            environment={
                "GF_ANALYTICS_REPORTING_ENABLED": "false",
                "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
                "GF_USERS_ALLOW_SIGN_UP": "false",
            },
            secrets={"GF_SECURITY_ADMIN_PASSWORD": self._password("dashboards-password", 40)},
            files={
                "/etc/grafana/provisioning/datasources/sources.yaml": json.dumps(sources, indent=1),
                "/etc/grafana/provisioning/dashboards/files.yaml": json.dumps(
                    {"apiVersion": 1, "providers": [place]}, indent=1
                ),
                "/etc/grafana/dashboards/components.json": DASHBOARD,
            },
            writable=["/tmp", "/var/lib/grafana", "/var/log/grafana"],  # noqa: S108 - volumes of the pod's own
            ports={"http": GRAFANA},
            health=Health(port=GRAFANA, path="/api/health"),
            cpu="250m",
            memory="512Mi",
        )
        return self._server("dashboards", container, GRAFANA, expose=self._args.expose).address

    def _front(self, password: pulumi.Output[str], traces: str, receiver: str) -> str:
        """vmauth: the one address that clients are given, and it asks for the password."""
        routes = [
            Route(paths=ALERT_PATHS, url=self._args.alerts, asked=True),
            Route(paths=SENT_PATHS, url=receiver),
            Route(paths=TRACE_PATHS, url=traces, asked=True),
            Route(paths=(*QUERY_PATHS, *RULE_PATHS), url=self._args.metrics),
        ]
        container = Container(
            name="front",
            image=self._ground.image(self._args.front_image),
            args=[f"-auth.config={ROUTES}", f"-httpListenAddr=:{FRONT}"],
            secret_files={ROUTES: password.apply(lambda value: front_configuration(value, routes))},
            ports={"http": FRONT},
            health=Health(port=FRONT, path="/health"),
            cpu="100m",
            memory="128Mi",
        )
        args = ServerArgs(pod=Pod(containers=[container]), port=FRONT, callers=self._args.callers)
        return Server(self._name, args, self._ground, self._opts).url
