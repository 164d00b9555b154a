"""Prometheus, Alertmanager, Jaeger, Grafana and a collector, as plain workloads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

import kubernetes_platform
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
    scrape_interval: str = "30s"
    retention: str = "15d"
    storage: int = 20
    image: str = (
        "docker.io/prom/prometheus:v3.13.3"
        "@sha256:6976aa8a60fec930796ce5772b8d12da7a318a5daa8d40d69c5c7819a05eeed7"
    )
    alerts_image: str = (
        "docker.io/prom/alertmanager:v0.34.1"
        "@sha256:e9733bafb1bdef9b00e25a21f8f99dc26a22224bf16641ad754d1649f4c3357a"
    )
    traces_image: str = (
        "docker.io/jaegertracing/jaeger:2.20.0"
        "@sha256:46a886260e04002d8f45e213fc39063fa11a50446048fdaa64786fc0840cb9f8"
    )
    collector_image: str = (
        "docker.io/otel/opentelemetry-collector-contrib:0.159.0"
        "@sha256:1f2c54a30e713fac6b3ae77a1ec84010c2007e29ced8ec666214fc2f6739c1cc"
    )
    grafana_image: str = "docker.io/grafana/grafana:12.4.4"
    front_image: str = "docker.io/victoriametrics/vmauth:v1.140.0"
    cpu: str = "500m"
    memory: str = "2Gi"
    expose: bool = False


class KubernetesPrometheus(pulumi.ComponentResource):
    """Metrics, alerts, traces and dashboards; applications see one address with a password."""

    bindings: dict[str, dict[str, pulumi.Input[Any]]]

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
