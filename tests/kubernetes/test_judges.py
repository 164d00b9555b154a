"""The judges find what is wrong, and nothing where nothing is."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.api import Object
from tests.kubernetes.judges import judged_by_checkov, judged_by_pod_security

pytestmark = pytest.mark.kubernetes
IMAGE = f"registry.example/web:1.0@sha256:{'a' * 64}"
PROBE = {"httpGet": {"path": "/", "port": 8080}}
GOOD: dict[str, Any] = {
    "automountServiceAccountToken": False,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "containers": [
        {
            "name": "web",
            "image": IMAGE,
            "imagePullPolicy": "Always",
            "livenessProbe": PROBE,
            "readinessProbe": PROBE,
            "resources": {
                "requests": {"cpu": "1", "memory": "1Gi"},
                "limits": {"cpu": "1", "memory": "1Gi"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
}
BROKEN: dict[str, dict[str, Any]] = {
    "allowPrivilegeEscalation": {"container": {"allowPrivilegeEscalation": True}},
    "appArmorProfile": {"container": {"appArmorProfile": {"type": "Unconfined"}}},
    "capabilities_baseline": {"container": {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}},
    "capabilities_restricted": {"container": {"capabilities": {"drop": ["NET_RAW"]}}},
    "hostNamespaces": {"spec": {"hostNetwork": True}},
    "hostPathVolumes": {"spec": {"volumes": [{"name": "etc", "hostPath": {"path": "/etc"}}]}},
    "hostPorts": {"ports": [{"containerPort": 80, "hostPort": 80}]},
    "privileged": {"container": {"privileged": True}},
    "procMount": {"container": {"procMount": "Unmasked"}},
    "restrictedVolumes": {
        "spec": {"volumes": [{"name": "share", "nfs": {"server": "nfs.example", "path": "/"}}]}
    },
    "runAsNonRoot": {"pod": {"runAsNonRoot": False}},
    "runAsUser": {"pod": {"runAsUser": 0}},
    "seLinuxOptions": {"container": {"seLinuxOptions": {"type": "spc_t"}}},
    "seccompProfile_baseline": {"container": {"seccompProfile": {"type": "Unconfined"}}},
    "seccompProfile_restricted": {"pod": {"seccompProfile": None}},
    "sysctls": {"pod": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
    "windowsHostProcess": {"pod": {"windowsOptions": {"hostProcess": True}}},
}
"""Check of the standard → the smallest change of the good pod that breaks it."""


def _spec(change: dict[str, Any]) -> dict[str, Any]:
    spec = copy.deepcopy(GOOD)
    container = spec["containers"][0]
    spec["securityContext"] |= change.get("pod", {})
    container["securityContext"] |= change.get("container", {})
    if "ports" in change:
        container["ports"] = change["ports"]
    return spec | change.get("spec", {})


def _deployment(name: str, spec: dict[str, Any]) -> Object:
    labels = {"app.kubernetes.io/name": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "apps"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


POLICY: Object = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "default-deny", "namespace": "apps"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}


def test_a_restricted_pod_breaks_nothing() -> None:
    assert judged_by_pod_security([_deployment("good", _spec({}))]) == []


@pytest.mark.parametrize("check", BROKEN)
def test_pod_security_names_what_is_broken(check: str) -> None:
    found = judged_by_pod_security([_deployment("bad", _spec(BROKEN[check]))])
    assert check in {one.check for one in found}
    assert {one.name for one in found} == {"Deployment/apps/bad"}


def test_pod_security_looks_into_serving_runtimes() -> None:
    runtime: Object = {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": "models", "namespace": "apps"},
        "spec": {"supportedModelFormats": [{"name": "onnx"}], "containers": [{"name": "s", "image": IMAGE}]},
    }
    found = {one.check for one in judged_by_pod_security([runtime])}
    assert {"runAsNonRoot", "allowPrivilegeEscalation", "seccompProfile_restricted"} <= found


def test_checkov_finds_nothing_in_a_good_workload(tmp_path: Path) -> None:
    report = judged_by_checkov([POLICY, _deployment("good", _spec({}))], tmp_path)
    assert report.failed == {}
    assert report.passed > 60


def test_checkov_finds_what_is_seeded(tmp_path: Path) -> None:
    seeded = {
        "CKV_K8S_16": _deployment("privileged", _spec(BROKEN["privileged"])),
        "CKV_K8S_20": _deployment("escalation", _spec(BROKEN["allowPrivilegeEscalation"])),
        "CKV_K8S_19": _deployment("host", _spec(BROKEN["hostNamespaces"])),
        "CKV_K8S_38": _deployment("token", _spec({"spec": {"automountServiceAccountToken": True}})),
        "CKV_K8S_21": {**_deployment("nowhere", _spec({})), "metadata": {"name": "nowhere"}},
    }
    seeded["CKV_K8S_21"]["metadata"]["namespace"] = "default"
    report = judged_by_checkov([POLICY, *seeded.values()], tmp_path)
    for check, thing in seeded.items():
        assert any(one.endswith(f".{thing['metadata']['name']}") for one in report.failed.get(check, [])), (
            check
        )
    assert set(report.failed) - set(seeded) <= {"CKV_K8S_40", "CKV2_K8S_6"}


def test_a_reason_at_the_resource_is_a_skip(tmp_path: Path) -> None:
    thing = _deployment("writes", _spec({"container": {"readOnlyRootFilesystem": False}}))
    annotations = {"checkov.io/skip1": "CKV_K8S_22=it keeps its cache in its own folder"}
    thing["metadata"]["annotations"] = annotations
    thing["spec"]["template"]["metadata"]["annotations"] = annotations
    report = judged_by_checkov([POLICY, thing], tmp_path)
    assert "CKV_K8S_22" in report.skipped
    assert "CKV_K8S_22" not in report.failed
