"""mlflow/1: tracking and registry, through the mlflow client. https://mlflow.org/docs/latest/rest-api.html."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import Field, SecretStr

from stackgen.contracts.mlflow import artifacts as mlflow_artifacts
from stackgen.contracts.model import (
    Binding,
    Clause,
    ClauseBroken,
    Contract,
    address,
    https,
    is_loopback_url,
    require,
)

QUIET = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # What a server answers leads nowhere else: no redirects, and no addresses that it has signed for parts of a file.
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
}
_CLOUDS = ("AWS_*", "GOOGLE_*", "AZURE_*", "DATABRICKS_*")


class MlflowBinding(Binding):
    """tracking-uri: http(s) URL of the server."""

    variables: ClassVar = {
        "tracking_uri": "MLFLOW_TRACKING_URI",
        "username": "MLFLOW_TRACKING_USERNAME",
        "password": "MLFLOW_TRACKING_PASSWORD",
    }
    tracking_uri: str = Field(description="http or https URL of the server.")
    username: str | None = Field(default=None, description="User that the server lets in.")
    password: SecretStr | None = Field(default=None, description="Its password.")

    @property
    def reads(self) -> tuple[str, ...]:
        """All variables of mlflow, which control logs and traces; for a server on this machine also those of clouds."""
        here = self.tracking_uri.startswith(("http://", "https://")) and is_loopback_url(self.tracking_uri)
        return ("MLFLOW_*", "OTEL_*", *(_CLOUDS if here else ()))

    @property
    def overrides(self) -> tuple[str, ...]:
        """Variables of another kind of credentials, and of another registry."""
        return (
            "MLFLOW_TRACKING_TOKEN",
            "MLFLOW_TRACKING_AUTH",
            "MLFLOW_TRACKING_AWS_SIGV4",
            "MLFLOW_REGISTRY_URI",
        )


@contextmanager
def connect_client(binding: MlflowBinding) -> Iterator[Any]:
    """Yield the mlflow client, with only this binding's variables in the environment of the process."""
    _TURNS.enter(binding)
    try:
        yield mlflow_artifacts.client(binding.tracking_uri)
    finally:
        _TURNS.leave()


class _Turns:
    """Turns of bindings: the client reads the environment, so only probes of one binding run concurrently."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.binding: MlflowBinding | None = None
        self.users = 0
        self.before: dict[str, str | None] = {}

    def enter(self, binding: MlflowBinding) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.users == 0 or self.binding == binding)
            if self.users == 0:
                self.binding = binding
                given = {**QUIET, **binding.environment()}
                self.before = {name: os.environ.get(name) for name in given}
                os.environ.update(given)
            self.users += 1

    def leave(self) -> None:
        with self.changed:
            self.users -= 1
            if self.users == 0:
                for name, value in self.before.items():
                    os.environ.pop(name, None)
                    if value is not None:
                        os.environ[name] = value
                self.changed.notify_all()


_TURNS = _Turns()


@contextmanager
def scratch_run(binding: MlflowBinding) -> Iterator[tuple[Any, Any]]:
    """Yield a client and a run in an experiment for one probe; delete the experiment afterwards."""
    with connect_client(binding) as client:
        experiment = client.create_experiment(f"stackgen-probe-{uuid4().hex[:12]}")
        try:
            yield client, client.create_run(experiment)
        finally:
            client.delete_experiment(experiment)


@contextmanager
def scratch_version(binding: MlflowBinding) -> Iterator[tuple[Any, Any]]:
    """Yield a client and version 1 of a registered model for one probe; delete the model afterwards."""
    name = f"stackgen-probe-{uuid4().hex[:12]}"
    with scratch_run(binding) as (client, run):
        client.create_registered_model(name)
        try:
            source = f"{run.info.artifact_uri}/model"
            yield client, client.create_model_version(name, source, run.info.run_id, await_creation_for=0)
        finally:
            client.delete_registered_model(name)


def probe_log_run(binding: MlflowBinding) -> str:
    with scratch_run(binding) as (client, run):
        client.log_param(run.info.run_id, "depth", "3")
        client.log_metric(run.info.run_id, "accuracy", 0.75)
        data = client.get_run(run.info.run_id).data
    require(data.params.get("depth") == "3", "a logged parameter is not there")
    require(data.metrics.get("accuracy") == 0.75, "a logged metric is not there")
    return "parameter and metric are read back"


def probe_register_version(binding: MlflowBinding) -> str:
    with scratch_version(binding) as (client, version):
        found = client.get_model_version(version.name, version.version)
    require(str(found.version) == "1", f"the first version is numbered {found.version}")
    return "version 1"


def probe_alias(binding: MlflowBinding) -> str:
    with scratch_version(binding) as (client, first):
        second = client.create_model_version(first.name, first.source, first.run_id, await_creation_for=0)
        client.set_registered_model_alias(first.name, "champion", first.version)
        client.set_registered_model_alias(first.name, "challenger", second.version)
        client.set_registered_model_alias(first.name, "champion", second.version)
        found = client.get_model_version_by_alias(first.name, "champion").version
    require(str(found) == str(second.version), f"after moving, champion is version {found}")
    return "champion moved from 1 to 2"


def probe_artifact_round_trip(binding: MlflowBinding) -> str:
    content = uuid4().hex
    with scratch_run(binding) as (_, run), tempfile.TemporaryDirectory() as folder:
        reason = mlflow_artifacts.refusal(run.info.artifact_uri, binding.tracking_uri)
        require(reason is None, f"run {run.info.run_id}: {reason}")
        Path(folder, "card.txt").write_text(content)
        artifacts = mlflow_artifacts.open_artifacts(run.info.artifact_uri, binding.tracking_uri)
        artifacts.log_artifact(str(Path(folder, "card.txt")), "notes")
        back = Path(artifacts.download_artifacts("notes/card.txt", str(Path(folder))))
        require(back.read_text() == content, "the artifact came back with another content")
    return "an artifact comes back as it went"


def probe_traces(binding: MlflowBinding) -> str:
    import mlflow

    with scratch_run(binding) as (client, run):
        mlflow.set_tracking_uri(binding.tracking_uri)
        span = client.start_trace("probe", experiment_id=run.info.experiment_id, inputs={"question": "?"})
        client.end_trace(span.trace_id, outputs={"answer": "!"})
        mlflow.flush_trace_async_logging()
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            found = client.search_traces(locations=[run.info.experiment_id])
            if any(trace.info.trace_id == span.trace_id for trace in found):
                return "a trace is found again"
            time.sleep(0.3)
    raise ClauseBroken("a trace that was sent is not found after 15 s")


def probe_auth_required(binding: MlflowBinding) -> str:
    return _refused(binding, None)


def probe_wrong_credentials(binding: MlflowBinding) -> str:
    require(binding.username, "the binding has no credentials")
    return _refused(binding, (binding.username or "", f"wrong-{uuid4().hex}"))


def _refused(binding: MlflowBinding, auth: tuple[str, str] | None) -> str:
    """Send a request by plain HTTP: the client's credentials belong to the whole process."""
    from stackgen.contracts import limited_http

    url = f"{binding.tracking_uri}/api/2.0/mlflow/experiments/search"
    status = limited_http.post(url, json={"max_results": 1}, auth=auth, timeout=15).status_code
    how = "with a wrong password" if auth else "without credentials"
    require(status in (401, 403), f"a request {how} is answered with {status}")
    return f"refused with {status}"


CONTRACT = Contract(
    "mlflow",
    1,
    MlflowBinding,
    (
        Clause("log-run", "Parameters and metrics of a run are kept.", probe_log_run),
        Clause("register-version", "Model versions can be registered.", probe_register_version),
        Clause("alias", "Aliases such as champion and challenger can be set and moved.", probe_alias),
        Clause("artifact-round-trip", "Artifacts come back as they went.", probe_artifact_round_trip),
        Clause("traces", "Traces are kept and found again.", probe_traces),
        Clause("auth-required", "Requests without credentials are refused.", probe_auth_required),
        Clause("wrong-credentials-refused", "A wrong password is refused.", probe_wrong_credentials),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.tracking_uri)),
    ),
    lambda binding: address(binding.tracking_uri),
    ("httpx", "mlflow"),
    holds="runs, registered models, artifacts and traces",
)
