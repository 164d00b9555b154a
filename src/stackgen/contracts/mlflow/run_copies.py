"""Copies items of one registry to another."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from stackgen.contracts.mlflow.links import experiment_tags
from stackgen.contracts.mlflow.registry import Registry
from stackgen.contracts.mlflow.server import (
    ENDED,
    ORIGIN,
    READY,
    Side,
    content_digest,
    download,
    file_key_prefix,
    files,
    surplus,
)
from stackgen.contracts.mlflow.ties import Ties

AT_ONCE = 100  # the server's limit of params and tags per request; of metrics it takes 1000


def bring_files(source: Any, target: Any, late: Mapping[str, str | None] | None = None) -> None:
    """Copy files that the target lacks, or has with another size.

    late: path → SHA-256 of the target's file when it was last read, which may be long ago. If given, only these files
    are copied, and only if the target's file has not changed since.
    """
    present = files(target)
    for path, size in files(source).items():
        if present.get(path) != size if late is None else path in late:
            parent = str(PurePosixPath(path).parent)
            with tempfile.TemporaryDirectory() as folder:
                file = download(source, path, folder)
                if late is None or content_digest(target, path) == late[path]:
                    target.log_artifact(file, None if parent == "." else parent)


def paths_of(late: Mapping[str, Any], kind: str, origin: str) -> dict[str, Any]:
    start = file_key_prefix(kind, origin)
    return {key.removeprefix(start): known for key, known in late.items() if key.startswith(start)}


class RegistryCopy:
    """One copy from one server to another. Every step checks the target first, so a copy can be repeated.

    touched: items that the target's users have changed. used: True if the target may have users.
    """

    def __init__(self, here: Side, there: Side, touched: set[str], used: bool) -> None:
        self.here = here
        self.touched = touched
        self.used = used
        self._see(there)

    def _see(self, there: Side) -> None:
        self.there = there
        self.to = there.client
        self.experiments = {name: item.experiment_id for name, item in there.experiments.items()}
        self.runs = {origin: run.info.run_id for origin, run in there.runs.items()}
        self.models = {origin: model.model_id for origin, model in there.models.items()}

    def bring(self, changed: set[str], gone: set[str]) -> list[str]:
        """Copy and remove items; return the names of experiments that were deleted in the target, and are restored."""
        here, restored = self.here, list[str]()
        in_order = sorted(here.runs, key=lambda origin: here.runs[origin].info.start_time or 0)
        runs = [(origin, here.runs[origin]) for origin in in_order if f"run {origin}" in changed]
        models = [(o, model) for o, model in here.models.items() if f"logged-model {o}" in changed]
        # Restoring an experiment that the target's users have deleted restores all its runs: only if it has a new run.
        needed = {run.info.experiment_id for _, run in runs} | {model.experiment_id for _, model in models}
        needed |= self._of_versions(changed)
        for name, item in here.experiments.items():
            missing = name not in self.experiments and item.experiment_id in needed
            if (f"experiment {name}" in changed or missing) and self._experiment(name, item):
                restored.append(name)
        if restored:
            self._see(self.there.again())
        made = [self._run(origin, run) for origin, run in runs]
        for origin, model in models:
            self._model(origin, model)
        ties = Ties(here, self.to, self.runs, self.models)
        for (origin, run), target in zip(runs, made, strict=True):
            ties.run(origin, run)
            if not (self._only_adds(f"run {origin}") and target.info.status in ENDED):
                self._end(run, target)
        for origin, model in models:
            ties.model(origin, model)
        Registry(here, self.there, self.runs, self.models, self.touched).bring(changed)
        self._remove(gone)
        return restored

    def _of_versions(self, changed: set[str]) -> set[str]:
        """Return the experiments of the runs in which changed versions were created."""
        here = self.here
        made_in = [v.run_id for (name, n), v in here.versions.items() if f"version {name} {n}" in changed]
        runs = (here.runs.get(here.run_origins.get(run or "", "")) for run in made_in)
        return {run.info.experiment_id for run in runs if run is not None}

    def bring_late(self, late: Mapping[str, Any]) -> None:
        """Copy points and files of runs and logged models, which can still change after the end of a run.

        late: see `late_items`.
        """
        ties = Ties(self.here, self.to, self.runs, self.models)
        for origin, run in self.here.runs.items():
            if f"run {origin}" in late:
                target = self.to.get_run(self.runs[origin])
                self._log(target, metrics=self._points(run, self.there.metrics(target)))
                ties.run(origin, run)
            if paths := paths_of(late, "run", origin):
                target = self.to.get_run(self.runs[origin])
                bring_files(self.here.run_artifacts(run), self.there.run_artifacts(target), paths)
        for origin, model in self.here.models.items():
            if paths := paths_of(late, "logged-model", origin):
                target = self.to.get_logged_model(self.models[origin])
                bring_files(self.here.model_artifacts(model), self.there.model_artifacts(target), paths)

    def _only_adds(self, item: str) -> bool:
        return self.used and item in self.touched

    def _experiment(self, name: str, item: Any) -> bool:
        """Copy an experiment; return True if it was deleted in the target, and is restored."""
        found = self.to.get_experiment_by_name(name)
        deleted = found is not None and found.lifecycle_stage == "deleted"
        if found is None:
            self.experiments[name] = self.to.create_experiment(name)
        else:
            self.experiments[name] = found.experiment_id
        if deleted:
            self.to.restore_experiment(self.experiments[name])
        present = experiment_tags(found) if found is not None else {}
        tags = experiment_tags(item)
        for key, value in tags.items():
            if present.get(key) != value:
                self.to.set_experiment_tag(self.experiments[name], key, value)
        for key in surplus(self.touched, f"experiment {name}", present, tags):
            self.to.delete_experiment_tag(self.experiments[name], key)
        return deleted

    def _run(self, origin: str, run: Any) -> Any:
        """Copy a run without its links to logged models, and without its end, which is copied last."""
        from mlflow.entities import Param, RunTag

        tags = {**self.here.tags(run.data.tags), ORIGIN: origin}
        parent = tags.get("mlflow.parentRunId")
        if parent in self.runs:
            tags["mlflow.parentRunId"] = self.runs[parent]
        name = next(n for n, e in self.here.experiments.items() if e.experiment_id == run.info.experiment_id)
        fresh = origin not in self.runs
        if fresh:
            target = self.to.create_run(self.experiments[name], run.info.start_time, tags, run.info.run_name)
            self.runs[origin] = target.info.run_id
        else:
            target = self.to.get_run(self.runs[origin])
        if target.info.run_id == origin:
            del tags[ORIGIN]  # the target is its first server
        for key in surplus(self.touched, f"run {origin}", target.data.tags, tags):
            self.to.delete_tag(target.info.run_id, key)
        params = [Param(k, v) for k, v in run.data.params.items() if k not in target.data.params]
        metrics = self._points(run, [] if fresh else self.there.metrics(target))
        present = target.data.tags
        stays = present if self._only_adds(f"run {origin}") else ()
        labels = [RunTag(k, v) for k, v in tags.items() if present.get(k) != v and k not in stays]
        self._log(target, metrics, params, labels)
        if fresh or not self.used:  # otherwise `copy_late` copies files: it knows which side has changed them
            bring_files(self.here.run_artifacts(run), self.there.run_artifacts(target))
        return target

    def _points(self, run: Any, known: list[Any]) -> list[Any]:
        """Return points of the run's metrics that are not among `known`."""
        from mlflow.entities import Metric

        missing = Counter[Any](self.here.metrics(run)) - Counter[Any](known)
        return [Metric(key, float(value), stamp, step) for key, value, stamp, step in missing.elements()]

    def _log(
        self, target: Any, metrics: Sequence[Any], params: Sequence[Any] = (), labels: Sequence[Any] = ()
    ) -> None:
        for start in range(0, max(len(params), len(metrics), len(labels)), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            self.to.log_batch(target.info.run_id, metrics[part], params[part], labels[part])

    def _end(self, run: Any, target: Any) -> None:
        if run.info.run_name != target.info.run_name:
            self.to.update_run(target.info.run_id, name=run.info.run_name)
        if run.info.status in ENDED and run.info.end_time is not None:
            self.to.set_terminated(target.info.run_id, run.info.status, run.info.end_time)
        elif run.info.status != target.info.status:
            self.to.update_run(target.info.run_id, run.info.status)

    def _model(self, origin: str, model: Any) -> None:
        run = self.runs.get(self.here.run_origins.get(model.source_run_id or "", ""))
        fresh = origin not in self.models
        if fresh:
            name = next(n for n, e in self.here.experiments.items() if e.experiment_id == model.experiment_id)
            tags = {**model.tags, ORIGIN: origin}
            made = self.to.create_logged_model(
                self.experiments[name], model.name, run, tags, model.params, model.model_type
            )
            self.models[origin] = made.model_id
        target = self.to.get_logged_model(self.models[origin])
        stays = target.tags if self._only_adds(f"logged-model {origin}") else ()
        tags = {key: value for key, value in model.tags.items() if key != ORIGIN and key not in stays}
        for key in surplus(self.touched, f"logged-model {origin}", target.tags, tags):
            self.to.delete_logged_model_tag(target.model_id, key)
        if tags:
            self.to.set_logged_model_tags(target.model_id, tags)
        params = {key: value for key, value in model.params.items() if key not in target.params}
        if params:
            self.to.log_model_params(target.model_id, params)
        if fresh or not self.used:
            bring_files(self.here.model_artifacts(model), self.there.model_artifacts(target))
        if str(model.status) in READY and str(target.status) != str(model.status):
            self.to.finalize_logged_model(target.model_id, str(model.status))

    def _remove(self, gone: set[str]) -> None:
        """Remove items that the source no longer has, dependent items first."""
        there = self.there
        for key in sorted(gone):
            kind, _, rest = key.partition(" ")
            if kind == "alias":
                name, _, alias = rest.rpartition("@")
                self.to.delete_registered_model_alias(name, alias)
            elif kind == "version":
                name, _, number = rest.rpartition(" ")
                if f"registered-model {name}" not in gone:
                    self.to.delete_model_version(name, there.versions[name, number].version)
            elif kind == "registered-model":
                self.to.delete_registered_model(rest)
            elif kind == "logged-model":
                self.to.delete_logged_model(self.models[rest])
            elif kind == "run":
                self.to.delete_run(self.runs[rest])
            elif rest != "Default":
                self.to.delete_experiment(self.experiments[rest])
