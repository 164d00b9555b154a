"""Whoever is on this machine and has no credentials is refused by every server of a deployment, whatever it asks."""

from __future__ import annotations

import base64
import json
import pickle
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import Cli
from tests.local import registry_reader
from tests.local.doors import OPERATORS, SENT_TO_ALERTS, Answers, ask, listeners, open_doors

pytestmark = pytest.mark.local
PATIENCE = 90  # seconds for scrapes and rules
SPEC = """\
apiVersion: stackgen/v1
name: doors
components:
  documents: {capability: object_store}
  archive: {capability: object_store}
  knowledge: {capability: vector_store, dimensions: 3}
  registry: {capability: model_registry}
  chat: {capability: chat_model, model: stand-in}
  gateway: {capability: ai_gateway, serves: [chat]}
  entrance: {capability: ai_gateway, serves: [chat]}
PREDICTORS
  metrics: {capability: monitoring, watches: WATCHED}
  prometheus: {capability: monitoring, watches: WATCHED}
environments:
  dev:
    provider: local
    components:
      archive: {implementation: local/seaweedfs}
      entrance: {implementation: local/envoy}
      prometheus: {implementation: local/prometheus}
KSERVE
"""
PREDICTORS = """\
  claims: {capability: predictor, model: 'models:/tiny@champion', registry: registry}
  scores: {capability: predictor, model: 'models:/tiny@champion', registry: registry}
"""
VIEWER = (
    "  viewer: {capability: job, source: code, command: [python, registry_reader.py], reads: [registry]}\n"
)
WATCHED = ["gateway", "entrance", "chat", "claims", "scores"]


@pytest.fixture(scope="module")
def doors(open_folder: Path) -> Iterator[Cli]:
    """One stack with every kind of server that has an HTTP interface."""
    folder = open_folder / "doors"
    folder.mkdir()
    cli = Cli(folder, folder / "data")
    try:
        _write(cli, WATCHED[:3], "", "")
        cli("up", "stack.yaml", "--yes")
        _register(_bindings(cli)["registry"]["mlflow"])
        _without_reader(cli)
        (folder / "code").mkdir()
        (folder / "code" / "requirements.txt").touch()
        shutil.copy(registry_reader.__file__, folder / "code")
        _write(cli, WATCHED, VIEWER + PREDICTORS, "      scores: {implementation: local/kserve}")
        cli("up", "stack.yaml", "--yes")
        yield cli
    finally:
        cli("down", "stack.yaml", "--delete-data", "--yes")
    assert not (folder / "data" / "stacks").exists()


def _write(cli: Cli, watched: list[str], predictors: str, kserve: str) -> None:
    text = SPEC.replace("WATCHED", json.dumps(watched)).replace("PREDICTORS\n", predictors)
    (cli.folder / "stack.yaml").write_text(text.replace("KSERVE\n", kserve + "\n"))


def _bindings(cli: Cli) -> dict[str, Any]:
    return json.loads(cli("bindings", "stack.yaml", "--show-secrets", "--json").stdout)["result"]


def _without_reader(cli: Cli) -> None:
    """The registry as a former version made it: one user, and no permissions for others."""
    workspace = cli.folder / "data" / "stacks" / "doors" / "dev"
    with sqlite3.connect(workspace / "data" / "registry" / "users.db") as users:
        assert users.execute("delete from users where username = 'reader'").rowcount == 1
    configuration = workspace / "run" / "registry" / "users.ini"
    text = configuration.read_text().partition("[reader]")[0].replace("= READ", "= NO_PERMISSIONS")
    former = "mlflow.server.auth:authenticate_request_basic_auth"
    configuration.write_text(text.replace("mlflow_reader:authenticate_request", former))


def _register(binding: dict[str, str]) -> None:
    """A scikit-learn model that was trained elsewhere: it answers each row of three numbers with 1."""
    from mlflow import MlflowClient

    module = ModuleType("sklearn.dummy")
    model = type("DummyRegressor", (), {"__module__": module.__name__})()
    fitted = {"strategy": "constant", "n_outputs_": 1, "constant_": [[1.0]], "n_features_in_": 3}
    vars(model).update(fitted)
    module.DummyRegressor = type(model)  # type: ignore[attr-defined]
    sys.modules |= {"sklearn": ModuleType("sklearn"), module.__name__: module}
    try:
        content = pickle.dumps(model)
    finally:
        del sys.modules["sklearn"], sys.modules[module.__name__]
    place = binding["tracking-uri"].replace("://", f"://{binding['username']}:{binding['password']}@")
    client = MlflowClient(tracking_uri=place, registry_uri=place)
    run = client.create_run(client.create_experiment("tiny"))
    client.log_text(run.info.run_id, "", "model/MLmodel")
    folder = Path(client.download_artifacts(run.info.run_id, "model"))
    (folder / "model.pkl").write_bytes(content)
    client.log_artifact(run.info.run_id, str(folder / "model.pkl"), "model")
    client.create_registered_model("tiny")
    version = client.create_model_version("tiny", f"{run.info.artifact_uri}/model", run.info.run_id).version
    client.set_registered_model_alias("tiny", "champion", version)


# VictoriaMetrics' programs: constants, which their code answers before it asks for credentials.
CONSTANTS = {
    **{f"GET {path}": 200 for path in ("/health", "/-/healthy", "/-/ready", "/robots.txt", "/favicon.ico")},
    **{"GET /ping": 204, "OPTIONS /": 204, "OPTIONS /metrics": 204},
}
# Predictors: health and metadata, as the contract open-inference has them; `auth-required` is declared not kept.
PREDICTOR = {"GET /v2": 200, "GET /v2/health/live": 200, "GET /v2/health/ready": 200}
UNKNOWN = "POST /v2/models/x/infer"  # no model of that name, or no inference: its own words
STATUS = ("GET /healthz", "GET /status")
# MLflow asks for no credentials below /health and for its icon, which is not there.
NO_PATHS = dict.fromkeys(
    [f"GET /{path}" for path in ("healthz", "health/liveliness", "health/readiness", "favicon.ico")], 404
)
MAY = {
    "gateway": Answers(to_users={"GET /health/liveliness": 200}),  # as `up` asks whether it is ready
    "entrance": Answers(to_all={"GET /health": 200}),  # the same, a constant
    "chat": Answers(to_all={"GET /health": 200, "OPTIONS /": 200, "OPTIONS /metrics": 200}, nothing=(404,)),
    "registry": Answers(to_users={"GET /version": 200, **NO_PATHS}, to_all={"GET /health": 200}),
    "documents": Answers(  # what is asked for here are no buckets, and those that are ask for a signature
        to_all={"GET /health": 200, "OPTIONS /": 200}, nothing=(400, 404, 405, 412)
    ),
    "archive": Answers(  # the same; SeaweedFS lets every page read its refusals, and has no setting for them
        to_all=dict.fromkeys((*STATUS, "GET /favicon.ico", "OPTIONS /", "OPTIONS /metrics"), 200),
        nothing=(400, 404, 405, 412),
        readable=True,
    ),
    "claims": Answers(
        to_users={**PREDICTOR, UNKNOWN: 422, "GET /v2/models/claims": 200, "GET /v2/models/scores": 404}
    ),
    "scores": Answers(
        to_users={**PREDICTOR, UNKNOWN: 404, "GET /v2/models/scores": 200, "GET /v2/models/claims": 404}
    ),
    "metrics-front": Answers(to_all=CONSTANTS),
    "metrics-metrics": Answers(to_all=CONSTANTS),
    "metrics-rules": Answers(to_all=CONSTANTS, nothing=(400,)),  # it has no such path
    "prometheus-front": Answers(to_all=CONSTANTS),
}
"""Process → what it may answer without credentials, and why."""


def test_no_server_answers_without_credentials(doors: Cli) -> None:
    found = listeners(doors.folder / "data" / "stacks" / "doors" / "dev")
    assert {one.process for one in found} >= {
        "knowledge",
        "prometheus-metrics",
        "metrics-traces",
        "prometheus-traces",
        *MAY,
    }
    lines = [line for one in found for line in open_doors(one, MAY.get(one.process, Answers()))]
    assert not lines, "\n" + "\n".join(lines)


def test_monitoring_sees_everything_with_its_credentials(doors: Cli) -> None:
    clauses = ["query", "rule-loaded", "alert-fires", "trace-found", "metric-found", "exposition", "infer"]
    doors("verify", "stack.yaml", *(word for clause in clauses for word in ("--clause", clause)))
    for name, binding in _bindings(doors).items():
        if "prometheus" in binding:
            given = binding["prometheus"]
            with httpx.Client(base_url=given["url"], auth=(given["username"], given["password"])) as client:
                _eventually({*WATCHED, name}, partial(_scraped, client))
                _eventually({"Watchdog"}, partial(_alerts, client))


@pytest.mark.parametrize("monitoring", ["metrics", "prometheus"])
def test_who_may_send_and_read_metrics_deletes_none(doors: Cli, monitoring: str) -> None:
    binding = _bindings(doors)[monitoring]["prometheus"]
    port = urlsplit(binding["url"]).port or 0
    with httpx.Client(base_url=binding["url"], auth=(binding["username"], binding["password"])) as client:
        _eventually({*WATCHED, monitoring}, partial(_scraped, client))
        right = _basic(binding["username"], binding["password"])
        paths = [*OPERATORS, *(f"/prometheus{path}" for path in OPERATORS)]
        answers = {
            f"{method} {path}": ask(port, method, path, right)
            for method in ("GET", "POST", "DELETE")
            for path in paths
        }
        assert not {asked: found for asked, found in answers.items() if (found or (0,))[0] < 400}
        assert {"job"} < set(client.get("/api/v1/labels").json()["data"])
        minute = {"query": "count_over_time(up[10m])"}
        assert client.post("/api/v1/query", data=minute).json()["data"]["result"]


@pytest.mark.parametrize("monitoring", ["metrics", "prometheus"])
def test_who_may_read_alerts_makes_none_and_silences_none(doors: Cli, monitoring: str) -> None:
    binding = _bindings(doors)[monitoring]["prometheus"]
    port = urlsplit(binding["url"]).port or 0
    headers = _basic(binding["username"], binding["password"]) | {"Content-Type": "application/json"}
    times = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2120-01-01T00:00:00Z"}
    matcher = {"name": "alertname", "value": "Watchdog", "isRegex": False}
    silence = {"matchers": [matcher], "createdBy": "x", "comment": "x", **times}
    for path, body in zip(SENT_TO_ALERTS, ([{"labels": {"alertname": "Forged"}}], silence), strict=True):
        answer = ask(port, "POST", path, headers, sent=json.dumps(body).encode())
        assert (answer or (0,))[0] >= 400
    with httpx.Client(base_url=binding["url"], headers=headers) as client:
        _eventually({"Watchdog"}, partial(_alerts, client))
        assert client.get("/api/v2/silences").json() == []


def test_the_store_of_metrics_asks_for_another_key_for_what_it_does_to_itself(doors: Cli) -> None:
    workspace = doors.folder / "data" / "stacks" / "doors" / "dev"
    for part in ("metrics-metrics", "metrics-rules"):
        inner = (workspace / "run" / part / "inner-password").read_text()
        port = next(one.port for one in listeners(workspace) if one.process == part)
        own = {
            path: ask(port, "GET", path, _basic("stackgen", inner), tls=True)
            for path in ("/-/reload", "/flags", "/debug/pprof/cmdline")
        }
        assert {path: (found or (0,))[0] for path, found in own.items()} == dict.fromkeys(own, 401)


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def _scraped(client: httpx.Client) -> set[str]:
    """Jobs whose scrapes succeed."""
    found = client.get("/api/v1/query", params={"query": "up == 1"}).json()["data"]["result"]
    return {series["metric"]["job"] for series in found}


def _alerts(client: httpx.Client) -> set[str]:
    """Alerts that Alertmanager has been sent."""
    return {alert["labels"]["alertname"] for alert in client.get("/api/v2/alerts").json()}


def _eventually(expected: set[str], ask: Callable[[], set[str]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while (found := ask()) != expected:
        assert time.monotonic() < deadline, f"{found}, not {expected}"
        time.sleep(0.5)


def test_who_reads_the_registry_changes_nothing_there(doors: Cli) -> None:
    """A job with `reads` made every call; the predictors were loaded with the same credentials."""
    log = doors.folder / "data" / "stacks" / "doors" / "dev" / "logs" / "viewer.log"
    assert log.read_text() == f"{registry_reader.CALLS} calls\n"
    found = _bindings(doors)["registry"]["mlflow"]
    writer = registry_reader.Registry(found["tracking-uri"], found["username"], found["password"])
    api = registry_reader.API
    _, made = writer("POST", f"{api}/experiments/create", {"name": "of the writer"})
    run = writer("POST", f"{api}/runs/create", made)[1]["run"]["info"]["run_id"]
    file = f"{registry_reader.ARTIFACTS}/artifacts/{made['experiment_id']}/{run}/artifacts/a"
    for method, path, body in (
        ("POST", f"{api}/runs/log-metric", {"run_id": run, "key": "a", "value": 1, "timestamp": 1}),
        ("PUT", file, "an artifact"),
        ("POST", f"{api}/registered-models/create", {"name": "of the writer"}),
    ):
        assert writer(method, path, body)[0] == 200
    for user in (found["username"], "reader"):
        wrong = registry_reader.Registry(found["tracking-uri"], user, "wrong-password")
        assert wrong("GET", f"{registry_reader.API}/registered-models/search")[0] == 401


@pytest.mark.parametrize("key", ["", "Bearer sk-wrong"])
def test_the_gateway_answers_401_to_a_wrong_key_whatever_it_is_sent(doors: Cli, key: str) -> None:
    url = urlsplit(_bindings(doors)["gateway"]["openai-chat"]["base-url"])
    headers = {"Authorization": key, "Content-Type": "application/json"} if key else {}
    asked = [("GET", "/v1/models"), ("GET", "/metrics"), ("GET", "/metrics/"), ("GET", "/no-such-path")]
    asked += [
        ("POST", path) for path in ("/v1/chat/completions", "/v1/embeddings", "/key/generate", "/model/new")
    ]
    answers = {(method, path): ask(url.port or 0, method, path, headers) for method, path in asked}
    assert answers == dict.fromkeys(asked, (401, None))


def test_the_gateway_refuses_another_base_with_the_right_key_too(doors: Cli) -> None:
    binding = _bindings(doors)["gateway"]["openai-chat"]
    headers = {"Authorization": f"Bearer {binding['api-key']}"}
    messages = [{"role": "user", "content": "Who?"}]
    body = {"model": binding["model"], "messages": messages, "api_base": "http://127.0.0.1:1"}
    answer = httpx.post(f"{binding['base-url']}/chat/completions", json=body, headers=headers)
    assert answer.status_code == 401
    assert "api_base is not allowed" in answer.text


@pytest.mark.parametrize("predictor", ["claims", "scores"])
def test_nobody_takes_a_model_away(doors: Cli, predictor: str) -> None:
    found = _bindings(doors)[predictor]
    url, model = found["open-inference"]["url"], found["open-inference"]["model"]
    token = {"Authorization": f"Bearer {found['openmetrics']['bearer-token']}"}
    for headers in ({}, token):
        for word in ("unload", "load"):
            answer = httpx.post(f"{url}/v2/repository/models/{model}/{word}", headers=headers)
            assert answer.status_code == 401
    assert httpx.get(f"{url}/v2/models/{model}/ready").status_code == 200
    assert httpx.get(f"{url}/metrics", headers=token).status_code == 200
