"""Links between experiments, runs, logged models and versions, without identifiers of one server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Point = tuple[
    str, str, str, int, int, str, str
]  # run, key, value, timestamp in ms, step, a dataset's name, its digest
Origins = Mapping[str, str]  # identifier here → first identifier

# Tags of an experiment that its server writes, or removes, about its own traces, which are not moved.
_OF_TRACES = (
    "mlflow.latestOnlineScoring.trace.checkpoint",  # the last trace that scorers have seen, by identifier
    "mlflow.latestOnlineScoring.session.checkpoint",
    "mlflow.trace.archiveNow",  # an order to the server, which deletes it when it is done
)


def experiment_tags(experiment: Any) -> dict[str, str]:
    """Return tags of an experiment, such as the note that the UI writes, without those about traces of one server."""
    return {key: value for key, value in experiment.tags.items() if key not in _OF_TRACES}


def version_stage(version: Any) -> str:
    """Return the stage of a version; "None" is MLflow's name for no stage."""
    return version.current_stage or "None"


def version_extras(version: Any) -> list[dict[str, str]]:
    """Return attributes that few versions have; [] for the others, whose digests are in journals of former versions."""
    found = {"stage": version_stage(version).replace("None", ""), "run-link": version.run_link or ""}
    return drop_empty(found)


def drop_empty(entries: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the non-empty entries as one item; [] if all are empty."""
    full = {key: value for key, value in entries.items() if value}
    return [full] if full else []


def outputs(run: Any, models: Origins) -> dict[str, int]:
    """Return the logged models that a run has created: first identifier → step."""
    found = run.outputs.model_outputs if run.outputs else []
    return {models[item.model_id]: item.step for item in found if item.model_id in models}


def datasets(run: Any) -> list[list[Any]]:
    """Return the datasets that a run has read: name, digest, kind of source, source, schema, profile, tags."""
    found = run.inputs.dataset_inputs if run.inputs else []
    return sorted(
        [
            *(item.dataset.name, item.dataset.digest, item.dataset.source_type, item.dataset.source),
            *(item.dataset.schema or "", item.dataset.profile or ""),
            sorted([tag.key, tag.value] for tag in item.tags),
        ]
        for item in found
    )


def inputs(client: Any, run: Any, models: Origins) -> list[str]:
    """Return first identifiers of logged models that a run has read, with one request, since searches lack them."""
    if not models:
        return []
    read = client.get_run(run.info.run_id).inputs
    found = read.model_inputs if read else []
    return sorted(models[item.model_id] for item in found if item.model_id in models)


def points(model: Any, runs: Origins) -> list[Point]:
    """Return every point of a logged model's metrics, without those of deleted runs."""
    return sorted(
        (
            runs[item.run_id],
            item.key,
            repr(item.value),
            item.timestamp,
            item.step,
            item.dataset_name or "",
            item.dataset_digest or "",
        )
        for item in model.metrics or []
        if item.run_id in runs
    )
