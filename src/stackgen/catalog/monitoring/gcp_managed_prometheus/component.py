"""Managed Service for Prometheus, Cloud Trace and Cloud Monitoring, fed by an OpenTelemetry collector."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from contract_bindings import Bindings
from gcp_platform.cloud_run import Container, Scale, Service
from gcp_platform.naming import physical_name
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone
from monitoring_files import Watched, alerts, scrape_jobs

USER = "stackgen"
ROUTES = "/etc/vmauth/routes.json"
COLLECTOR = "/etc/otelcol-google/config.yaml"
FRONT, QUERY, RECEIVER = 8427, 9090, 4318
FRONTEND_IMAGE = "gke.gcr.io/prometheus-engine/frontend:v0.15.3-gke.0"
COLLECTOR_IMAGE = (
    "us-docker.pkg.dev/cloud-ops-agents-artifacts/google-cloud-opentelemetry-collector/otelcol-google:0.131.0"
)
ROLES = {
    "write-metrics": "roles/monitoring.metricWriter",
    "read-metrics": "roles/monitoring.viewer",
    "write-traces": "roles/cloudtrace.agent",
}


@dataclass(frozen=True, kw_only=True)
class GcpManagedPrometheusArgs:
    """watches: component → its bindings; those with an `openmetrics` binding are scraped."""

    gcp: Zone
    callers: Sequence[Caller] = ()
    watches: Watched = field(default_factory=dict)
    scrape_interval: str
    front_image: str
    cpu: str
    memory: str


class GcpManagedPrometheus(pulumi.ComponentResource):
    """Metrics in Managed Prometheus, traces in Cloud Trace; applications see one address with a password."""

    bindings: Bindings

    def __init__(
        self, name: str, args: GcpManagedPrometheusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:monitoring:GcpManagedPrometheus", name, None, opts)
        self._child = child = pulumi.ResourceOptions(parent=self)
        workload = args.gcp.workload(name)
        for label, role in ROLES.items():
            workload.may(label, role)
        password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=child).result
        # exactly one: the collector scrapes, and two would count everything twice
        scale = Scale(minimum=1, maximum=1)
        service = Service(name, args.gcp, self._containers(args, password), scale, opts=child)
        self._alerts(name)
        self._dashboard(name, list(args.watches))
        credentials = password.apply(lambda value: base64.b64encode(f"{USER}:{value}".encode()).decode())
        self.bindings = {
            "prometheus": {"url": service.url, "username": USER, "password": password},
            "otlp": {
                "endpoint": service.url,
                "headers": pulumi.Output.concat("Authorization=Basic%20", credentials),
                "query-url": service.url,
            },
        }
        self.register_outputs({"bindings": self.bindings})

    def _containers(self, args: GcpManagedPrometheusArgs, password: pulumi.Output[str]) -> list[Container]:
        zone = args.gcp
        jobs = scrape_jobs(args.watches)
        collector = pulumi.Output.all(jobs, zone.project, args.scrape_interval).apply(_collector)
        return [
            Container(
                name="front",
                image=zone.image(args.front_image),
                args=[f"-auth.config={ROUTES}", f"-httpListenAddr=:{FRONT}"],
                files={ROUTES: password.apply(_routes)},
                port=FRONT,
                health_path="/health",
                after=["query", "collector"],
                cpu=args.cpu,
                memory="512Mi",
            ),
            Container(
                name="query",
                image=zone.image(FRONTEND_IMAGE),
                args=[f"--web.listen-address=:{QUERY}", f"--query.project-id={zone.project}"],
                health_path="/-/ready",
                health_port=QUERY,
                memory="512Mi",
            ),
            Container(
                name="collector",
                image=zone.image(COLLECTOR_IMAGE),
                args=[f"--config={COLLECTOR}"],
                files={COLLECTOR: collector},
                health_path="/",
                health_port=13133,
                cpu=args.cpu,
                memory=args.memory,
            ),
        ]

    def _alerts(self, name: str) -> None:
        """The rules that every provider has, as Cloud Monitoring's policies."""
        for rule in alerts():
            severity = rule.get("labels", {}).get("severity", "none")
            if severity == "none":
                continue  # a watchdog that always fires would be an incident that never ends
            condition = gcp.monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
                query=rule["expr"], duration=_seconds(rule.get("for", "0s")), evaluation_interval="30s"
            )
            gcp.monitoring.AlertPolicy(
                f"{name}-{rule['alert'].lower()}",
                display_name=f"{physical_name(name)}: {rule['alert']}",
                combiner="OR",
                severity=severity.upper(),
                conditions=[
                    gcp.monitoring.AlertPolicyConditionArgs(
                        display_name=rule["alert"], condition_prometheus_query_language=condition
                    )
                ],
                documentation=gcp.monitoring.AlertPolicyDocumentationArgs(
                    content=rule["annotations"]["summary"], mime_type="text/markdown"
                ),
                opts=self._child,
            )

    def _dashboard(self, name: str, watched: Sequence[str]) -> None:
        """What is up, and how long scrapes take."""
        charts = {"Components that answer": "up", "Seconds per scrape": "scrape_duration_seconds"}
        widgets = [
            {
                "title": title,
                "xyChart": {
                    "dataSets": [{"timeSeriesQuery": {"prometheusQuery": query}, "plotType": "LINE"}]
                },
            }
            for title, query in charts.items()
        ]
        text = {
            "title": "Watched",
            "text": {"content": ", ".join(watched) or "nothing", "format": "MARKDOWN"},
        }
        content = {
            "displayName": physical_name(name),
            "gridLayout": {"columns": "2", "widgets": [*widgets, text]},
        }
        gcp.monitoring.Dashboard(
            f"{name}-dashboard", dashboard_json=json.dumps(content, sort_keys=True), opts=self._child
        )


def _seconds(duration: str) -> str:
    """Prometheus' 1m as the API's 60s."""
    units = {"s": 1, "m": 60, "h": 3600}
    return f"{int(duration[:-1]) * units[duration[-1]]}s"


def _routes(password: str) -> str:
    """vmauth's configuration: which path goes to which server, for the one user there is."""
    routes = [
        (["/v1/traces", "/v1/metrics"], f"http://127.0.0.1:{RECEIVER}"),
        (["/api/v1/.*"], f"http://127.0.0.1:{QUERY}"),
    ]
    url_map = [{"src_paths": paths, "url_prefix": prefix} for paths, prefix in routes]
    return json.dumps({"users": [{"username": USER, "password": password, "url_map": url_map}]}, indent=1)


def _collector(known: Sequence[Any]) -> str:
    """The collector's configuration (https://cloud.google.com/stackdriver/docs/managed-prometheus/setup-otel)."""
    jobs, project, interval = known
    scrape = {"global": {"scrape_interval": interval}, "scrape_configs": jobs}
    pipelines = {
        "metrics": {
            "receivers": ["otlp", "prometheus"],
            "processors": ["resourcedetection", "batch"],
            "exporters": ["googlemanagedprometheus"],
        },
        "traces": {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["googlecloud"]},
    }
    content = {
        "extensions": {"health_check": {"endpoint": "0.0.0.0:13133"}},
        "receivers": {
            "otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{RECEIVER}"}}},
            "prometheus": {"config": scrape},
        },
        "processors": {"batch": {}, "resourcedetection": {"detectors": ["gcp"]}},
        "exporters": {"googlemanagedprometheus": {"project": project}, "googlecloud": {"project": project}},
        "service": {"extensions": ["health_check"], "pipelines": pipelines},
    }
    return json.dumps(content, indent=1)
