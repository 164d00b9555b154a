"""Servers that every box of monitoring on this machine has: alerts, traces, and one address with a password."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi

from local_provider.directory import DataDirectory
from local_provider.go_binary import GoBinary
from local_provider.health import Health
from local_provider.password import Password
from local_provider.port import Port
from local_provider.process import Process, ProcessArgs
from local_provider.workspace import Workspace

ALERTMANAGER_FILE = (Path(__file__).parent / "scripts" / "alertmanager.yml").read_text(encoding="utf-8")
LOCKS = Path(__file__).parent / "locks"
VICTORIAMETRICS = "github.com/VictoriaMetrics/VictoriaMetrics/app"
ALERTMANAGER = "github.com/prometheus/alertmanager/cmd/alertmanager"
JAEGER = "github.com/jaegertracing/jaeger/cmd/all-in-one"
USER = "stackgen"
NOWHERE = "127.0.0.1:0"  # listeners that nothing here uses: loopback, any port
Route = tuple[Sequence[str], pulumi.Output[str]]  # paths, and the address that answers them


class MonitoringServers:
    """Makes the servers of the box called `name`; each method returns the base URL of what it has made."""

    def __init__(self, name: str, workspace: Workspace, owner: pulumi.Resource) -> None:
        self.name = name
        self.workspace = workspace
        self.child = pulumi.ResourceOptions(parent=owner)
        self._kept = pulumi.ResourceOptions(parent=owner, protect=workspace.protect)

    def process(
        self,
        part: str,
        program: pulumi.Output[str],
        flags: list[Any],
        port: pulumi.Output[str],
        *,
        health: str = "/health",
        **more: Any,
    ) -> pulumi.Output[str]:
        """One of the servers."""
        url = pulumi.Output.concat("http://127.0.0.1:", port)
        args = ProcessArgs(
            workspace=self.workspace.directory,
            command=[program, *flags],
            health=Health(http=pulumi.Output.concat(url, health)),
            **more,
        )
        Process(f"{self.name}-{part}", args, self.child)
        return url

    def binary(self, part: str, lock: Path, package: str, tags: str = "") -> pulumi.Output[str]:
        """Path of a server that is built from a Go module, as the go.mod and go.sum in `lock` say."""
        return GoBinary(
            f"{self.name}-{part}-binary", lock=lock, package=package, tags=tags, opts=self.child
        ).path

    def victoriametrics(self, part: str, program: str) -> pulumi.Output[str]:
        """Path of one of VictoriaMetrics' programs."""
        return self.binary(part, LOCKS / "victoriametrics", f"{VICTORIAMETRICS}/{program}")

    def data(self, part: str) -> pulumi.Output[str]:
        """Path of a server's data, which outlives it."""
        path = f"{self.workspace.root}/data/{self.name}/{part}"
        return DataDirectory(f"{self.name}-{part}-data", path=path, opts=self._kept).path

    def port(self, part: str) -> pulumi.Output[str]:
        """A free port."""
        return Port(f"{self.name}-{part}-port", opts=self.child).number.apply(str)

    def alerts(self) -> pulumi.Output[str]:
        """Alertmanager, which groups alerts and would send them on."""
        data, port = self.data("alerts"), self.port("alerts")
        flags: list[Any] = ["--config.file=alertmanager.yml", "--cluster.listen-address="]
        flags += [pulumi.Output.concat("--storage.path=", data)]
        flags += [pulumi.Output.concat("--web.listen-address=127.0.0.1:", port)]
        program = self.binary("alerts", LOCKS / "alertmanager", ALERTMANAGER)
        files = {"alertmanager.yml": ALERTMANAGER_FILE}
        return self.process("alerts", program, flags, port, files=files, health="/-/ready")

    def traces(self) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Jaeger, with its traces on disk: where it receives them, and where it is asked for them."""
        data = self.data("traces")
        receiver, query, admin = (self.port(f"traces-{part}") for part in ("receiver", "query", "admin"))
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
        self.process(
            "traces",
            self.binary("traces", LOCKS / "jaeger", JAEGER),
            [pulumi.Output.concat(f"--{key}=", value) for key, value in flags.items()],
            admin,
            health="/",
            environment={"SPAN_STORAGE_TYPE": "badger"},
        )
        return tuple(pulumi.Output.concat("http://127.0.0.1:", port) for port in (receiver, query))  # type: ignore[return-value]

    def front(self, preferred: int | None, routes: Sequence[Route]) -> dict[str, dict[str, Any]]:
        """vmauth: the only address that clients are given, and it asks for the password. Bindings of the box."""
        password = Password(f"{self.name}-password", opts=self.child).value
        port = Port(f"{self.name}-port", preferred=preferred, opts=self.child).number.apply(str)
        program = self.victoriametrics("front", "vmauth")
        configuration = pulumi.Output.all(password, [[paths, url] for paths, url in routes]).apply(_routes)
        flags = ["-auth.config=routes.yml", listen(port)]
        url = self.process("front", program, flags, port, secret_files={"routes.yml": configuration})
        credentials = password.apply(lambda value: base64.b64encode(f"{USER}:{value}".encode()).decode())
        return {
            "prometheus": {"url": url, "username": USER, "password": password},
            "otlp": {
                "endpoint": url,
                "headers": pulumi.Output.concat("Authorization=Basic%20", credentials),
                "query-url": url,
            },
        }


def listen(port: pulumi.Output[str]) -> pulumi.Output[str]:
    """The flag of every server of VictoriaMetrics."""
    return pulumi.Output.concat("-httpListenAddr=127.0.0.1:", port)


def scrape_configuration(values: list[Any]) -> str:
    """Prometheus configuration as JSON, which is YAML too: jobs, the interval, and what else there is."""
    jobs, interval, *more = values
    content = {"global": {"scrape_interval": interval}, "scrape_configs": jobs}
    for each in more:
        content |= each
    return json.dumps(content, indent=1, sort_keys=True)


def _routes(known: list[Any]) -> str:
    """vmauth's configuration: which path goes to which server, for the one user there is."""
    password, routes = known
    url_map = [{"src_paths": paths, "url_prefix": url} for paths, url in routes]
    return json.dumps({"users": [{"username": USER, "password": password, "url_map": url_map}]}, indent=1)
