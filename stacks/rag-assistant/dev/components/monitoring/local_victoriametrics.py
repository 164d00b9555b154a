"""Metrics, alerts and traces as processes of this machine, behind one address with a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from contract_bindings import Bindings
from local_provider.certificate import CERTIFICATE, KEY
from local_provider.monitoring import (
    ASKS,
    INNER,
    OWN,
    STORES_OWN,
    MonitoringServers,
    own_keys,
    scrape_configuration,
)
from local_provider.workspace import Workspace
from monitoring_files import RULES, scrape_jobs
from monitoring_files.front import ALERT_PATHS, QUERY_PATHS, TRACE_PATHS, USER, Route

# VictoriaMetrics' pages for a browser, which query below /prometheus.
UI = ("/vmui/?", "/vmui/[^?]+", *(f"/prometheus{path}" for path in QUERY_PATHS))


@dataclass(frozen=True, kw_only=True)
class LocalVictoriametricsArgs:
    """watches: component → its bindings; those with an `openmetrics` binding are scraped."""

    workspace: Workspace
    watches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    retention: str
    scrape_interval: str
    port: int | None = None


class LocalVictoriametrics(pulumi.ComponentResource):
    """Five small servers; applications see one Prometheus API and one OTLP endpoint."""

    bindings: Bindings

    def __init__(
        self, name: str, args: LocalVictoriametricsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:monitoring:LocalVictoriametrics", name, None, opts)
        servers = MonitoringServers(name, args.workspace, self)
        metrics = _metrics(servers, args)
        receiver, query = servers.traces()
        alerts = servers.alerts()
        rules = _rules(servers, metrics, alerts)
        self.bindings = servers.front(
            args.port,
            [
                Route(paths=("/api/v1/(rules|alerts|alert)",), url=rules, asked=True),
                Route(paths=ALERT_PATHS, url=alerts, asked=True),
                Route(paths=("/v1/traces",), url=receiver),
                Route(paths=TRACE_PATHS, url=query, asked=True),
                Route(paths=("/v1/metrics",), url=pulumi.Output.concat(metrics, "/opentelemetry")),
                Route(paths=(*QUERY_PATHS, "/api/v1/write", *UI), url=metrics),
            ],
        )
        self.register_outputs({"bindings": self.bindings})


def _metrics(servers: MonitoringServers, args: LocalVictoriametricsArgs) -> pulumi.Output[str]:
    """VictoriaMetrics: scrapes, keeps, evaluates PromQL, takes OTLP."""
    data, port = servers.data("metrics"), servers.port("metrics")
    own = {
        servers.name: {"openmetrics": {"url": pulumi.Output.concat("https://127.0.0.1:", port, "/metrics")}}
    }
    jobs = scrape_jobs({**own, **args.watches})
    credentials = {
        "basic_auth": {"username": USER, "password": servers.inner},
        "tls_config": {"ca_file": CERTIFICATE},
    }
    scrape = pulumi.Output.all(jobs, credentials, args.scrape_interval).apply(scrape_configuration)
    flags = ["-promscrape.config=scrape.yml", "-search.latencyOffset=0s", "-memory.allowedBytes=64MB"]
    flags += ["-opentelemetry.usePrometheusNaming", f"-retentionPeriod={args.retention}"]
    return servers.victoriametrics(
        "metrics",
        "victoria-metrics",
        [pulumi.Output.concat("-storageDataPath=", data), *ASKS, *own_keys(*STORES_OWN), *flags],
        port,
        secret_files={"scrape.yml": scrape},
    )


def _rules(
    servers: MonitoringServers, metrics: pulumi.Output[str], alerts: pulumi.Output[str]
) -> pulumi.Output[str]:
    """vmalert: evaluates the rules."""
    port = servers.port("rules")
    flags: list[Any] = ["-rule=rules.yml", "-rule.evalDelay=0s", "-evaluationInterval=5s"]
    addresses = {"datasource": metrics, "remoteWrite": metrics, "remoteRead": metrics, "notifier": alerts}
    flags += [pulumi.Output.concat(f"-{key}.url=", url) for key, url in addresses.items()]
    for store in ("datasource", "remoteWrite", "remoteRead"):
        flags += [f"-{store}.basicAuth.username={USER}", f"-{store}.basicAuth.passwordFile={INNER}"]
        flags += [f"-{store}.tlsCAFile={CERTIFICATE}"]
    shown = {"CAFile": CERTIFICATE, "CertFile": CERTIFICATE, "KeyFile": KEY}
    flags += [f"-notifier.tls{kind}={file}" for kind, file in shown.items()]
    return servers.victoriametrics(
        "rules", "vmalert", [*ASKS, *own_keys(*OWN, "metrics"), *flags], port, files={"rules.yml": RULES}
    )
