"""Every generated Kubernetes program lives a whole life: real engine, real API server, strict checks."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackgen.catalog.shelf import Shelf
from stackgen.planning.images import list_images
from tests.clouds.serving import FEW_CHECKPOINTS
from tests.conftest import Cli
from tests.kubernetes import stacks
from tests.kubernetes.api import Api, ApiError, Object
from tests.kubernetes.control_plane.cluster import Cluster
from tests.kubernetes.deploying import StandIn, configure, share_environment
from tests.kubernetes.flows import Flow, allowed, denies_by_default
from tests.kubernetes.judges import deployed, judged_by_checkov, judged_by_pod_security

pytestmark = pytest.mark.kubernetes
every_program = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in stacks.EVERY_CHANGE else [pytest.mark.nightly])
        for name in stacks.SPECS
    ],
)


@dataclass
class Life:
    """What was seen of one program: the objects while it was up, and what each step said."""

    objects: list[Object] = field(default_factory=list[Object])
    made: list[Object] = field(default_factory=list[Object])
    said: str = ""
    again: str = ""
    down: str = ""
    left: list[str] = field(default_factory=list[str])
    warnings: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    state: str = ""
    bindings: dict[str, Any] = field(default_factory=dict[str, Any])

    def of(self, kind: str) -> list[Object]:
        return [item for item in self.objects if item["kind"] == kind]


def _bucket_operator(api: Api, namespace: str, stop: threading.Event) -> None:
    """In Rook's place: answers a bucket claim with the ConfigMap and the Secret of its name."""
    while not stop.wait(0.2):
        try:
            for claim in api.list("objectbucket.io/v1alpha1", "ObjectBucketClaim", namespace):
                _answer(api, claim)
        except ApiError:
            continue


def _answer(api: Api, claim: Object) -> None:
    metadata = {key: claim["metadata"][key] for key in ("name", "namespace")}
    owner = {key: claim["metadata"][key] for key in ("name", "uid")}
    metadata["ownerReferences"] = [{"apiVersion": claim["apiVersion"], "kind": claim["kind"], **owner}]
    place = {
        "BUCKET_HOST": "rgw.rook-ceph.svc",
        "BUCKET_PORT": "80",
        "BUCKET_NAME": claim["spec"]["bucketName"],
    }
    keys = {"AWS_ACCESS_KEY_ID": "made-by-rook", "AWS_SECRET_ACCESS_KEY": "secret-by-rook"}
    for thing in (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": place},
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": keys},
    ):
        try:
            api.create(thing)
        except ApiError as error:
            if error.status != 409:
                raise


@pytest.fixture(scope="session")
def lives(
    cluster: Cluster,
    standin: StandIn,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[str], Life]]:
    """A program's life; the first that is asked for starts those of all that this run tests."""
    asked = [name for name in stacks.SPECS if any(_tests(item, name) for item in request.session.items)]
    pool = ThreadPoolExecutor(max_workers=max(2, (os.cpu_count() or 2)))
    started: dict[str, Future[Life]] = {}

    def life(name: str) -> Life:
        if not started:
            for one in asked:
                folder = tmp_path_factory.mktemp(one[:24])
                started[one] = pool.submit(_live, one, folder, cluster, standin)
        return started[name].result()

    yield life
    pool.shutdown(cancel_futures=True)


def _tests(item: pytest.Item, name: str) -> bool:
    """Whether a test that was selected needs that program's life."""
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    return item.path == Path(__file__) and name in (params.get("name"), *params.get("names", ()))


def _live(name: str, folder: Path, cluster: Cluster, standin: StandIn) -> Life:
    found, namespace = Life(), f"life-{name.replace('_', '-')}"[:60].rstrip("-")
    cli = Cli(folder, folder / "data")
    cli.environment |= standin.variables | FEW_CHECKPOINTS
    program = stacks.generated(name, folder, namespace)
    share_environment(program)
    configure(program, stacks.ENVIRONMENT, {})
    stop = threading.Event()
    operator = threading.Thread(target=_bucket_operator, args=(cluster.api, namespace, stop), daemon=True)
    operator.start()
    where = ("stack.yaml", "-e", stacks.ENVIRONMENT)
    try:
        found.said = _said(cli("up", *where, "--yes", code=None))
        found.objects = [*cluster.api.everything(namespace)]
        found.made = deployed(cluster.api, namespace)
        space = cluster.api.get("v1", "Namespace", namespace)
        found.objects += [space] if space else []
        found.again = _said(cli("up", *where, "--yes", code=None))
        answer = cli("bindings", *where, "--json", "--show-secrets", code=None)
        found.bindings = json.loads(answer.stdout)["result"] or {}
        found.state = "".join(file.read_text(errors="replace") for file in (folder / "data").rglob("*.json"))
        found.down = _said(cli("down", *where, "--yes", "--delete-data", code=None))
        found.left = _left(cluster.api, namespace)
        project = yaml.safe_load((program / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
        found.warnings = standin.warnings(project, stacks.ENVIRONMENT)
        return found
    finally:
        stop.set()
        operator.join()


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def _left(api: Api, namespace: str) -> list[str]:
    """What there still is a minute after everything was deleted."""
    end = time.monotonic() + 60
    while True:
        space = api.get("v1", "Namespace", namespace)
        if space is None:
            return []
        if time.monotonic() > end:
            return [f"{item['kind']}/{item['metadata']['name']}" for item in api.everything(namespace)]
        time.sleep(0.5)


@every_program
def test_a_program_goes_up_stays_and_goes_down(name: str, lives: Callable[[str], Life]) -> None:
    life = lives(name)
    assert life.said.startswith("exit 0"), life.said
    assert "nothing changed" in life.again, life.again
    assert life.down.startswith("exit 0"), life.down
    assert life.left == []


@every_program
def test_workloads_are_ready(name: str, lives: Callable[[str], Life]) -> None:
    for item in lives(name).of("Deployment") + lives(name).of("StatefulSet"):
        wanted = item["spec"].get("replicas", 1)
        assert item["status"].get("readyReplicas") == wanted, item["metadata"]["name"]
    assert all(job["status"].get("succeeded") == 1 for job in lives(name).of("Job"))


@every_program
def test_the_server_warns_of_nothing(name: str, lives: Callable[[str], Life]) -> None:
    assert lives(name).warnings == []


@every_program
def test_the_namespace_is_restricted_limited_and_closed(name: str, lives: Callable[[str], Life]) -> None:
    life = lives(name)
    (space,) = life.of("Namespace")
    modes = ("enforce", "audit", "warn")
    labels = space["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in modes} == {"restricted"}
    assert denies_by_default(life.of("NetworkPolicy"))
    assert len(life.of("ResourceQuota")) == 1
    assert len(life.of("LimitRange")) == 1
    accounts = [item for item in life.of("ServiceAccount") if item["metadata"]["name"] != "default"]
    with_token = {item["metadata"]["name"] for item in accounts if item.get("automountServiceAccountToken")}
    assert with_token <= {"monitoring-metrics"}  # the operator's Prometheus looks up what to scrape


@every_program
def test_connections_are_those_of_the_plan_and_no_more(name: str, lives: Callable[[str], Life]) -> None:
    plan, life = stacks.planned(name), lives(name)
    wired = {(caller.name, item.name) for item in plan.components for caller in plan.callers(item.name)}
    pods = {
        item["metadata"]["labels"].get("workload") for item in life.objects if "labels" in item["metadata"]
    }
    components = {pod for pod in pods if pod} - {"kubernetes"}
    flows = allowed(life.of("NetworkPolicy"), components)
    inside = {flow for flow in flows if {flow.source, flow.target} <= components}
    between = {(flow.source, flow.target) for flow in inside if flow.source != flow.target}
    databases = {(f"{item.name}", f"{item.name}-database") for item in plan.components}
    claims = {item["metadata"]["name"] for item in life.of("ObjectBucketClaim")}
    assert between - databases == {pair for pair in wired if pair[1] not in claims}
    _check_border(life, flows - inside)


def _check_border(life: Life, border: set[Flow]) -> None:
    """What crosses the namespace's border is DNS, and what an implementation says it needs."""
    reasons = {
        "namespace/kube-system": {53},
        "namespace/cnpg-system": {5432, 8000},
        "namespace/ingress": {4000},
        "namespace/rook-ceph": {8080},
        "0.0.0.0/0": {443, 6443},
        "10.20.0.0/16": {443},
    }
    for flow in border:
        other = flow.target if flow.target in reasons else flow.source
        assert flow.port in reasons[other], flow
    loaders = {"chat", "embedder"}
    operated = {item["metadata"]["labels"]["workload"] for item in life.of("Cluster")}
    scraping = {"monitoring"} if life.of("Prometheus") else set[str]()
    outward = {
        flow.source for flow in border if "/" in flow.target and not flow.target.startswith("namespace")
    }
    assert outward <= loaders | operated | scraping


@every_program
def test_images_of_the_plan_are_those_that_run(name: str, lives: Callable[[str], Life]) -> None:
    listed = {image.taken for image in list_images(stacks.planned(name))}
    life = lives(name)
    run = {container["image"] for spec in _pod_specs(life) for container in _containers(spec)}
    run |= {item["spec"]["imageName"] for item in life.of("Cluster")}
    run |= {item["spec"]["image"] for kind in ("Prometheus", "Alertmanager") for item in life.of(kind)}
    assert run == listed
    assert all(":" in image.rpartition("/")[2] and not image.endswith(":latest") for image in listed)


def _pod_specs(life: Life) -> list[Object]:
    found = [
        item["spec"]["template"]["spec"]
        for kind in ("Deployment", "StatefulSet", "Job")
        for item in life.of(kind)
    ]
    found += [item["spec"]["jobTemplate"]["spec"]["template"]["spec"] for item in life.of("CronJob")]
    return found + [item["spec"]["predictor"] for item in life.of("InferenceService")]


def _containers(spec: Object) -> list[Object]:
    return [*spec.get("initContainers", []), *spec["containers"]]


@every_program
def test_bindings_are_secrets_of_the_service_binding_shape(name: str, lives: Callable[[str], Life]) -> None:
    life = lives(name)
    published = {item["metadata"]["name"]: item for item in life.of("Secret")}
    assert life.bindings
    for component, contracts in life.bindings.items():
        for contract, binding in contracts.items():
            secret = published[f"{component}.{contract}"]
            entries = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
            assert secret["type"] == f"servicebinding.io/{contract}"
            assert entries.pop("type") == contract
            assert entries.pop("provider") == "kubernetes"
            assert entries.keys() == binding.keys()


@every_program
def test_secrets_are_in_no_state_in_clear(name: str, lives: Callable[[str], Life]) -> None:
    life = lives(name)
    values = {
        base64.b64decode(value).decode(errors="replace")
        for secret in life.of("Secret")
        for key, value in secret.get("data", {}).items()
        if key in ("password", "api-key", "secret-access-key", "headers", "bearer-token")
    }
    assert life.state
    assert not [value for value in values if len(value) >= 20 and value in life.state]


@every_program
def test_larger_ones_survive_maintenance(name: str, lives: Callable[[str], Life]) -> None:
    life = lives(name)
    guarded = {item["metadata"]["name"] for item in life.of("PodDisruptionBudget")}
    scaled = {item["metadata"]["name"] for item in life.of("HorizontalPodAutoscaler")}
    for item in life.of("Deployment"):
        several = item["spec"].get("replicas", 1) > 1 or item["metadata"]["name"] in scaled
        spread = item["spec"]["template"]["spec"].get("topologySpreadConstraints")
        assert bool(spread) == several
        assert (item["metadata"]["name"] in guarded) == several


def test_every_implementation_is_deployed_on_every_change() -> None:
    shelf = Shelf().implementations.values()
    entries = [entry for offered in shelf for entry in offered.values() if entry.provider == "kubernetes"]
    planned = [stacks.planned(name) for name in stacks.EVERY_CHANGE]
    taken = [box.entry for plan in planned for box in (*plan.all_components, *plan.foundations)]
    assert {(entry.capability, entry.id) for entry in taken} == {
        (entry.capability, entry.id) for entry in entries
    }


@pytest.mark.parametrize(
    ("names", "checks"),  # checks that an object passes on average: Services and configuration have few
    [
        pytest.param(tuple(stacks.EVERY_CHANGE), 9, id="every implementation"),
        pytest.param(tuple(stacks.EXAMPLES), 8, id="every example", marks=pytest.mark.nightly),
    ],
)
def test_public_judges_find_nothing_that_is_not_explained(
    names: tuple[str, ...], checks: int, lives: Callable[[str], Life], tmp_path: Path
) -> None:
    made = [item for name in names for item in lives(name).made]
    assert len(made) > 100
    assert judged_by_pod_security(made) == []
    report = judged_by_checkov(made, tmp_path)
    assert report.failed == {}
    assert set(report.skipped) <= {"CKV_K8S_35", "CKV_K8S_43"}  # the program says why, at the pods
    assert report.passed > checks * len(made)
