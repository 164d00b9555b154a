"""What a registry can hold beside the plain things, and what it says of it, without identifiers of one server."""

from __future__ import annotations

import warnings
from typing import Any

LATE = 1_700_000_000_000  # ms


def fill(client: Any) -> None:
    """Notes, stages, links, metrics and outputs of logged models: everything that one call can lose."""
    from mlflow.entities import (
        Dataset,
        DatasetInput,
        InputTag,
        LoggedModelInput,
        LoggedModelOutput,
        Metric,
        Param,
    )

    experiment = client.create_experiment("fraud")
    for key, value in (
        ("mlflow.note.content", "# How we train"),
        ("mlflow.experimentKind", "custom_model_development"),
        ("mlflow.latestOnlineScoring.trace.checkpoint", '{"timestamp_ms": 1, "trace_id": "tr-1"}'),
        ("owner", "ann"),
        ("passing", "soon"),
    ):
        client.set_experiment_tag(experiment, key, value)
    run = client.create_run(
        experiment, run_name="train", tags={"mlflow.note.content": "a run", "passing": "1"}
    )
    model = client.create_logged_model(experiment, "net", run.info.run_id, {"kind": "net", "passing": "1"})
    other = client.create_logged_model(experiment, "tree", run.info.run_id, params={"depth": "3"})
    points = [Metric("loss", 1 / (step + 1), LATE + step, step) for step in range(3)]
    points += [
        Metric("auc", value, LATE, step, model.model_id, "held-out", f"digest-{step}")
        for step, value in enumerate((0.5, 0.0, float("nan"), float("inf"), -1e-300))
    ]
    points += [Metric("auc", 0.5, LATE, 0, other.model_id), Metric("f1", 0.1, LATE, 0, other.model_id)]
    client.log_batch(run.info.run_id, points, [Param("lr", "0.1")])
    client.log_outputs(
        run.info.run_id, [LoggedModelOutput(model.model_id, 2), LoggedModelOutput(other.model_id, 0)]
    )
    client.finalize_logged_model(model.model_id, "READY")
    client.set_terminated(run.info.run_id)
    evaluation = client.create_run(experiment, run_name="evaluate")
    held_out = Dataset("held-out", "digest-0", "http", '{"url": "https://data/1"}', "{}")
    read = [DatasetInput(held_out, [InputTag("mlflow.data.context", "eval")])]
    client.log_inputs(evaluation.info.run_id, read, [LoggedModelInput(model.model_id)])
    client.log_metric(evaluation.info.run_id, "auc", 0.7, model_id=model.model_id)
    client.set_terminated(evaluation.info.run_id, "FAILED")
    client.create_registered_model("fraud", {"passing": "1", "team": "risk"}, "finds fraud")
    made_of = f"models:/{model.model_id}", f"{run.info.artifact_uri}/x", f"models:/{model.model_id}"
    for source in (*made_of, f"{run.info.artifact_uri}/y", f"runs:/{run.info.run_id}/z"):
        models = {"model_id": model.model_id} if source.startswith("models:") else {}
        client.create_model_version(
            "fraud", source, run.info.run_id, {"passing": "1"}, "https://ci/1", await_creation_for=0, **models
        )
    client.delete_model_version("fraud", "2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        for number, stage in (("1", "Production"), ("3", "Production"), ("4", "Archived")):
            client.transition_model_version_stage("fraud", number, stage)


def change(client: Any) -> None:
    """What may become of it between two copies: tags go, a stage ends, a run and a logged model get more."""
    from mlflow.entities import Dataset, DatasetInput, LoggedModelOutput

    experiment = client.get_experiment_by_name("fraud").experiment_id
    client.delete_experiment_tag(experiment, "passing")
    (run,) = client.search_runs([experiment], "attributes.run_name = 'train'")
    client.log_inputs(
        run.info.run_id, [DatasetInput(Dataset("late", "1", "code", "{}", profile='{"rows": 1}'))]
    )
    client.delete_tag(run.info.run_id, "passing")
    models = {model.name: model for model in client.search_logged_models([experiment])}
    client.delete_logged_model_tag(models["net"].model_id, "passing")
    client.log_model_params(models["tree"].model_id, {"leaves": "7"})
    client.delete_registered_model_tag("fraud", "passing")
    client.delete_model_version_tag("fraud", "1", "passing")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        client.transition_model_version_stage("fraud", "1", "None")
    client.log_metric(run.info.run_id, "late", 0.0, LATE, 9, model_id=models["tree"].model_id)
    grown = client.create_logged_model(experiment, "grown", run.info.run_id)
    client.log_outputs(run.info.run_id, [LoggedModelOutput(grown.model_id, 5)])


def told(client: Any) -> dict[str, Any]:
    """All of it, as a client reads it."""
    experiment = client.get_experiment_by_name("fraud")
    runs = {run.info.run_id: run for run in client.search_runs([experiment.experiment_id])}
    models = {model.model_id: model for model in client.search_logged_models([experiment.experiment_id])}
    tags = {key: value for key, value in experiment.tags.items() if "checkpoint" not in key}
    found: dict[str, Any] = {"experiment": tags}
    for identifier in runs:
        run = client.get_run(identifier)
        keys = run.data.metrics
        history = sorted(repr(_point(m)) for key in keys for m in client.get_metric_history(identifier, key))
        found[f"run {run.info.run_name}"] = {
            "about": [run.info.status, run.info.start_time, run.info.end_time, run.info.user_id],
            "data": [
                _plain(run.data.tags),
                run.data.params,
                {key: repr(value) for key, value in keys.items()},
            ],
            "points": history,
            "made": sorted((models[item.model_id].name, item.step) for item in run.outputs.model_outputs),
            "datasets": sorted(repr(item.to_dictionary()) for item in run.inputs.dataset_inputs),
            "read": sorted(models[item.model_id].name for item in run.inputs.model_inputs),
        }
    for model in models.values():
        found[f"logged model {model.name}"] = {
            "about": [str(model.status), model.model_type, runs[model.source_run_id].info.run_name],
            "data": [_plain(model.tags), model.params],
            "points": sorted(
                (*map(repr, _point(m)), runs[m.run_id].info.run_name, m.dataset_name, m.dataset_digest)
                for m in model.metrics or []
            ),
        }
    registered = client.get_registered_model("fraud")
    found["registered"] = [registered.description, registered.tags]
    for version in client.search_model_versions("name = 'fraud'"):
        made_of = models.get(version.source.removeprefix("models:/"))
        found[f"version {version.version}"] = [
            version.current_stage,
            version.run_link,
            _plain(version.tags),
            runs[version.run_id].info.run_name,
            made_of.name if made_of else version.source.rpartition("/")[2],
            version.source.partition(":")[0],
            version.source.startswith("runs:/") and runs[version.source.split("/")[1]].info.run_name,
        ]
    return found


def _point(metric: Any) -> tuple[Any, ...]:
    return metric.key, metric.value, metric.timestamp, metric.step


def _plain(tags: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith("stackgen.")}
