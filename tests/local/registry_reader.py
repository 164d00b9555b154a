"""What a workload that only reads the registry can do there: run as a job's code, with the variables of its binding.

Prints the answers that are not as they should be. Standard library only.
"""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

API, UI, V3 = "/api/2.0/mlflow", "/ajax-api/2.0/mlflow", "/api/3.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts"
ASSISTANT = "/ajax-api/3.0/mlflow/assistant"


class Registry:
    """MLflow by name and password, called without its client, which refuses some calls itself."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url
        self.credentials = base64.b64encode(f"{username}:{password}".encode()).decode()

    def __call__(
        self, method: str, path: str, body: object = None, host: str | None = None
    ) -> tuple[int, Any]:
        """Status, and content where it is JSON. host: what the header of that name says instead of the address."""
        headers = {"Authorization": f"Basic {self.credentials}", "Content-Type": "application/json"}
        headers |= {"Host": host} if host else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else text
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def reads(experiment: str, run: str) -> list[tuple[str, str, Any]]:
    """Calls with which clients read: `tiny`, its run, its files."""
    return [
        ("GET", f"{API}/experiments/get-by-name?experiment_name=tiny", None),
        ("POST", f"{API}/experiments/search", {"max_results": 10}),
        ("GET", f"{API}/runs/get?run_id={run}", None),
        ("POST", f"{API}/runs/search", {"experiment_ids": [experiment]}),
        ("GET", f"{API}/artifacts/list?run_id={run}", None),
        ("GET", f"{API}/registered-models/search", None),
        ("GET", f"{API}/registered-models/get?name=tiny", None),
        ("POST", f"{API}/registered-models/get-latest-versions", {"name": "tiny"}),
        ("GET", f"{API}/model-versions/search", None),
        ("GET", f"{API}/model-versions/get-download-uri?name=tiny&version=1", None),
        ("GET", f"{ARTIFACTS}/artifacts/{experiment}/{run}/artifacts/model/MLmodel", None),
        ("POST", f"{API}/logged-models/search", {"experiment_ids": [experiment]}),
        ("POST", f"{V3}/traces/search", {"locations": [_location(experiment)]}),
    ]


def writes(experiment: str, run: str, username: str) -> list[tuple[str, str, Any]]:
    """Calls that make or change something, of its own and of others."""
    model, version = {"name": "tiny"}, {"name": "tiny", "version": "1"}
    tag = {"key": "a", "value": "b"}
    file = f"{ARTIFACTS}/artifacts/{experiment}/{run}/artifacts/model/model.pkl"
    return [
        ("POST", f"{API}/experiments/create", {"name": "mine"}),
        ("POST", f"{UI}/experiments/create", {"name": "mine"}),
        ("POST", f"{API}/experiments/update", {"experiment_id": experiment, "new_name": "mine"}),
        ("POST", f"{API}/experiments/set-experiment-tag", {"experiment_id": experiment, **tag}),
        ("POST", f"{API}/experiments/delete", {"experiment_id": experiment}),
        ("POST", f"{API}/runs/create", {"experiment_id": experiment}),
        ("POST", f"{API}/runs/log-metric", {"run_id": run, "key": "a", "value": 1, "timestamp": 1}),
        ("POST", f"{API}/runs/log-batch", {"run_id": run, "params": [tag]}),
        ("POST", f"{API}/runs/set-tag", {"run_id": run, **tag}),
        ("POST", f"{API}/runs/update", {"run_id": run, "status": "FAILED"}),
        ("POST", f"{API}/runs/delete", {"run_id": run}),
        ("PUT", file, "another model"),
        ("DELETE", file, None),
        ("POST", f"{ARTIFACTS}/mpu/create/{experiment}/{run}/artifacts/a", {"path": "a", "num_parts": 1}),
        ("POST", f"{UI}/upload-artifact?run_uuid={run}&path=a", "another model"),
        ("POST", f"{API}/registered-models/create", {"name": "mine"}),
        ("POST", f"{API}/registered-models/rename", {**model, "new_name": "mine"}),
        ("PATCH", f"{API}/registered-models/update", {**model, "description": "mine"}),
        ("POST", f"{API}/registered-models/set-tag", {**model, **tag}),
        ("POST", f"{API}/registered-models/alias", {**version, "alias": "champion"}),
        ("DELETE", f"{API}/registered-models/alias?name=tiny&alias=champion", None),
        ("DELETE", f"{API}/registered-models/delete", model),
        ("POST", f"{API}/model-versions/create", {**model, "source": "mlflow-artifacts:/mine"}),
        ("PATCH", f"{API}/model-versions/update", {**version, "description": "mine"}),
        ("POST", f"{API}/model-versions/set-tag", {**version, **tag}),
        ("DELETE", f"{API}/model-versions/delete", version),
        ("POST", f"{API}/logged-models", {"experiment_id": experiment, "name": "mine"}),
        ("POST", f"{V3}/traces", {"trace": {"trace_info": {"trace_location": _location(experiment)}}}),
        ("POST", f"{V3}/traces/delete-traces", {"experiment_id": experiment, "max_traces": 1}),
        ("POST", "/v1/traces", {}),
        ("POST", f"{API}/webhooks", {"name": "mine", "url": "https://example.com", "events": []}),
        ("POST", f"{V3}/gateway/secrets/create", {"secret_name": "mine", "provider": "openai"}),
        ("POST", f"{V3}/gateway/endpoints/create", {"name": "mine"}),
        ("POST", "/gateway/mine/mlflow/invocations", {}),
        ("POST", "/ajax-api/3.0/mlflow/demo/generate", {}),
        ("PATCH", "/ajax-api/3.0/mlflow/jobs/cancel/mine", None),
        ("GET", f"{ASSISTANT}/config", None),
        ("PUT", f"{ASSISTANT}/config", {}),
        ("POST", f"{ASSISTANT}/message", {"message": "ls"}),
        ("POST", f"{API}/users/create", {"username": "mine", "password": "mine-mine-mine"}),
        ("PATCH", f"{API}/users/update-password", {"username": username, "password": "mine-mine-mine"}),
        ("PATCH", f"{API}/users/update-admin", {"username": username, "is_admin": True}),
        ("DELETE", f"{API}/users/delete", {"username": username}),
        ("POST", f"{V3}/users/permissions/grant", {"username": username, "permission": "MANAGE"}),
        ("GET", "/api/2.0/mlflow/users/get?username=stackgen", None),
    ]


def _location(experiment: str) -> dict[str, Any]:
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}


CALLS = 2 * len(reads("", "")) + len(writes("", "", ""))


def surprises(ask: Registry, username: str) -> list[str]:
    """Each answer that is none for a reader: a call that reads and fails, one that writes and is not refused."""
    status, found = ask("GET", f"{API}/registered-models/alias?name=tiny&alias=champion")
    if status != 200:
        return [f"the champion: {status}"]
    run = found["model_version"]["run_id"]
    experiment = ask("GET", f"{API}/runs/get?run_id={run}")[1]["run"]["info"]["experiment_id"]
    expected = [(call, 200) for call in reads(experiment, run)]
    expected += [(call, 403) for call in writes(experiment, run, username)]
    # the last read once more: nothing of what was refused has happened
    expected += [(call, 200) for call in reads(experiment, run)]
    answers = [(call, code, ask(*call)[0]) for call, code in expected]
    # Starlette before 1.0.1 takes the path out of this header: https://nvd.nist.gov/vuln/detail/CVE-2026-48710
    host = urllib.parse.urlsplit(ask.url).netloc + f"{API}/runs/search?"
    disguised = ask("POST", f"{ASSISTANT}/message", {"message": "ls"}, host)[0]
    return [
        *(f"{call[0]} {call[1]}: {status}, not {code}" for call, code, status in answers if status != code),
        *([f"a message with the host {host}: {disguised}"] if disguised not in (400, 403) else []),
    ]


if __name__ == "__main__":
    user = os.environ["MLFLOW_TRACKING_USERNAME"]
    registry = Registry(os.environ["MLFLOW_TRACKING_URI"], user, os.environ["MLFLOW_TRACKING_PASSWORD"])
    print("\n".join([*surprises(registry, user), f"{CALLS} calls"]))
