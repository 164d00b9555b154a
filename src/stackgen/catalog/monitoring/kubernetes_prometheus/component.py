"""Prometheus, Alertmanager, Jaeger, Grafana and a collector, as plain workloads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

import kubernetes_platform
from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.containers import Container, Health
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import Pod
from kubernetes_platform.servers import Server, ServerArgs
from kubernetes_platform.telemetry import ALERTMANAGER, PROMETHEUS, Telemetry, TelemetryArgs
from kubernetes_platform.workloads import Caller
from monitoring_files import RULES, Watched, scrape_jobs

CONFIGURATION = "/etc/prometheus"
DATA = "/prometheus"
ROUTING = (Path(kubernetes_platform.__file__).parent / "alertmanager.yml").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class KubernetesPrometheusArgs:
    """watches: component → its bindings; those with an `openmetrics` binding are scraped. storage: GiB."""

    kubernetes: Ground
    callers: Sequence[Caller] = ()
    watches: Watched = field(default_factory=dict)
    scrape_interval: str
    retention: str
    storage: int
    image: str
    alerts_image: str
    traces_image: str
    collector_image: str
    grafana_image: str
    front_image: str
    cpu: str
    memory: str
    expose: bool


class KubernetesPrometheus(pulumi.ComponentResource):
    """Metrics, alerts, traces and dashboards; applications see one address with a password."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesPrometheusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:monitoring:KubernetesPrometheus", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        alerts = self._alertmanager()
        metrics = self._prometheus(alerts.host)
        telemetry = Telemetry(
            name,
            TelemetryArgs(
                metrics=metrics.url,
                alerts=alerts.url,
                callers=args.callers,
                front_image=args.front_image,
                collector_image=args.collector_image,
                traces_image=args.traces_image,
                grafana_image=args.grafana_image,
                storage=args.storage,
                expose=args.expose,
            ),
            args.kubernetes,
            self._child,
        )
        self.bindings = telemetry.bindings
        publish(name, self.bindings, args.kubernetes, self._child)
        self.register_outputs({"bindings": self.bindings, "address": telemetry.address})

    def _alertmanager(self) -> Server:
        container = Container(
            name="alertmanager",
            image=self._args.kubernetes.image(self._args.alerts_image),
            args=[
                "--config.file=/etc/alertmanager/alertmanager.yml",
                "--storage.path=/alertmanager",
                "--cluster.listen-address=",
            ],
            files={"/etc/alertmanager/alertmanager.yml": ROUTING},
            volumes={"/alertmanager": "alerts"},
            ports={"http": ALERTMANAGER},
            health=Health(port=ALERTMANAGER, path="/-/ready"),
            cpu="100m",
            memory="256Mi",
        )
        return self._server("alerts", container, ALERTMANAGER, {"alerts": 1})

    def _prometheus(self, alerts: str) -> Server:
        container = Container(
            name="prometheus",
            image=self._args.kubernetes.image(self._args.image),
            args=[
                f"--config.file={CONFIGURATION}/prometheus.yml",
                f"--storage.tsdb.path={DATA}/metrics",
                f"--storage.tsdb.retention.time={self._args.retention}",
                "--web.enable-otlp-receiver",
            ],
            files={f"{CONFIGURATION}/rules.yml": RULES},
            secret_files={f"{CONFIGURATION}/prometheus.yml": self._configuration(alerts)},
            volumes={DATA: "metrics"},
            ports={"http": PROMETHEUS},
            health=Health(port=PROMETHEUS, path="/-/ready", patience=600),
            cpu=self._args.cpu,
            memory=self._args.memory,
        )
        return self._server("metrics", container, PROMETHEUS, {"metrics": self._args.storage})

    def _server(self, part: str, container: Container, port: int, storage: dict[str, int]) -> Server:
        args = ServerArgs(pod=Pod(containers=[container]), port=port, component=self._name, storage=storage)
        return Server(f"{self._name}-{part}", args, self._args.kubernetes, self._child)

    def _configuration(self, alerts: str) -> pulumi.Output[str]:
        """https://prometheus.io/docs/prometheus/latest/configuration/configuration/ (JSON is YAML, too)."""
        own = {"job_name": self._name, "static_configs": [{"targets": [f"127.0.0.1:{PROMETHEUS}"]}]}
        alerting = {"alertmanagers": [{"static_configs": [{"targets": [f"{alerts}:{ALERTMANAGER}"]}]}]}
        interval = self._args.scrape_interval

        def content(jobs: Sequence[Any]) -> str:
            found = {
                "global": {"scrape_interval": interval, "evaluation_interval": interval},
                "rule_files": [f"{CONFIGURATION}/rules.yml"],
                "alerting": alerting,
                "otlp": {"translation_strategy": "UnderscoreEscapingWithSuffixes"},
                "scrape_configs": [own, *jobs],
            }
            return json.dumps(found, indent=1)

        return scrape_jobs(self._args.watches).apply(content)
