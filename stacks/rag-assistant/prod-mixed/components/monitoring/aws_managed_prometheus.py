"""Amazon Managed Service for Prometheus, X-Ray and Amazon Managed Grafana, fed by an OpenTelemetry collector."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from aws_platform.containers import Container
from aws_platform.fargate import Compute, Files, Service
from aws_platform.images import SIGV4_PROXY
from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy, trust_policy
from aws_platform.workloads import Caller, Workload
from aws_platform.zone import Zone
from contract_bindings import Bindings
from monitoring_files import RULES, Watched, scrape_jobs

USER = "stackgen"
FOLDER = "/etc/vmauth"
FRONT, SIGNER, RECEIVER = 8427, 8005, 4318
COLLECTOR_IMAGE = "public.ecr.aws/aws-observability/aws-otel-collector:v0.45.1"
QUERY = ("aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics")
RULER = ("aps:ListAlerts", "aps:ListRules", "aps:ListAlertManagerAlerts")
TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


@dataclass(frozen=True, kw_only=True)
class AwsManagedPrometheusArgs:
    """watches: component → its bindings; those with an `openmetrics` binding are scraped.

    grafana: whether a Grafana workspace is made, which needs IAM Identity Center in the account.
    """

    aws: Zone
    callers: Sequence[Caller] = ()
    watches: Watched = field(default_factory=dict)
    scrape_interval: str
    grafana: bool
    front_image: str
    cpu: int
    memory: int


class AwsManagedPrometheus(pulumi.ComponentResource):
    """Metrics in AMP, traces in X-Ray; applications see one address with a password, as anywhere else."""

    bindings: Bindings

    def __init__(
        self, name: str, args: AwsManagedPrometheusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:monitoring:AwsManagedPrometheus", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        workspace = self._workspace(name, args.aws)
        workload = args.aws.workload(name)
        self._allow(workload, args.aws, workspace)
        password = random.RandomPassword(
            f"{name}-password", length=40, special=False, opts=self._child
        ).result
        path = workspace.arn.apply(lambda arn: f"/workspaces/{arn.rsplit('/', 1)[-1]}")
        routes = pulumi.Output.all(password=password, path=path).apply(_routes)
        service = Service(
            name,
            args.aws,
            self._containers(args, path),
            Compute(cpu=args.cpu, memory=args.memory),
            health_path="/health",
            files=Files(secret={f"{FOLDER}/routes.json": routes}),
            callers=args.callers,
            opts=self._child,
        )
        args.aws.services.connect([workload])  # what it scrapes
        if args.grafana:
            self._grafana(name, args.aws, workspace)
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

    def _workspace(self, name: str, zone: Zone) -> aws.amp.Workspace:
        """A workspace with the rules that every provider has, and an alert manager that groups and keeps alerts."""
        logs = zone.log_group(f"{name}-workspace", self._child)
        workspace = aws.amp.Workspace(
            f"{name}-workspace",
            alias=physical_name(name, 100),
            kms_key_arn=zone.key.arn,
            logging_configuration=aws.amp.WorkspaceLoggingConfigurationArgs(
                log_group_arn=pulumi.Output.concat(logs.arn, ":*")
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=zone.protect),
        )
        aws.amp.RuleGroupNamespace(
            f"{name}-rules", name="stackgen", workspace_id=workspace.id, data=RULES, opts=self._child
        )
        receivers = {
            "route": {"receiver": "none", "group_by": ["alertname", "job"]},
            "receivers": [{"name": "none"}],
        }
        aws.amp.AlertManagerDefinition(
            f"{name}-alerts",
            workspace_id=workspace.id,
            definition=json.dumps({"alertmanager_config": json.dumps(receivers)}),
            opts=self._child,
        )
        return workspace

    def _allow(self, workload: Workload, zone: Zone, workspace: aws.amp.Workspace) -> None:
        workload.allow(
            "metrics-and-traces",
            Statement(
                (*QUERY, *RULER, "aps:RemoteWrite"),
                [workspace.arn, pulumi.Output.concat(workspace.arn, "/*")],
            ),
            Statement(TRACES, ["*"]),  # X-Ray's writing actions know no resources
        )
        zone.endpoints.connect(workload, "aps-workspaces", "xray")

    def _containers(self, args: AwsManagedPrometheusArgs, path: pulumi.Output[str]) -> list[Container]:
        region = args.aws.region
        jobs = scrape_jobs(args.watches)
        collector = pulumi.Output.all(jobs, path, region, args.scrape_interval).apply(_collector)
        host = f"aps-workspaces.{region}.amazonaws.com"
        signer = ["--name", "aps", "--region", region, "--host", host, "--port", f":{SIGNER}"]
        return [
            Container(
                name="front",
                image=args.aws.image(args.front_image),
                command=[f"-auth.config={FOLDER}/routes.json", f"-httpListenAddr=:{FRONT}"],
                readable=[FOLDER],
                writable=[],
                port=FRONT,
            ),
            Container(name="signer", image=args.aws.image(SIGV4_PROXY), command=signer, writable=[]),
            Container(
                name="collector",
                image=args.aws.image(COLLECTOR_IMAGE),
                secrets={"AOT_CONFIG_CONTENT": collector},
                environment={"AWS_REGION": region},
            ),
        ]

    def _grafana(self, name: str, zone: Zone, workspace: aws.amp.Workspace) -> None:
        """Dashboards, for people who sign in through IAM Identity Center."""
        role = aws.iam.Role(
            f"{name}-grafana",
            name=physical_name(f"{name}-grafana", 64),
            description="Reads metrics and traces for dashboards",
            assume_role_policy=trust_policy(
                "grafana.amazonaws.com", {"StringEquals": {"aws:SourceAccount": zone.account}}
            ),
            opts=self._child,
        )
        read_traces = (
            "xray:BatchGetTraces",
            "xray:GetServiceGraph",
            "xray:GetTraceGraph",
            "xray:GetTraceSummaries",
        )
        statements = (
            Statement((*QUERY, *RULER), [workspace.arn, pulumi.Output.concat(workspace.arn, "/*")]),
            Statement(("aps:ListWorkspaces",), [f"arn:aws:aps:{zone.region}:{zone.account}:*"]),
            Statement(read_traces, ["*"]),  # X-Ray's reading actions know no resources
        )
        aws.iam.RolePolicy(f"{name}-grafana", role=role.name, policy=policy(*statements), opts=self._child)
        aws.grafana.Workspace(
            f"{name}-grafana",
            name=physical_name(f"{name}-grafana", 255),
            account_access_type="CURRENT_ACCOUNT",
            authentication_providers=["AWS_SSO"],
            permission_type="SERVICE_MANAGED",
            data_sources=["PROMETHEUS", "XRAY"],
            role_arn=role.arn,
            opts=self._child,
        )


def _routes(known: Mapping[str, str]) -> str:
    """vmauth's configuration: which path goes to which server, for the one user there is."""
    workspace = f"http://127.0.0.1:{SIGNER}{known['path']}"
    routes = [
        (["/api/v2/.*"], f"{workspace}/alertmanager"),
        (["/v1/traces", "/v1/metrics"], f"http://127.0.0.1:{RECEIVER}"),
        (["/api/v1/.*"], workspace),
    ]
    url_map = [{"src_paths": paths, "url_prefix": prefix} for paths, prefix in routes]
    return json.dumps(
        {"users": [{"username": USER, "password": known["password"], "url_map": url_map}]}, indent=1
    )


def _collector(known: Sequence[Any]) -> str:
    """The collector's configuration (https://aws-otel.github.io/docs/getting-started/collector)."""
    jobs, path, region, interval = known
    write = f"https://aps-workspaces.{region}.amazonaws.com{path}/api/v1/remote_write"
    content = {
        "extensions": {"sigv4auth": {"region": region, "service": "aps"}},
        "receivers": {
            "otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{RECEIVER}"}}},
            "prometheus": {"config": {"global": {"scrape_interval": interval}, "scrape_configs": jobs}},
        },
        "processors": {"batch": {}},
        "exporters": {
            "prometheusremotewrite": {"endpoint": write, "auth": {"authenticator": "sigv4auth"}},
            "awsxray": {"region": region},
        },
        "service": {
            "extensions": ["sigv4auth"],
            "pipelines": {
                "metrics": {
                    "receivers": ["otlp", "prometheus"],
                    "processors": ["batch"],
                    "exporters": ["prometheusremotewrite"],
                },
                "traces": {"receivers": ["otlp"], "processors": ["batch"], "exporters": ["awsxray"]},
            },
        },
    }
    return json.dumps(content, indent=1)
