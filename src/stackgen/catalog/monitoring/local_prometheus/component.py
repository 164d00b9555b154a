"""Prometheus, Alertmanager and Jaeger as processes of this machine, behind one address with a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from contract_bindings import Bindings
from local_provider.monitoring import CALLERS, CLIENT, MonitoringServers, scrape_configuration
from local_provider.workspace import Workspace
from monitoring_files import RULES, scrape_jobs
from monitoring_files.front import ALERT_PATHS, QUERY_PATHS, RULE_PATHS, TRACE_PATHS, Route

FILES = Path(__file__).parent / "files" / "local_prometheus"
PROMETHEUS = "github.com/prometheus/prometheus/cmd/prometheus"
# Targets are written down, so that nothing has to be discovered: without the clouds' libraries it builds in a tenth.
TAGS = "remove_all_sd"
# Names of what comes by OTLP as in every other store of metrics here, with units and `_total`.
OTLP = {"translation_strategy": "UnderscoreEscapingWithSuffixes"}


@dataclass(frozen=True, kw_only=True)
class LocalPrometheusArgs:
    """watches: component → its bindings; those with an `openmetrics` binding are scraped."""

    workspace: Workspace
    watches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    retention: str
    scrape_interval: str
    port: int | None = None


class LocalPrometheus(pulumi.ComponentResource):
    """Four servers; applications see one Prometheus API and one OTLP endpoint."""

    bindings: Bindings

    def __init__(
        self, name: str, args: LocalPrometheusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:monitoring:LocalPrometheus", name, None, opts)
        servers = MonitoringServers(name, args.workspace, self)
        receiver, query = servers.traces()
        alerts = servers.alerts()
        metrics = _metrics(servers, args, alerts)
        self.bindings = servers.front(
            args.port,
            [
                Route(paths=ALERT_PATHS, url=alerts, asked=True),
                Route(paths=("/v1/traces",), url=receiver),
                Route(paths=TRACE_PATHS, url=query, asked=True),
                Route(paths=("/v1/metrics",), url=pulumi.Output.concat(metrics, "/api/v1/otlp")),
                Route(paths=(*QUERY_PATHS, *RULE_PATHS), url=metrics),
            ],
        )
        self.register_outputs({"bindings": self.bindings})


def _metrics(
    servers: MonitoringServers, args: LocalPrometheusArgs, alerts: pulumi.Output[str]
) -> pulumi.Output[str]:
    """Prometheus: scrapes, keeps, evaluates PromQL and the rules, takes OTLP."""
    data, port = servers.data("metrics"), servers.port("metrics")
    own = {
        servers.name: {"openmetrics": {"url": pulumi.Output.concat("https://127.0.0.1:", port, "/metrics")}}
    }
    jobs = scrape_jobs({**own, **args.watches})
    credentials = {"tls_config": CLIENT}
    target = alerts.apply(lambda url: [url.removeprefix("https://")])
    more: dict[str, Any] = {
        "rule_files": ["rules.yml"],
        "alerting": {
            "alertmanagers": [
                {"scheme": "https", "tls_config": CLIENT, "static_configs": [{"targets": target}]}
            ]
        },
        "otlp": OTLP,
    }
    configuration = pulumi.Output.all(jobs, credentials, args.scrape_interval, more).apply(
        scrape_configuration
    )
    flags: list[Any] = ["--config.file=prometheus.yml", "--web.config.file=web.yml"]
    flags += ["--web.enable-otlp-receiver"]
    flags += [f"--storage.tsdb.retention.time={args.retention}", "--web.listen-address"]
    flags += [pulumi.Output.concat("127.0.0.1:", port), pulumi.Output.concat("--storage.tsdb.path=", data)]
    return servers.process(
        "metrics",
        servers.binary("metrics", FILES, PROMETHEUS, TAGS),
        flags,
        port,
        health="/-/ready",
        files={"rules.yml": RULES, "web.yml": CALLERS},
        secret_files={"prometheus.yml": configuration},
        stop_timeout=30,
    )
