"""Copies links between runs and logged models, once both exist. Every step checks the target first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from math import nan
from typing import Any

from stackgen.contracts.mlflow.links import datasets, inputs, outputs, points
from stackgen.contracts.mlflow.server import Side

_AT_ONCE = 100


class Ties:
    """Copies links. runs, models: first identifier → identifier in the target."""

    def __init__(self, here: Side, to: Any, runs: Mapping[str, str], models: Mapping[str, str]) -> None:
        self.here = here
        self.to = to
        self.runs = runs
        self.models = models

    def run(self, origin: str, run: Any) -> None:
        """Copy the links of a run to the logged models and datasets that it has created or read."""
        made = self._ours(outputs(run, self.here.model_origins))
        read = self._ours(dict.fromkeys(inputs(self.here.client, run, self.here.model_origins), 0))
        if made or read or datasets(run):
            there = self.to.get_run(self.runs[origin])
            self._made(there, made)
            self._read(there, list(read), run)

    def _ours(self, found: Mapping[str, int]) -> dict[str, int]:
        """Return the values by identifier in the target, without logged models that its users have deleted."""
        return {self.models[model]: step for model, step in found.items() if model in self.models}

    def _made(self, there: Any, models: Mapping[str, int]) -> None:
        from mlflow.entities import LoggedModelOutput

        known = {item.model_id for item in there.outputs.model_outputs} if there.outputs else set[str]()
        new = [LoggedModelOutput(model, step) for model, step in models.items() if model not in known]
        if new:
            self.to.log_outputs(there.info.run_id, new)

    def _read(self, there: Any, models: list[str], run: Any) -> None:
        from mlflow.entities import LoggedModelInput

        known = {item.model_id for item in there.inputs.model_inputs} if there.inputs else set[str]()
        new = [LoggedModelInput(model) for model in models if model not in known]
        present = [item[:2] for item in datasets(there)]
        used = run.inputs.dataset_inputs if run.inputs else []
        sets = [item for item in used if [item.dataset.name, item.dataset.digest] not in present]
        if new or sets:
            self.to.log_inputs(there.info.run_id, sets, new)

    def model(self, origin: str, model: Any) -> None:
        """Copy the points of the logged model's metrics. The run, which is copied first, holds each point too."""
        from mlflow.entities import Metric

        found = points(model, self.here.run_origins)
        if not found:
            return
        there = self.to.get_logged_model(self.models[origin])
        origins = {run: first for first, run in self.runs.items()}
        missing = Counter(found) - Counter(points(there, origins))
        history = cache(self._history)
        of_runs: dict[str, list[Any]] = {}
        for point in missing:
            run, key, value, timestamp, step, dataset, digest = point
            if run in self.runs:
                number = float(value) or zero(history(run, key), timestamp, step)
                metric = Metric(key, number, timestamp, step, there.model_id, dataset or None, digest or None)
                of_runs.setdefault(run, []).append(metric)
        for run, metrics in of_runs.items():
            for start in range(0, len(metrics), _AT_ONCE):
                self.to.log_batch(self.runs[run], metrics[start : start + _AT_ONCE])

    def _history(self, run: str, key: str) -> list[Any]:
        return self.here.client.get_metric_history(self.here.runs[run].info.run_id, key)


def zero(history: list[Any], timestamp: int, step: int) -> float:
    """Return the value that a logged model's 0 stands for: 0 or NaN.

    The server stores a NaN of a logged model as 0, and as NaN in the run. A 0 would be one more point in the run.
    """
    at = {repr(item.value) for item in history if (item.timestamp, item.step) == (timestamp, step)}
    return nan if "nan" in at and not at & {"0.0", "-0.0"} else 0.0
