"""The harness itself: a small program's whole life on a real control plane, and what must be refused or found."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stackgen.engine.deployment import Deployment, Outcome
from stackgen.errors import StackgenError
from tests.kubernetes import deploying
from tests.kubernetes.api import ApiError, Object
from tests.kubernetes.control_plane.cluster import NODES, Cluster
from tests.kubernetes.deploying import StandIn
from tests.kubernetes.judges import deployed, judged_by_pod_security

pytestmark = pytest.mark.kubernetes
PROGRAM = Path(__file__).parent / "program"
Deploy = Callable[..., Deployment]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy, as a stack's settings are written into it."""
    return Path(shutil.copytree(PROGRAM, tmp_path / "program", ignore=shutil.ignore_patterns("venv")))


def _changes(outcome: Outcome) -> dict[str, str]:
    """What was done to which object."""
    return {
        f"{step.type.rsplit(':', 1)[-1]} {step.name}": step.op
        for step in outcome.steps
        if step.op != "refresh"
    }


def _deployment(namespace: str, name: str = "web") -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}}


def test_a_program_lives_a_whole_life(
    cluster: Cluster, standin: StandIn, deploy: Deploy, program: Path, namespace: str
) -> None:
    api = cluster.api
    stack = deploy(program, "life", {"namespace": namespace, "healing": "true"})
    assert set(_changes(stack.preview()).values()) == {"create"}
    assert api.get("v1", "Namespace", namespace) is None

    up = stack.up()
    assert up.outputs["address"] == "192.0.2.10"
    web = api.get("apps/v1", "Deployment", "web", namespace)
    assert web is not None and web["status"]["readyReplicas"] == 2
    assert web["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "1"
    cnpg = api.get("postgresql.cnpg.io/v1", "Cluster", "vectors", namespace)
    assert cnpg is not None and cnpg["status"]["phase"] == "Cluster in healthy state"
    kept = deploying.state_of(stack)
    password = up.outputs["password"]
    assert password not in kept
    assert base64.b64encode(password.encode()).decode() not in kept

    kinds = {"Cluster", "ConfigMap", "Deployment", "Job", "PersistentVolumeClaim", "Secret", "Service"}
    there = deployed(api, namespace)
    assert {one["kind"] for one in there} == {*kinds, "StatefulSet"}
    assert judged_by_pod_security(there) == []

    assert _changes(stack.up()) == {}

    deploying.configure(program, "life", {"replicas": "3"})
    assert _changes(stack.up()) == {"Deployment web": "update"}

    api.patch(_deployment(namespace), {"spec": {"replicas": 7}})
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "database", "namespace": namespace}}
    api.patch(secret, {"metadata": {"labels": {"by": "hand"}}})
    api.delete({**secret, "kind": "Service", "metadata": {"name": "web", "namespace": namespace}})
    stack.refresh()
    healed = stack.up()
    assert _changes(healed) == {"Deployment web": "update", "Service web": "create"}
    web = api.get("apps/v1", "Deployment", "web", namespace)
    assert web is not None and web["spec"]["replicas"] == 3

    before = api.get("apps/v1", "StatefulSet", "database", namespace)
    deploying.configure(program, "life", {"headless": "another"})
    assert _changes(stack.up()) == {"StatefulSet database": "create-replacement"}
    after = api.get("apps/v1", "StatefulSet", "database", namespace)
    assert before is not None and after is not None
    assert before["metadata"]["uid"] != after["metadata"]["uid"]

    assert standin.warnings("harness", "life") == []
    stack.destroy()
    assert api.get("v1", "Namespace", namespace) is None
    assert [one for one in api.everything() if one["metadata"].get("namespace") == namespace] == []


def test_a_secret_changed_by_hand_is_put_right(
    cluster: Cluster, deploy: Deploy, program: Path, namespace: str
) -> None:
    stack = deploy(program, "secret", {"namespace": namespace})
    stack.up()
    named = {"name": "database", "namespace": namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": named}
    right = cluster.api.get("v1", "Secret", "database", namespace)
    cluster.api.patch(secret, {"data": {"password": base64.b64encode(b"stolen").decode()}})
    stack.up()
    there = cluster.api.get("v1", "Secret", "database", namespace)
    assert right is not None and there is not None and there["data"] == right["data"]


def test_what_somebody_else_owns_is_not_taken_silently(
    cluster: Cluster, deploy: Deploy, program: Path, namespace: str
) -> None:
    """As with the official plugin: without `pulumi.com/patchForce` a field set by another manager is a conflict."""
    stack = deploy(program, "conflict", {"namespace": namespace})
    stack.up()
    cluster.api.patch(_deployment(namespace), {"spec": {"replicas": 7}}, manager="kubectl")
    with pytest.raises(StackgenError) as refused:
        stack.up()
    assert "conflict" in str(refused.value) and "kubectl" in str(refused.value)


def test_an_unknown_field_is_refused_at_preview(deploy: Deploy, program: Path, namespace: str) -> None:
    stack = deploy(program, "unknown", {"namespace": namespace, "unknown": "instancesWanted"})
    with pytest.raises(StackgenError) as refused:
        stack.preview()
    assert "instancesWanted" in str(refused.value)


def test_pods_that_are_not_restricted_are_not_deployed(
    standin: StandIn, deploy: Deploy, program: Path, namespace: str
) -> None:
    stack = deploy(program, "privileged", {"namespace": namespace, "privileged": "true"})
    with pytest.raises(StackgenError) as refused:
        stack.up()
    assert "allowPrivilegeEscalation" in str(refused.value)
    told = [one["warning"] for one in standin.warnings("harness", "privileged")]
    assert any("would violate PodSecurity" in text for text in told)


def test_a_deprecated_api_is_recorded(
    standin: StandIn, deploy: Deploy, program: Path, namespace: str
) -> None:
    stack = deploy(program, "deprecated", {"namespace": namespace, "deprecated": "true"})
    stack.up()
    told = standin.warnings("harness", "deprecated")
    assert [(one["name"], "deprecated" in one["warning"]) for one in told[:1]] == [("old", True)]


def test_a_provider_takes_the_kubeconfig_itself(
    cluster: Cluster, deploy: Deploy, program: Path, namespace: str
) -> None:
    content = cluster.kubeconfig.read_text(encoding="utf-8")
    stack = deploy(program, "content", {"namespace": namespace, "kubeconfig": content})
    assert set(_changes(stack.preview()).values()) == {"create"}


def test_the_server_refuses_a_pod_that_is_not_restricted(cluster: Cluster, restricted: str) -> None:
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bad", "namespace": restricted},
        "spec": {
            "containers": [
                {"name": "bad", "image": "registry.example/bad:1", "securityContext": {"privileged": True}}
            ]
        },
    }
    with pytest.raises(ApiError) as refused:
        cluster.api.create(pod)
    assert refused.value.status == 403
    assert "violates PodSecurity" in str(refused.value)


def test_nodes_have_zones_and_gpus(cluster: Cluster) -> None:
    nodes = cluster.api.list("v1", "Node")
    assert len(nodes) == NODES
    assert len({node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}) == 3
    assert all(node["status"]["allocatable"]["nvidia.com/gpu"] == "8" for node in nodes)
