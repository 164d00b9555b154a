"""Servers that every box of monitoring on this machine has: alerts, traces, and one address with a password.

Behind that address the servers answer each other alone, and each shows the box's certificate, so that none gives its
password to another process that has taken a port meanwhile. VictoriaMetrics' programs ask for a password that only they
have; the others ask for the certificate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi

from contract_bindings import Bindings
from local_provider.certificate import CERTIFICATE, KEY, Certificate
from local_provider.directory import DataDirectory
from local_provider.go_binary import GoBinary
from local_provider.health import Health
from local_provider.password import Password
from local_provider.port import Port
from local_provider.process import Process, ProcessArgs
from local_provider.workspace import Workspace
from monitoring_files.front import USER, Route, basic, front_configuration

ALERTMANAGER_FILE = (Path(__file__).parent / "scripts" / "alertmanager.yml").read_text(encoding="utf-8")
LOCKS = Path(__file__).parent / "locks"
VICTORIAMETRICS = "github.com/VictoriaMetrics/VictoriaMetrics/app"
ALERTMANAGER = "github.com/prometheus/alertmanager/cmd/alertmanager"
JAEGER = (
    "github.com/jaegertracing/jaeger/cmd/jaeger"  # version 2, which is in the module of the last version 1
)
NOWHERE = "127.0.0.1:0"  # listeners that nothing here uses: loopback, any port
INNER = "inner-password"  # a file in the run folder of each of VictoriaMetrics' programs
TLS = {"cert_file": CERTIFICATE, "key_file": KEY, "client_ca_file": CERTIFICATE}  # OpenTelemetry's collector
CALLERS = json.dumps(  # https://prometheus.io/docs/prometheus/latest/configuration/https
    {
        "tls_server_config": {
            "cert_file": CERTIFICATE,
            "key_file": KEY,
            "client_ca_file": CERTIFICATE,
            "client_auth_type": "RequireAndVerifyClientCert",
        }
    },
    indent=1,
)
ASKS = [f"-httpAuth.username={USER}", f"-httpAuth.password=file://./{INNER}"]  # VictoriaMetrics' programs
CLIENT = {"ca_file": CERTIFICATE, "cert_file": CERTIFICATE, "key_file": KEY}  # Prometheus as such a caller
# What VictoriaMetrics' programs do to themselves: each asks for the inner password as the argument `authKey`, which no
# caller of the front has. `metrics` is left out where the program is scraped.
OWN = ("flags", "pprof", "reload")
STORES_OWN = (
    *OWN,
    *("config", "delete", "forceFlush", "forceMerge", "logNewSeries", "metricNamesStatsReset"),
    *("search.resetCache", "snapshot"),
)


class MonitoringServers:
    """Makes the servers of the box called `name`; each method returns the base URL of what it has made."""

    def __init__(self, name: str, workspace: Workspace, owner: pulumi.Resource) -> None:
        self.name = name
        self.workspace = workspace
        self.child = pulumi.ResourceOptions(parent=owner)
        self._kept = pulumi.ResourceOptions(parent=owner, protect=workspace.protect)
        self._data: dict[str, pulumi.Output[str]] = {}
        self.inner = Password(f"{name}-inner-password", opts=self.child).value
        self.certificate = Certificate(f"{name}-certificate", opts=self.child)

    def process(
        self,
        part: str,
        program: pulumi.Output[str],
        flags: list[Any],
        port: pulumi.Output[str],
        *,
        health: str,
        **more: Any,
    ) -> pulumi.Output[str]:
        """A server that asks callers for the certificate, once its flags say so."""
        url = pulumi.Output.concat("https://127.0.0.1:", port)
        shared, place = self.certificate, pulumi.Output.concat(url, health)
        check = Health(http=place, certificate=shared.certificate, key=shared.key)
        self._start(part, [program, *flags], check, **more)
        return url

    def victoriametrics(
        self, part: str, program: str, flags: list[Any], port: pulumi.Output[str], **more: Any
    ) -> pulumi.Output[str]:
        """One of VictoriaMetrics' programs, which asks callers for the inner password once its flags say so.

        What stays open says nothing: /health, /ping, /-/healthy, /-/ready, /robots.txt and an icon.
        """
        url = pulumi.Output.concat("https://127.0.0.1:", port)
        shared = self.certificate
        check = Health(
            http=pulumi.Output.concat(url, "/health"), certificate=shared.certificate, key=shared.key
        )
        tls = ["-tls", f"-tlsCertFile={CERTIFICATE}", f"-tlsKeyFile={KEY}"]
        self._victoriametrics(part, program, [*tls, *flags], port, check, **more)
        return url

    def _victoriametrics(
        self,
        part: str,
        program: str,
        flags: list[Any],
        port: pulumi.Output[str],
        health: Health,
        **more: Any,
    ) -> None:
        binary = self.binary(part, LOCKS / "victoriametrics", f"{VICTORIAMETRICS}/{program}")
        listens = [pulumi.Output.concat("-httpListenAddr=127.0.0.1:", port), "-http.disableCORS"]
        self._start(part, [binary, *listens, *flags], health, **more)

    def _start(
        self,
        part: str,
        command: list[Any],
        health: Health,
        *,
        secret_files: Mapping[str, pulumi.Input[str]] | None = None,
        **more: Any,
    ) -> None:
        own = {**self.certificate.files(), INNER: self.inner, **(secret_files or {})}
        args = ProcessArgs(
            workspace=self.workspace.directory,
            component=self.name,
            data=[self._data[part]] if part in self._data else [],
            command=command,
            health=health,
            secret_files=own,
            **more,
        )
        Process(f"{self.name}-{part}", args, self.child)

    def binary(self, part: str, lock: Path, package: str, tags: str = "") -> pulumi.Output[str]:
        """Path of a server that is built from a Go module, as the go.mod and go.sum in `lock` say."""
        return GoBinary(
            f"{self.name}-{part}-binary", lock=lock, package=package, tags=tags, opts=self.child
        ).path

    def data(self, part: str) -> pulumi.Output[str]:
        """Path of a server's data, which outlives it."""
        path = f"{self.workspace.root}/data/{self.name}/{part}"
        self._data[part] = DataDirectory(f"{self.name}-{part}-data", path=path, opts=self._kept).path
        return self._data[part]

    def port(self, part: str) -> pulumi.Output[str]:
        """A free port."""
        return Port(f"{self.name}-{part}-port", opts=self.child).number.apply(str)

    def alerts(self) -> pulumi.Output[str]:
        """Alertmanager, which groups alerts and would send them on."""
        data, port = self.data("alerts"), self.port("alerts")
        flags: list[Any] = ["--config.file=alertmanager.yml", "--cluster.listen-address="]
        flags += ["--web.config.file=web.yml"]
        flags += [pulumi.Output.concat("--storage.path=", data)]
        flags += [pulumi.Output.concat("--web.listen-address=127.0.0.1:", port)]
        program = self.binary("alerts", LOCKS / "alertmanager", ALERTMANAGER)
        files = {"alertmanager.yml": ALERTMANAGER_FILE, "web.yml": CALLERS}
        return self.process("alerts", program, flags, port, files=files, health="/-/ready")

    def traces(self) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Jaeger, with its traces on disk: where it receives them, and where it is asked for them."""
        data = self.data("traces")
        receiver, query, admin = (self.port(f"traces-{part}") for part in ("receiver", "query", "admin"))
        configuration = pulumi.Output.all(data, receiver, query, admin).apply(_jaeger)
        self.process(
            "traces",
            self.binary("traces", LOCKS / "jaeger", JAEGER),
            ["--config=jaeger.json"],
            admin,
            health="/status",
            files={"jaeger.json": configuration},
        )
        return tuple(pulumi.Output.concat("https://127.0.0.1:", port) for port in (receiver, query))  # type: ignore[return-value]

    def front(self, preferred: int | None, routes: Sequence[Route]) -> Bindings:
        """vmauth: the only address that clients are given, and it asks for the password. Bindings of the box."""
        password = Password(f"{self.name}-password", opts=self.child).value
        port = Port(f"{self.name}-port", preferred=preferred, opts=self.child).number.apply(str)
        urls = [route.url for route in routes]
        known = pulumi.Output.all(password, self.inner, urls).apply(
            lambda values: front_configuration(
                values[0],
                [replace(route, url=url) for route, url in zip(routes, values[2], strict=True)],
                values[1],
            )
        )
        flags = ["-auth.config=routes.yml", f"-backend.TLSCAFile={CERTIFICATE}"]
        flags += [f"-backend.TLSCertFile={CERTIFICATE}", f"-backend.TLSKeyFile={KEY}"]
        flags += own_keys(*OWN, "metrics")
        url = pulumi.Output.concat("http://127.0.0.1:", port)
        health = Health(http=pulumi.Output.concat(url, "/health"))
        files = {"routes.yml": known}
        self._victoriametrics("front", "vmauth", flags, port, health, secret_files=files)
        credentials = password.apply(basic)
        return {
            "prometheus": {"url": url, "username": USER, "password": password},
            "otlp": {
                "endpoint": url,
                "headers": pulumi.Output.concat("Authorization=Basic%20", credentials),
                "query-url": url,
            },
        }


def _jaeger(values: Sequence[str]) -> str:
    """Jaeger's configuration: where traces are kept, and its ports. Each server asks for the certificate."""
    data, receiver, query, admin = values

    def listens(address: str) -> dict[str, Any]:
        return {"endpoint": address, "tls": TLS}

    directories = {"keys": f"{data}/keys", "values": f"{data}/values"}
    pipeline = {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["jaeger_storage_exporter"]}
    content = {
        "extensions": {
            "healthcheckv2": {"use_v2": True, "http": listens(f"127.0.0.1:{admin}")},
            "jaeger_query": {
                "storage": {"traces": "kept"},
                "enable_tracing": False,  # of itself
                "http": listens(f"127.0.0.1:{query}"),
                "grpc": listens(NOWHERE),
            },
            "jaeger_storage": {
                "backends": {"kept": {"badger": {"ephemeral": False, "directories": directories}}}
            },
        },
        "receivers": {"otlp": {"protocols": {"http": listens(f"127.0.0.1:{receiver}")}}},
        "processors": {"batch": {}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "kept"}},
        "service": {
            "extensions": ["healthcheckv2", "jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": pipeline},
            "telemetry": {"metrics": {"level": "none"}},
        },
    }
    return json.dumps(content, indent=1)


def own_keys(*kinds: str) -> list[str]:
    """Flags of VictoriaMetrics' programs, by which what they do to themselves asks for the inner password."""
    return [f"-{kind}AuthKey=file://./{INNER}" for kind in kinds]


def scrape_configuration(values: list[Any]) -> str:
    """Prometheus configuration as JSON, which is YAML too.

    values: jobs, the server's own first; what that one shows to be answered; the interval; what else there is.
    """
    (own, *others), credentials, interval, *more = values
    content = {"global": {"scrape_interval": interval}, "scrape_configs": [own | credentials, *others]}
    for each in more:
        content |= each
    return json.dumps(content, indent=1, sort_keys=True)
