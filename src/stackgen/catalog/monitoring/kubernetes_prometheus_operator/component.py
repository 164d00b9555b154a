"""Prometheus and Alertmanager, run by the Prometheus Operator.

https://prometheus-operator.dev/docs/api-reference/api/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pulumi_kubernetes as k8s
import yaml
from pulumi_kubernetes.apiextensions import CustomResource

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.containers import pod_security
from kubernetes_platform.ground import Ground
from kubernetes_platform.naming import WORKLOAD
from kubernetes_platform.policies import reach_addresses
from kubernetes_platform.telemetry import ALERTMANAGER, PROMETHEUS, Telemetry, TelemetryArgs
from kubernetes_platform.workloads import Caller
from monitoring_files import RULES, Watched

API = "monitoring.coreos.com/v1"
READY = {"pulumi.com/waitFor": "condition=Available"}


@dataclass(frozen=True, kw_only=True)
class KubernetesPrometheusOperatorArgs:
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
    replicas: int
    cpu: str
    memory: str
    expose: bool


class KubernetesPrometheusOperator(pulumi.ComponentResource):
    """Metrics, alerts, traces and dashboards; applications see one address with a password."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesPrometheusOperatorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:monitoring:KubernetesPrometheusOperator", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        self._ground = args.kubernetes
        self._rules()
        for watched, bindings in args.watches.items():
            if "openmetrics" in bindings:
                self._monitor(watched, bindings["openmetrics"])
        telemetry = Telemetry(
            name,
            TelemetryArgs(
                metrics=self._prometheus(),
                alerts=self._alertmanager(),
                callers=args.callers,
                front_image=args.front_image,
                collector_image=args.collector_image,
                traces_image=args.traces_image,
                grafana_image=args.grafana_image,
                storage=args.storage,
                expose=args.expose,
            ),
            self._ground,
            self._child,
        )
        self.bindings = telemetry.bindings
        publish(name, self.bindings, self._ground, self._child)
        self.register_outputs({"bindings": self.bindings, "address": telemetry.address})

    def _rules(self) -> None:
        """The rules that every provider has, as they are in rules.yml."""
        self._custom(self._name, "PrometheusRule", yaml.safe_load(RULES))

    def _monitor(self, watched: str, binding: Mapping[str, pulumi.Input[Any]]) -> None:
        """A component's metrics, with the token that its binding's Secret holds."""
        url = pulumi.Output.from_input(binding["url"]).apply(urlsplit)
        endpoint: dict[str, Any] = {
            "targetPort": url.apply(lambda parts: parts.port or 80),
            "path": url.apply(lambda parts: parts.path or "/metrics"),
            "scheme": url.apply(lambda parts: parts.scheme),
            "interval": self._args.scrape_interval,
            "relabelings": [{"targetLabel": "job", "replacement": watched}],
        }
        if binding.get("bearer-token") is not None:
            endpoint["authorization"] = {
                "credentials": {"name": f"{watched}.openmetrics", "key": "bearer-token"}
            }
        selector = {"matchLabels": {WORKLOAD: watched, "app.kubernetes.io/name": watched}}
        self._custom(
            f"{self._name}-{watched}", "ServiceMonitor", {"selector": selector, "endpoints": [endpoint]}
        )

    def _prometheus(self) -> str:
        args = self._args
        spec = {
            **self._common(args.image, args.cpu, args.memory, args.storage),
            "serviceAccountName": self._reader(),
            "retention": args.retention,
            "scrapeInterval": args.scrape_interval,
            "evaluationInterval": args.scrape_interval,
            "serviceMonitorSelector": {"matchLabels": {WORKLOAD: self._name}},
            "ruleSelector": {"matchLabels": {WORKLOAD: self._name}},
            "enableOTLPReceiver": True,
            "alerting": {
                "alertmanagers": [
                    {
                        "namespace": self._ground.namespace,
                        "name": f"{self._name}-alerts",
                        "port": "main",
                        "apiVersion": "v2",
                    }
                ]
            },
        }
        self._custom(f"{self._name}-metrics", "Prometheus", spec, READY)
        return self._service("metrics", "prometheus", PROMETHEUS)

    def _alertmanager(self) -> str:
        spec = {
            **self._common(self._args.alerts_image, "100m", "256Mi", 1),
            "serviceAccountName": self._ground.workload(self._name).account_name,
            "automountServiceAccountToken": False,
        }
        self._custom(f"{self._name}-alerts", "Alertmanager", spec, READY)
        return self._service("alerts", "alertmanager", ALERTMANAGER)

    def _common(self, image: str, cpu: str, memory: str, storage: int) -> dict[str, Any]:
        ground = self._ground
        given = {"cpu": cpu, "memory": memory}
        claim: dict[str, Any] = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": f"{storage}Gi"}},
        }
        if ground.storage_class:
            claim["storageClassName"] = ground.storage_class
        found: dict[str, Any] = {
            "image": ground.image(image),
            "replicas": self._args.replicas,
            "podMetadata": {"labels": {WORKLOAD: self._name}},
            "securityContext": pod_security(),
            "resources": {"requests": given, "limits": given},
            "storage": {"volumeClaimTemplate": {"spec": claim}},
        }
        if ground.pull_secret:
            found["imagePullSecrets"] = [{"name": ground.pull_secret}]
        if ground.nodes.selector:
            found["nodeSelector"] = dict(ground.nodes.selector)
        return found

    def _reader(self) -> pulumi.Output[str]:
        """An account that may look up what there is to scrape in this namespace, and nothing else."""
        name, ground = f"{self._name}-metrics", self._ground
        rbac = k8s.rbac.v1
        account = k8s.core.v1.ServiceAccount(
            name,
            metadata=ground.metadata(self._name, name),
            automount_service_account_token=True,
            opts=self._child,
        )
        verbs = ["get", "list", "watch"]
        role = rbac.Role(
            name,
            metadata=ground.metadata(self._name, name),
            rules=[
                rbac.PolicyRuleArgs(
                    api_groups=[""], resources=["services", "endpoints", "pods"], verbs=verbs
                ),
                rbac.PolicyRuleArgs(
                    api_groups=["discovery.k8s.io"], resources=["endpointslices"], verbs=verbs
                ),
            ],
            opts=self._child,
        )
        account_name = account.metadata.apply(lambda found: str(found.name))
        rbac.RoleBinding(
            name,
            metadata=ground.metadata(self._name, name),
            role_ref=rbac.RoleRefArgs(
                api_group="rbac.authorization.k8s.io",
                kind="Role",
                name=role.metadata.apply(lambda found: str(found.name)),
            ),
            subjects=[rbac.SubjectArgs(kind="ServiceAccount", name=account_name, namespace=ground.namespace)],
            opts=self._child,
        )
        reach_addresses(self._name, "api-server", ground.api_server_ranges, [443, 6443], ground, self._child)
        return account_name

    def _service(self, part: str, kind: str, port: int) -> str:
        """An address of our own for what the operator runs; its URL."""
        name = f"{self._name}-{part}"
        selector = {WORKLOAD: self._name, "app.kubernetes.io/name": kind}
        k8s.core.v1.Service(
            name,
            # whether pods are behind it is the operator's to say
            metadata=self._ground.metadata(self._name, name, name, {"pulumi.com/skipAwait": "true"}),
            spec=k8s.core.v1.ServiceSpecArgs(
                type="ClusterIP",
                selector=selector,
                ports=[k8s.core.v1.ServicePortArgs(name="main", port=port, target_port=port, protocol="TCP")],
            ),
            opts=self._child,
        )
        return f"http://{name}.{self._ground.namespace}.svc:{port}"

    def _custom(
        self, name: str, kind: str, spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None
    ) -> None:
        CustomResource(
            f"{name}-{kind.lower()}" if name == self._name else name,
            api_version=API,
            kind=kind,
            metadata=self._ground.metadata(self._name, name, name, annotations),
            spec={key: value for key, value in spec.items() if value is not None},
            opts=self._child,
        )
