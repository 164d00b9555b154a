"""What one MLflow server holds, said in a way that is the same wherever it is held.

Servers give runs, models and versions their own identifiers, so what is moved carries the first one as a tag.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stackgen.contracts.mlflow import QUIET, MlflowBinding

ORIGIN = "stackgen.moved-from"  # identifier of a run, model or version where it was first
_CREDENTIALS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
ENDED, READY = ("FINISHED", "FAILED", "KILLED"), ("READY", "FAILED")
_SILENT = {**QUIET, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
Files = dict[str, int]  # path → size in bytes
Version = tuple[str, str]  # registered model, number


@contextmanager
def quiet() -> Iterator[None]:
    """The client reads the environment: no progress bars, and no credentials but those of the address."""
    names = (*_SILENT, *_CREDENTIALS)
    before = {name: os.environ.get(name) for name in names}
    for name in _CREDENTIALS:
        os.environ.pop(name, None)
    os.environ.update(_SILENT)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


class Side:
    """One server. Its properties are read once; make a new one to look again."""

    def __init__(self, binding: MlflowBinding) -> None:
        from mlflow import MlflowClient

        self.uri = _address(binding)
        self.client: Any = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    @cached_property
    def experiments(self) -> dict[str, Any]:
        """By name."""
        return {item.name: item for item in _pages(self.client.search_experiments)}

    @cached_property
    def _experiment_names(self) -> dict[str, str]:
        return {item.experiment_id: name for name, item in self.experiments.items()}

    @cached_property
    def runs(self) -> dict[str, Any]:
        """By first identifier."""
        ids = [item.experiment_id for item in self.experiments.values()]
        found = _pages(lambda **page: self.client.search_runs(ids, **page)) if ids else []
        return {run.data.tags.get(ORIGIN, run.info.run_id): run for run in found}

    @cached_property
    def run_origins(self) -> dict[str, str]:
        """Identifier here → first identifier."""
        return {run.info.run_id: origin for origin, run in self.runs.items()}

    @cached_property
    def models(self) -> dict[str, Any]:
        """Logged models by first identifier."""
        ids = [item.experiment_id for item in self.experiments.values()]
        found = _pages(lambda **page: self.client.search_logged_models(ids, **page)) if ids else []
        return {model.tags.get(ORIGIN, model.model_id): model for model in found}

    @cached_property
    def model_origins(self) -> dict[str, str]:
        """Identifier here → first identifier."""
        return {model.model_id: origin for origin, model in self.models.items()}

    @cached_property
    def registered(self) -> dict[str, Any]:
        """Registered models by name."""
        return {item.name: item for item in _pages(self.client.search_registered_models)}

    @cached_property
    def versions(self) -> dict[Version, Any]:
        """By name and first number, in order of number."""
        found = sorted(_pages(self.client.search_model_versions), key=lambda item: int(item.version))
        return {(item.name, item.tags.get(ORIGIN, str(item.version))): item for item in found}

    def metrics(self, run: Any) -> list[tuple[str, str, int, int]]:
        """Every point: key, value (exact), timestamp in ms, step."""
        found = (m for key in run.data.metrics for m in self.client.get_metric_history(run.info.run_id, key))
        return sorted((m.key, repr(m.value), m.timestamp, m.step) for m in found)

    def run_files(self, run: Any) -> Files:
        """Artifacts of a run."""
        return _files(lambda path: self.client.list_artifacts(run.info.run_id, path))

    def model_files(self, model: Any) -> Files:
        """Artifacts of a logged model."""
        return _files(lambda path: self.client.list_logged_model_artifacts(model.model_id, path))

    def fetch(self, where: str, path: str, folder: str) -> Path:
        """Download one artifact below the artifact URI `where`."""
        from mlflow.artifacts import download_artifacts

        uri = f"{where.rstrip('/')}/{path}"
        return Path(download_artifacts(artifact_uri=uri, dst_path=folder, tracking_uri=self.uri))

    def source(self, version: Any) -> list[str]:
        """What a version was made of, without identifiers of this server."""
        text = version.source or ""
        run = self.runs.get(self.run_origins.get(version.run_id or "", ""))
        if run is not None and text.startswith(run.info.artifact_uri):
            return ["run", text.removeprefix(run.info.artifact_uri)]
        if text.startswith("models:/") and text.removeprefix("models:/") in self.model_origins:
            return ["model", self.model_origins[text.removeprefix("models:/")]]
        return ["uri", text]

    def tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Tags as they were first: without our mark, and with the parent run's first identifier."""
        found = {key: value for key, value in tags.items() if key != ORIGIN}
        parent = found.get("mlflow.parentRunId")
        if parent in self.run_origins:
            found["mlflow.parentRunId"] = self.run_origins[parent]
        return found

    def items(self, *, deep: bool = False) -> dict[str, str]:
        """Every item → digest of it.

        deep: whole metric histories, and artifacts by content. Otherwise what has ended counts by what a search
        tells, since reading more takes a request per metric and folder; its end is the last thing that is copied.
        """
        found: dict[str, Any] = {}
        for name, item in self.experiments.items():
            found[f"experiment {name}"] = {k: v for k, v in item.tags.items() if not k.startswith("mlflow.")}
        for origin, run in self.runs.items():
            found[f"run {origin}"] = self._run(run, deep)
        for origin, model in self.models.items():
            found[f"logged-model {origin}"] = self._model(model, deep)
        for name, item in self.registered.items():
            found[f"registered-model {name}"] = [item.description or "", dict(item.tags)]
            numbers = {str(v.version): number for (n, number), v in self.versions.items() if n == name}
            for alias, number in item.aliases.items():
                found[f"alias {name}@{alias}"] = numbers.get(str(number), str(number))
        for (name, number), item in self.versions.items():
            run = self.run_origins.get(item.run_id or "")
            about = [item.description or "", self.tags(item.tags), run, self.source(item)]
            found[f"version {name} {number}"] = about
        return {key: _digest(value) for key, value in found.items()}

    def _run(self, run: Any, deep: bool) -> list[Any]:
        info, data = run.info, run.data
        about = [self._experiment_names[info.experiment_id], info.run_name, info.status]
        latest = {key: repr(value) for key, value in data.metrics.items()}
        found = [*about, info.start_time, info.end_time, data.params, self.tags(data.tags), latest]
        if info.status not in ENDED or deep:
            found += [self.metrics(run), self._contents(info.artifact_uri, self.run_files(run), deep)]
        return found

    def _model(self, model: Any, deep: bool) -> list[Any]:
        run = self.run_origins.get(model.source_run_id or "")
        found = [model.name, model.model_type, str(model.status), run, self.tags(model.tags), model.params]
        if str(model.status) not in READY or deep:
            found.append(self._contents(model.artifact_location, self.model_files(model), deep))
        return found

    def _contents(self, where: str, files: Files, deep: bool) -> dict[str, Any]:
        if not deep:
            return dict(files)
        found: dict[str, Any] = {}
        for path in files:
            with tempfile.TemporaryDirectory() as folder:
                found[path] = hashlib.sha256(self.fetch(where, path, folder).read_bytes()).hexdigest()
        return found


def _address(binding: MlflowBinding) -> str:
    if binding.password is None:
        return binding.tracking_uri
    scheme, _, rest = binding.tracking_uri.partition("://")
    password = quote(binding.password.get_secret_value(), safe="")
    return f"{scheme}://{quote(binding.username or '', safe='')}:{password}@{rest}"


def _pages(search: Callable[..., Any]) -> list[Any]:
    found: list[Any] = []
    token: str | None = None
    while True:
        page = search(page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _files(listed: Callable[[str | None], Any], path: str | None = None) -> Files:
    found: Files = {}
    for item in listed(path):
        if item.is_dir:
            found |= _files(listed, item.path)
        else:
            found[item.path] = item.file_size or 0
    return dict(sorted(found.items()))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
