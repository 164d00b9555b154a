"""What kwok plays: kubelets by its own published stages, operators and load balancers by these."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import yaml

from tests.kubernetes.control_plane.modules import source
from tests.kubernetes.control_plane.programs import KWOK_MODULE

KUBELET = ("node/fast/node-initialize", "node/heartbeat/node-heartbeat")
PODS = ("pod/fast/pod-ready", "pod/fast/pod-complete", "pod/fast/pod-delete")

_READY = """\
conditions:
- {type: Ready, status: "True", reason: Simulated, message: simulated, lastTransitionTime: {{ Now | Quote }}}
"""
_OBSERVED = "observedGeneration: {{ .metadata.generation }}\n"
_SERVES = 'url: "http://{{ .metadata.name }}.{{ .metadata.namespace }}.example"\n'
_CLUSTER = """\
phase: Cluster in healthy state
instances: {{ .spec.instances }}
readyInstances: {{ .spec.instances }}
"""
_OPERATOR_CONDITION = """\
paused: false
replicas: {{ .spec.replicas }}
updatedReplicas: {{ .spec.replicas }}
availableReplicas: {{ .spec.replicas }}
unavailableReplicas: 0
conditions:
- type: Available
  status: "True"
  reason: Simulated
  message: simulated
  observedGeneration: {{ .metadata.generation }}
  lastTransitionTime: {{ Now | Quote }}
- type: Reconciled
  status: "True"
  reason: Simulated
  message: simulated
  observedGeneration: {{ .metadata.generation }}
  lastTransitionTime: {{ Now | Quote }}
"""
_PROGRAMMED = """\
conditions:
{{ range $type := list "Accepted" "Programmed" }}
- type: {{ $type }}
  status: "True"
  reason: {{ $type }}
  message: simulated
  observedGeneration: {{ $.metadata.generation }}
  lastTransitionTime: {{ Now | Quote }}
{{ end }}
addresses:
- {type: IPAddress, value: 192.0.2.12}
"""
_BOUND = "phase: Bound\n"
BUCKET_CLAIM = ("objectbucket.io/v1alpha1", "ObjectBucketClaim")
OPERATED = {
    ("postgresql.cnpg.io/v1", "Cluster"): ("Ready", _READY + _CLUSTER),
    ("serving.kserve.io/v1beta1", "InferenceService"): ("Ready", _READY + _SERVES),
    ("cert-manager.io/v1", "Certificate"): ("Ready", _READY),
    ("cert-manager.io/v1", "Issuer"): ("Ready", _READY),
    ("external-secrets.io/v1", "ExternalSecret"): ("Ready", _READY),
    ("external-secrets.io/v1", "SecretStore"): ("Ready", _READY),
    ("keda.sh/v1alpha1", "ScaledObject"): ("Ready", _READY),
    ("monitoring.coreos.com/v1", "Prometheus"): ("Available", _OPERATOR_CONDITION),
    ("monitoring.coreos.com/v1", "Alertmanager"): ("Available", _OPERATOR_CONDITION),
    ("gateway.networking.k8s.io/v1", "Gateway"): ("Programmed", _PROGRAMMED),
}
"""(apiVersion, kind) → the condition that says it is ready, and the status kwok gives it."""


def stages() -> str:
    """kwok's configuration: every stage as one YAML text. Raises CannotBuild."""
    kubelet = source(*KWOK_MODULE) / "kustomize" / "stage"
    texts = [Path(kubelet, f"{name}.yaml").read_text(encoding="utf-8") for name in (*KUBELET, *PODS)]
    address = "loadBalancer:\n  ingress:\n  - ip: 192.0.2.1{}\n"
    own = [
        _stage("v1", "Service", ".status.loadBalancer.ingress", address.format(0), _LOAD_BALANCERS),
        _stage("networking.k8s.io/v1", "Ingress", ".status.loadBalancer.ingress", address.format(1)),
        _stage(*BUCKET_CLAIM, ".status.phase", _BOUND),
    ]
    for (version, kind), (condition, status) in OPERATED.items():
        missing = f'.status.conditions.[] | select( .type == "{condition}" ) | .status'
        own.append(_stage(version, kind, missing, status))
    return "---\n".join([*texts, *(yaml.safe_dump(one) for one in own)])


_LOAD_BALANCERS = {"key": ".spec.type", "operator": "In", "values": ["LoadBalancer"]}


def _stage(version: str, kind: str, missing: str, status: str, *also: dict[str, Any]) -> dict[str, Any]:
    """Gives objects of a kind that have no `missing` yet their status."""
    conditions = [
        {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"},
        {"key": missing, "operator": "DoesNotExist"},
        *also,
    ]
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": f"{kind.lower()}-{version.replace('/', '-')}"},
        "spec": {
            "resourceRef": {"apiGroup": version, "kind": kind},
            "selector": {"matchExpressions": conditions},
            "next": {"statusTemplate": textwrap.dedent(status)},
        },
    }
