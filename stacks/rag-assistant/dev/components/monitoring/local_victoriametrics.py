"""Metrics, alerts and traces as processes of this machine, behind one address with a password."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from local_provider import DataDirectory, GoBinary, Health, Password, Port, Process, ProcessArgs
from local_provider.workspace import Workspace
from monitoring_files import RULES, scrape_jobs

FILES = Path(__file__).parent / "files" / "local_victoriametrics"
VICTORIAMETRICS, VERSION = "github.com/VictoriaMetrics/VictoriaMetrics/app", "v1.140.0"
ALERTMANAGER, ALERTMANAGER_VERSION = "github.com/prometheus/alertmanager/cmd/alertmanager", "v0.27.0"
JAEGER, JAEGER_VERSION = "github.com/jaegertracing/jaeger/cmd/all-in-one", "v1.62.0"
USER = "stackgen"
NOWHERE = "127.0.0.1:0"  # listeners that nothing here uses: loopback, any port


@dataclass(frozen=True, kw_only=True)
class LocalVictoriametricsArgs:
    """watches: component → its bindings; those with an `openmetrics` binding are scraped."""

    workspace: Workspace
    watches: Mapping[str, Mapping[str, Mapping[str, pulumi.Input[Any]]]] = field(default_factory=dict)
    retention: str = "30d"
    scrape_interval: str = "5s"
    port: int | None = None


class LocalVictoriametrics(pulumi.ComponentResource):
    """Five small servers; applications see one Prometheus API and one OTLP endpoint."""

    bindings: dict[str, dict[str, pulumi.Input[Any]]]

    def __init__(
        self, name: str, args: LocalVictoriametricsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:monitoring:LocalVictoriametrics", name, None, opts)
        self._name = name
        self._root, self._directory = args.workspace.root, args.workspace.directory
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions(parent=self, protect=args.workspace.protect)
        metrics = self._metrics(args)
        traces = self._traces()
        alerts = self._alerts()
        rules = self._rules(metrics, alerts)
        password = Password(f"{name}-password", opts=self._child).value
        url = self._front(args.port, password, metrics=metrics, rules=rules, alerts=alerts, **traces)
        credentials = password.apply(lambda value: base64.b64encode(f"{USER}:{value}".encode()).decode())
        self.bindings = {
            "prometheus": {"url": url, "username": USER, "password": password},
            "otlp": {
                "endpoint": url,
                "headers": pulumi.Output.concat("Authorization=Basic%20", credentials),
                "query-url": url,
            },
        }
        self.register_outputs({"bindings": self.bindings})

    def _metrics(self, args: LocalVictoriametricsArgs) -> pulumi.Output[str]:
        data = self._data("metrics")
        port = self._port("metrics")
        own = {
            self._name: {"openmetrics": {"url": pulumi.Output.concat("http://127.0.0.1:", port, "/metrics")}}
        }
        jobs = scrape_jobs({**own, **args.watches})
        scrape = pulumi.Output.all(jobs, args.scrape_interval).apply(_scrape_configuration)
        flags = ["-promscrape.config=scrape.yml", "-search.latencyOffset=0s", "-memory.allowedBytes=64MB"]
        flags += ["-opentelemetry.usePrometheusNaming", f"-retentionPeriod={args.retention}"]
        return self._process(
            "metrics",
            GoBinary(
                f"{self._name}-metrics-binary",
                version=VERSION,
                package=f"{VICTORIAMETRICS}/victoria-metrics",
                opts=self._child,
            ).path,
            [pulumi.Output.concat("-storageDataPath=", data), _listen(port), *flags],
            port,
            secret_files={"scrape.yml": scrape},
        )

    def _rules(self, metrics: pulumi.Output[str], alerts: pulumi.Output[str]) -> pulumi.Output[str]:
        port = self._port("rules")
        flags = ["-rule=rules.yml", "-rule.evalDelay=0s", "-evaluationInterval=5s"]
        addresses = {"datasource": metrics, "remoteWrite": metrics, "remoteRead": metrics, "notifier": alerts}
        flags += [pulumi.Output.concat(f"-{key}.url=", url) for key, url in addresses.items()]
        program = GoBinary(
            f"{self._name}-rules-binary",
            version=VERSION,
            package=f"{VICTORIAMETRICS}/vmalert",
            opts=self._child,
        ).path
        files = {"rules.yml": RULES}
        return self._process("rules", program, [_listen(port), *flags], port, files=files)

    def _alerts(self) -> pulumi.Output[str]:
        data, port = self._data("alerts"), self._port("alerts")
        flags = ["--config.file=alertmanager.yml", "--cluster.listen-address="]
        flags += [pulumi.Output.concat("--storage.path=", data)]
        flags += [pulumi.Output.concat("--web.listen-address=127.0.0.1:", port)]
        program = GoBinary(
            f"{self._name}-alerts-binary",
            version=ALERTMANAGER_VERSION,
            package=ALERTMANAGER,
            opts=self._child,
        ).path
        files = {"alertmanager.yml": (FILES / "alertmanager.yml").read_text()}
        return self._process("alerts", program, flags, port, files=files, health="/-/ready")

    def _traces(self) -> dict[str, pulumi.Output[str]]:
        data = self._data("traces")
        receiver, query, admin = (self._port(f"traces-{part}") for part in ("receiver", "query", "admin"))
        flags = {
            "collector.otlp.http.host-port": pulumi.Output.concat("127.0.0.1:", receiver),
            "query.http-server.host-port": pulumi.Output.concat("127.0.0.1:", query),
            "admin.http.host-port": pulumi.Output.concat("127.0.0.1:", admin),
            "collector.otlp.grpc.host-port": NOWHERE,
            "collector.grpc-server.host-port": NOWHERE,
            "collector.http-server.host-port": NOWHERE,
            "query.grpc-server.host-port": NOWHERE,
            "http-server.host-port": NOWHERE,
            "processor.jaeger-binary.server-host-port": NOWHERE,
            "processor.jaeger-compact.server-host-port": NOWHERE,
            "processor.zipkin-compact.server-host-port": NOWHERE,
            "badger.ephemeral": "false",
            "badger.directory-key": pulumi.Output.concat(data, "/keys"),
            "badger.directory-value": pulumi.Output.concat(data, "/values"),
        }
        self._process(
            "traces",
            GoBinary(
                f"{self._name}-traces-binary", version=JAEGER_VERSION, package=JAEGER, opts=self._child
            ).path,
            [pulumi.Output.concat(f"--{key}=", value) for key, value in flags.items()],
            admin,
            health="/",
            environment={"SPAN_STORAGE_TYPE": "badger"},
        )
        return {
            "receiver": pulumi.Output.concat("http://127.0.0.1:", receiver),
            "query": pulumi.Output.concat("http://127.0.0.1:", query),
        }

    def _front(
        self, preferred: int | None, password: pulumi.Output[str], **servers: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        """vmauth: the only address that clients are given, and it asks for the password."""
        port = Port(f"{self._name}-port", preferred=preferred, opts=self._child).number.apply(str)
        program = GoBinary(
            f"{self._name}-front-binary",
            version=VERSION,
            package=f"{VICTORIAMETRICS}/vmauth",
            opts=self._child,
        ).path
        routes = pulumi.Output.all(password=password, **servers).apply(_routes)
        flags = ["-auth.config=routes.yml", _listen(port)]
        return self._process("front", program, flags, port, secret_files={"routes.yml": routes})

    def _process(
        self,
        part: str,
        program: pulumi.Output[str],
        flags: list[Any],
        port: pulumi.Output[str],
        *,
        health: str = "/health",
        **more: Any,
    ) -> pulumi.Output[str]:
        """One of the servers; its base URL."""
        url = pulumi.Output.concat("http://127.0.0.1:", port)
        args = ProcessArgs(
            workspace=self._directory,
            command=[program, *flags],
            health=Health(http=pulumi.Output.concat(url, health)),
            **more,
        )
        Process(f"{self._name}-{part}", args, self._child)
        return url

    def _data(self, part: str) -> pulumi.Output[str]:
        path = f"{self._root}/data/{self._name}/{part}"
        return DataDirectory(f"{self._name}-{part}-data", path=path, opts=self._kept).path

    def _port(self, part: str) -> pulumi.Output[str]:
        return Port(f"{self._name}-{part}-port", opts=self._child).number.apply(str)


def _listen(port: pulumi.Output[str]) -> pulumi.Output[str]:
    return pulumi.Output.concat("-httpListenAddr=127.0.0.1:", port)


def _scrape_configuration(values: list[Any]) -> str:
    """Prometheus scrape configuration as JSON, which is YAML too."""
    jobs, interval = values
    content = {"global": {"scrape_interval": interval}, "scrape_configs": jobs}
    return json.dumps(content, indent=1, sort_keys=True)


def _routes(known: Mapping[str, str]) -> str:
    """vmauth's configuration: which path goes to which server, for the one user there is."""
    routes = [
        (["/api/v1/rules", "/api/v1/alerts", "/api/v1/alert"], known["rules"]),
        (["/api/v2/.*"], known["alerts"]),
        (["/v1/traces"], known["receiver"]),
        (["/api/traces.*", "/api/services.*", "/api/operations.*"], known["query"]),
        (["/v1/metrics"], f"{known['metrics']}/opentelemetry"),
        (["/api/v1/.*", "/prometheus/.*", "/vmui.*", "/federate", "/metrics"], known["metrics"]),
    ]
    url_map = [{"src_paths": paths, "url_prefix": prefix} for paths, prefix in routes]
    return json.dumps(
        {"users": [{"username": USER, "password": known["password"], "url_map": url_map}]}, indent=1
    )
