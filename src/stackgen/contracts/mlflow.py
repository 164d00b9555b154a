"""mlflow/1: tracking and registry. https://mlflow.org/docs/latest/rest-api.html, through the mlflow client."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import SecretStr

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, address, https, kept

_LOCK = RLock()  # the client takes its credentials from the process's environment


class MlflowBinding(Binding):
    """tracking-uri: http(s) URL of the server."""

    variables: ClassVar = {
        "tracking_uri": "MLFLOW_TRACKING_URI",
        "username": "MLFLOW_TRACKING_USERNAME",
        "password": "MLFLOW_TRACKING_PASSWORD",
    }
    tracking_uri: str
    username: str | None = None
    password: SecretStr | None = None


@contextmanager
def connected(binding: MlflowBinding, **other: str) -> Iterator[Any]:
    """The mlflow client with this binding's variables, and nobody else's, in the environment."""
    names = set(MlflowBinding.variables.values())
    with _LOCK:
        before = {name: os.environ.pop(name) for name in names if name in os.environ}
        os.environ.update({**binding.environment(), **other})
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
        try:
            from mlflow import MlflowClient

            yield MlflowClient(tracking_uri=binding.tracking_uri, registry_uri=binding.tracking_uri)
        finally:
            for name in names:
                os.environ.pop(name, None)
            os.environ.update(before)


@contextmanager
def scratch_run(binding: MlflowBinding) -> Iterator[tuple[Any, Any]]:
    """A client and a run in an experiment of the probe's own, deleted afterwards."""
    with connected(binding) as client:
        experiment = client.create_experiment(f"stackgen-probe-{uuid4().hex[:12]}")
        try:
            yield client, client.create_run(experiment)
        finally:
            client.delete_experiment(experiment)


@contextmanager
def scratch_version(binding: MlflowBinding) -> Iterator[tuple[Any, Any]]:
    """A client and version 1 of a registered model of the probe's own, deleted afterwards."""
    name = f"stackgen-probe-{uuid4().hex[:12]}"
    with scratch_run(binding) as (client, run):
        client.create_registered_model(name)
        try:
            source = f"{run.info.artifact_uri}/model"
            yield client, client.create_model_version(name, source, run.info.run_id)
        finally:
            client.delete_registered_model(name)


def log_run(binding: MlflowBinding) -> str:
    with scratch_run(binding) as (client, run):
        client.log_param(run.info.run_id, "depth", "3")
        client.log_metric(run.info.run_id, "accuracy", 0.75)
        data = client.get_run(run.info.run_id).data
    kept(data.params.get("depth") == "3", "a logged parameter is not there")
    kept(data.metrics.get("accuracy") == 0.75, "a logged metric is not there")
    return "parameter and metric are read back"


def register_version(binding: MlflowBinding) -> str:
    with scratch_version(binding) as (client, version):
        found = client.get_model_version(version.name, version.version)
    kept(str(found.version) == "1", f"the first version is numbered {found.version}")
    return "version 1"


def alias(binding: MlflowBinding) -> str:
    with scratch_version(binding) as (client, first):
        second = client.create_model_version(first.name, first.source, first.run_id)
        client.set_registered_model_alias(first.name, "champion", first.version)
        client.set_registered_model_alias(first.name, "challenger", second.version)
        client.set_registered_model_alias(first.name, "champion", second.version)
        found = client.get_model_version_by_alias(first.name, "champion").version
    kept(str(found) == str(second.version), f"after moving, champion is version {found}")
    return "champion moved from 1 to 2"


def artifact_round_trip(binding: MlflowBinding) -> str:
    content = uuid4().hex
    with scratch_run(binding) as (client, run), tempfile.TemporaryDirectory() as folder:
        Path(folder, "card.txt").write_text(content)
        client.log_artifact(run.info.run_id, str(Path(folder, "card.txt")), "notes")
        found = client.download_artifacts(run.info.run_id, "notes/card.txt", str(Path(folder)))
        kept(Path(found).read_text() == content, "the artifact came back with another content")
    return "an artifact comes back as it went"


def traces(binding: MlflowBinding) -> str:
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


def auth_required(binding: MlflowBinding) -> str:
    stranger = binding.model_copy(update={"username": None, "password": None})
    return _refused(stranger, "without credentials")


def wrong_credentials(binding: MlflowBinding) -> str:
    kept(binding.username, "the binding has no credentials")
    wrong = binding.model_copy(update={"password": SecretStr(f"wrong-{uuid4().hex}")})
    return _refused(wrong, "with a wrong password")


def _refused(binding: MlflowBinding, how: str) -> str:
    from mlflow.exceptions import MlflowException

    with connected(binding) as client:
        try:
            client.search_experiments(max_results=1)
        except MlflowException as error:
            text = str(error)
            kept(
                "401" in text or "403" in text or "not authenticated" in text.lower(),
                f"failed {how}: {text[:120]}",
            )
            return "refused"
    raise ClauseBroken(f"the server answers {how}")


CONTRACT = Contract(
    "mlflow",
    1,
    MlflowBinding,
    (
        Clause("log-run", "Parameters and metrics of a run are kept.", log_run),
        Clause("register-version", "Model versions can be registered.", register_version),
        Clause("alias", "Aliases such as champion and challenger can be set and moved.", alias),
        Clause("artifact-round-trip", "Artifacts come back as they went.", artifact_round_trip),
        Clause("traces", "Traces are kept and found again.", traces),
        Clause("auth-required", "Nobody is answered without credentials.", auth_required),
        Clause("wrong-credentials-refused", "A wrong password is refused.", wrong_credentials),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.tracking_uri)),
    ),
    lambda binding: address(binding.tracking_uri),
)
