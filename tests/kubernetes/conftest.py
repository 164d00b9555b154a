"""Fixtures for tests on a real control plane; CONTRIBUTING says how to use them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from stackgen.engine.deployment import Deployment
from stackgen.errors import StackgenError
from tests.conftest import Cli
from tests.kubernetes import deploying
from tests.kubernetes.api import Object
from tests.kubernetes.control_plane.cluster import Cluster
from tests.kubernetes.control_plane.modules import CannotBuild

RUNNING = "STACKGEN_TEST_KUBECONFIG"
"""Names the kubeconfig of a cluster that runs already (`python -m tests.kubernetes.control_plane start`)."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One real control plane for all tests: `.kubeconfig` (a path) and `.api` (an administrator's client)."""
    if RUNNING in os.environ:
        yield Cluster.of(Path(os.environ[RUNNING]))
        return
    try:
        found = Cluster.start(tmp_path_factory.mktemp("cluster"))
    except (CannotBuild, StackgenError) as error:
        pytest.skip(f"no control plane: {error}")
    yield found
    found.stop()


@pytest.fixture(scope="session")
def standin(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[deploying.StandIn]:
    """What takes the place of the provider's plugin; `.warnings(project, stack)` are the API server's."""
    with deploying.standing_in(tmp_path_factory.mktemp("standin"), cluster.kubeconfig) as found:
        yield found


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A name that no namespace has; if the test makes one of it, it is removed afterwards."""
    name = f"test-{secrets.token_hex(4)}"
    yield name
    cluster.api.delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


@pytest.fixture
def restricted(cluster: Cluster, namespace: str) -> str:
    """A namespace that admits only pods of the Pod Security Standard `restricted`."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    thing: Object = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace, "labels": labels},
    }
    cluster.api.create(thing)
    return namespace


@pytest.fixture
def deploy(standin: deploying.StandIn, tmp_path: Path) -> Iterator[Callable[..., Deployment]]:
    """`deploy(program_folder, stack_name, {"key": "value"})`: a Deployment with a state of the test's own.

    Its preview, up, refresh and destroy run the real engine. What a test leaves is destroyed after it.
    """
    variables = {**standin.variables, **deploying.engine_variables(tmp_path / "engine")}
    made: list[Deployment] = []

    def make(program: Path, stack: str = "dev", settings: dict[str, str] | None = None) -> Deployment:
        made.append(deploying.deployment(program, stack, settings))
        return made[-1]

    with patch.dict(os.environ, variables):  # puts back what the engine's preparation sets, too
        os.environ.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
        yield make
        for one in made:
            _clear(one)


def _clear(deployed: Deployment) -> None:
    try:
        if deployed.resources():
            deployed.destroy()
    except StackgenError:
        pass  # nothing of it is left, or the test that failed says more


@pytest.fixture
def kubernetes_cli(standin: deploying.StandIn, tmp_path: Path) -> Cli:
    """The command line in an empty folder, whose engine reaches the cluster through the stand-in."""
    found = Cli(tmp_path, tmp_path / "data")
    found.environment |= standin.variables
    return found
