"""What happens to a deployed program when the cluster, a size or an implementation changes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import Cli
from tests.kubernetes import stacks
from tests.kubernetes.control_plane.cluster import Cluster
from tests.kubernetes.deploying import share_environment

pytestmark = pytest.mark.kubernetes
SPEC = """\
apiVersion: stackgen/v1
name: changing
components:
  knowledge: {capability: vector_store, implementation: kubernetes/postgresql}
  gateway: {capability: ai_gateway, serves: [chat], size: SIZE}
  chat: {capability: chat_model, model: qwen2.5-0.5b-instruct, implementation: kubernetes/llama-cpp}
environments:
  preprod: {provider: kubernetes, settings: {context: onprem-preprod}}
"""
WHERE = ("stack.yaml", "-e", stacks.ENVIRONMENT)


def _generated(text: str, cli: Cli, namespace: str) -> None:
    share_environment(stacks.from_text(text, cli.folder, namespace))


def _up(cli: Cli, *words: str) -> dict[str, int]:
    """What an `up` changed: operation → number of resources."""
    return json.loads(cli("up", *WHERE, *words, "--yes", "--json").stdout)["result"]["changes"]


def test_edits_sizes_and_implementations(cluster: Cluster, kubernetes_cli: Cli, namespace: str) -> None:
    cli, api = kubernetes_cli, cluster.api
    small = SPEC.replace("SIZE", "small")
    _generated(small, cli, namespace)
    _up(cli)
    gateway = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "gateway", "namespace": namespace},
    }

    api.patch(gateway, {"spec": {"replicas": 5}})
    assert _up(cli).get("update") == 1
    healed = api.get("apps/v1", "Deployment", "gateway", namespace)
    assert healed is not None
    assert healed["spec"]["replicas"] == 1
    assert _up(cli) == {}

    _generated(SPEC.replace("SIZE", "medium"), cli, namespace)
    grown = _up(cli)
    assert grown.get("update", 0) >= 1
    assert not {"replace", "delete"} & grown.keys()
    assert api.get("policy/v1", "PodDisruptionBudget", "gateway", namespace)
    assert api.get("autoscaling/v2", "HorizontalPodAutoscaler", "gateway", namespace)

    _generated(
        SPEC.replace("SIZE", "medium").replace("kubernetes/postgresql", "kubernetes/cloudnative-pg"),
        cli,
        namespace,
    )
    assert "error[data-would-go]" in cli("up", *WHERE, "--yes", code=5).stderr
    assert api.get("apps/v1", "StatefulSet", "knowledge", namespace)
    swapped = _up(cli, "--delete-data-of", "knowledge")
    assert swapped.get("delete", 0) >= 3
    assert api.get("apps/v1", "StatefulSet", "knowledge", namespace) is None
    assert api.get("postgresql.cnpg.io/v1", "Cluster", "knowledge", namespace)
    assert _up(cli) == {}

    cli("down", *WHERE, "--yes", "--delete-data")
    assert api.get("apps/v1", "Deployment", "gateway", namespace) is None


def test_plain_pulumi_up_does_the_same(cluster: Cluster, kubernetes_cli: Cli, namespace: str) -> None:
    program = stacks.from_text(SPEC.replace("SIZE", "small"), kubernetes_cli.folder, namespace)
    share_environment(program)
    script = f'eval "$({sys.executable} -m stackgen.cli.main engine env)" && pulumi stack select --create preprod && '
    subprocess.run(
        ["sh", "-euc", script + "pulumi up --yes --skip-preview && pulumi destroy --yes --skip-preview"],
        cwd=program,
        env=kubernetes_cli.environment,
        check=True,
        capture_output=True,
        timeout=600,
    )
    assert cluster.api.get("v1", "Namespace", namespace) is None


def test_a_context_that_is_not_there_is_refused(kubernetes_cli: Cli, namespace: str) -> None:
    text = SPEC.replace("SIZE", "small").replace(
        "context: onprem-preprod", f"namespace: {namespace}, context: elsewhere"
    )
    share_environment(stacks.from_text(text, kubernetes_cli.folder, namespace))
    said = kubernetes_cli("up", *WHERE, "--yes", code=4)
    assert "elsewhere" in said.stdout + said.stderr
