"""Contents of one MLflow server, in a form that is the same on every server.

Each server gives runs, models and versions its own identifiers, so a moved item has its first identifier as a tag.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from stackgen.contracts.mlflow import artifacts as mlflow_artifacts
from stackgen.contracts.mlflow import links
from stackgen.contracts.mlflow.contract import QUIET, MlflowBinding
from stackgen.contracts.mlflow.not_moved import refuse_left
from stackgen.contracts.mover import move_error
from stackgen.errors import StackgenError
from stackgen.subprocesses import pulse

ORIGIN = "stackgen.moved-from"  # identifier of a run, model or version on its first server
_CREDENTIALS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
ENDED, READY = ("FINISHED", "FAILED", "KILLED"), ("READY", "FAILED")
_SILENT = {**QUIET, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
# Addresses that mean something else on another server.
_OF_ONE_SERVER = ("/", "file:", f"{mlflow_artifacts.SERVED}:")
_OF_RUN = re.compile(r"runs:/+([^/]+)(.*)", re.DOTALL)
EMPTY = 100  # pages with nothing on them that a server may list one after another
Files = dict[str, int]  # path → size in bytes
Version = tuple[str, str]  # registered model, number


@contextmanager
def use_quiet_client() -> Iterator[None]:
    """Set variables that the client reads: no progress bars, and no credentials but those of the address."""
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
    """The server on one side of a copy. Its properties are read once; see `again`."""

    def __init__(self, binding: MlflowBinding) -> None:
        self.uri = _address(binding)
        self.client: Any = mlflow_artifacts.client(self.uri)

    def again(self) -> Side:
        """Return an object of the same server that reads all properties again."""
        found = object.__new__(Side)
        found.uri, found.client = self.uri, self.client
        return found

    @cached_property
    def experiments(self) -> dict[str, Any]:
        """Experiments by name."""
        return {item.name: item for item in _pages(self.client.search_experiments)}

    @cached_property
    def _experiment_names(self) -> dict[str, str]:
        return {item.experiment_id: name for name, item in self.experiments.items()}

    @cached_property
    def runs(self) -> dict[str, Any]:
        """By first identifier."""
        ids = [item.experiment_id for item in self.experiments.values()]
        found = _pages(lambda **page: self.client.search_runs(ids, **page)) if ids else []
        tags = {run.info.run_id: run.data.tags.get(ORIGIN) for run in found}
        return _by_first({run.info.run_id: run for run in found}, tags)

    @cached_property
    def run_origins(self) -> dict[str, str]:
        """Identifier here → first identifier."""
        return {run.info.run_id: origin for origin, run in self.runs.items()}

    @cached_property
    def models(self) -> dict[str, Any]:
        """Logged models by first identifier."""
        ids = [item.experiment_id for item in self.experiments.values()]
        found = _pages(lambda **page: self.client.search_logged_models(ids, **page)) if ids else []
        tags = {model.model_id: model.tags.get(ORIGIN) for model in found}
        return _by_first({model.model_id: model for model in found}, tags)

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
        of_models: dict[str, list[Any]] = {}
        for item in _pages(self.client.search_model_versions):
            of_models.setdefault(item.name, []).append(item)
        found = [
            ((name, first), item)
            for name, versions in of_models.items()
            for first, item in by_first_number(versions).items()
        ]
        return dict(sorted(found, key=lambda pair: int(pair[1].version)))

    def metrics(self, run: Any) -> list[tuple[str, str, int, int]]:
        """Every point: key, value (exact), timestamp in ms, step."""
        found = (m for key in run.data.metrics for m in self.client.get_metric_history(run.info.run_id, key))
        return sorted((m.key, repr(m.value), m.timestamp, m.step) for m in found)

    def refuse_elsewhere(self) -> None:
        """Raise StackgenError(move-failed) if something here has files at an address that is not followed.

        Nothing is left out in silence: what is not moved stops the move.
        """
        for run in self.runs.values():
            _refuse(*_of_run(run), self.uri)
        for model in self.models.values():
            _refuse(*_of_model(model), self.uri)
        for (name, _), version in self.versions.items():
            kind, text = self.source(version)
            if kind == "uri" and text.startswith(_OF_ONE_SERVER):
                place = "a path" if text.startswith("/") else f"a {text.split(':')[0]}: address"
                what = f"version {version.version} of model {name}"
                raise _elsewhere(what, f"it is made of files at {place} outside every run and logged model")

    def refuse_left(self) -> None:
        """Raise StackgenError(move-failed) for what would be left behind, and go with the box."""
        refuse_left(self.client, [item.experiment_id for item in self.experiments.values()])

    def run_artifacts(self, run: Any) -> Any:
        """Open the artifacts of a run, to list, read and write them."""
        return self._artifacts(*_of_run(run))

    def model_artifacts(self, model: Any) -> Any:
        """Open the artifacts of a logged model, to list, read and write them."""
        return self._artifacts(*_of_model(model))

    def _artifacts(self, what: str, where: str) -> Any:
        _refuse(what, where, self.uri)
        return mlflow_artifacts.open_artifacts(where, self.uri)

    def source(self, version: Any) -> list[str]:
        """Return the source of a version, as kind and rest, without identifiers of this server."""
        text = version.source or ""
        run = self.runs.get(self.run_origins.get(version.run_id or "", ""))
        if run is not None and text.startswith(run.info.artifact_uri):
            return ["run", text.removeprefix(run.info.artifact_uri)]
        if (found := _OF_RUN.fullmatch(text)) and found[1] in self.run_origins:
            return ["runs", f"{self.run_origins[found[1]]}{found[2]}"]
        if text.startswith("models:/") and text.removeprefix("models:/") in self.model_origins:
            return ["model", self.model_origins[text.removeprefix("models:/")]]
        return ["uri", text]

    def tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Return tags as on the first server: without `ORIGIN`, and with the first identifier of the parent run."""
        found = {key: value for key, value in tags.items() if key != ORIGIN}
        parent = found.get("mlflow.parentRunId")
        if parent in self.run_origins:
            found["mlflow.parentRunId"] = self.run_origins[parent]
        return found

    def items(self, *, deep: bool = False) -> dict[str, str]:
        """Return item → digest of its content, for all items.

        deep: with whole metric histories, and with each artifact by content as an item of its own. Otherwise a run that
        has ended is read from a search alone, since more takes a request per metric and folder; the end of a run is
        copied last.
        """
        return digests(self.contents(deep=deep))

    def contents(self, *, deep: bool = False) -> dict[str, Any]:
        """Return item → content, for all items."""
        found: dict[str, Any] = {}
        for name, item in self.experiments.items():
            found[f"experiment {name}"] = links.experiment_tags(item)
        for origin, run in self.runs.items():
            found[f"run {origin}"] = self._whole_run(run) if deep else self._run(run)
            found |= _of_files("run", origin, self.run_artifacts(run)) if deep else {}
        for origin, model in self.models.items():
            found[f"logged-model {origin}"] = self._whole_model(model) if deep else self._model(model)
            found |= _of_files("logged-model", origin, self.model_artifacts(model)) if deep else {}
        for name, item in self.registered.items():
            found[f"registered-model {name}"] = [item.description or "", dict(item.tags)]
            numbers = {str(v.version): number for (n, number), v in self.versions.items() if n == name}
            for alias, number in item.aliases.items():
                found[f"alias {name}@{alias}"] = numbers.get(str(number), str(number))
        for (name, number), item in self.versions.items():
            run = self.run_origins.get(item.run_id or "")
            about = [item.description or "", self.tags(item.tags), run, self.source(item)]
            found[f"version {name} {number}"] = about + links.version_extras(item)
        return found

    def _run(self, run: Any) -> list[Any]:
        info, data = run.info, run.data
        about = [self._experiment_names[info.experiment_id], info.run_name, info.status]
        latest = {key: repr(value) for key, value in data.metrics.items()}
        found = [*about, info.start_time, info.end_time, data.params, self.tags(data.tags), latest]
        made = links.outputs(run, self.model_origins)
        ties: dict[str, Any] = {"made": made, "datasets": links.datasets(run)}
        if info.status not in ENDED:
            found += [self.metrics(run), files(self.run_artifacts(run))]
            ties["read"] = links.inputs(self.client, run, self.model_origins)
        return found + links.drop_empty(ties)

    def _whole_run(self, run: Any) -> dict[str, Any]:
        info, data = run.info, run.data
        return {
            "about": {
                "experiment": self._experiment_names[info.experiment_id],
                "name": info.run_name,
                "status": info.status,
                "times": [info.start_time, info.end_time],
            },
            "params": data.params,
            "tags": self.tags(data.tags),
            "points": self.metrics(run),
            "made": links.outputs(run, self.model_origins),
            "datasets": links.datasets(run),
            "read": links.inputs(self.client, run, self.model_origins),
        }

    def _model(self, model: Any) -> list[Any]:
        run = self.run_origins.get(model.source_run_id or "")
        found = [model.name, model.model_type, str(model.status), run, self.tags(model.tags), model.params]
        if str(model.status) not in READY:
            found.append(files(self.model_artifacts(model)))
        return found + links.drop_empty({"points": links.points(model, self.run_origins)})

    def _whole_model(self, model: Any) -> dict[str, Any]:
        return {
            "about": [model.name, model.model_type, str(model.status)],
            "run": self.run_origins.get(model.source_run_id or ""),
            "params": model.params,
            "tags": self.tags(model.tags),
            "points": links.points(model, self.run_origins),
        }


def digests(contents: Mapping[str, Any]) -> dict[str, str]:
    """Return item → digest of its content."""
    return {key: _digest(value) for key, value in contents.items()}


def origin_of_version(version: list[Any]) -> list[Any]:
    """Return the run and the source of a version, from its entry in `contents`."""
    return version[2:4]


def by_first_number(versions: Iterable[Any]) -> dict[str, Any]:
    """Return versions of one model by their first number; a moved version never gets a lower number."""
    found = {str(item.version): item for item in versions}
    tags = {number: item.tags.get(ORIGIN, "") for number, item in found.items()}
    believed = {n: tag if tag.isdecimal() and int(tag) <= int(n) else None for n, tag in tags.items()}
    return _by_first(found, believed)


def _by_first(found: Mapping[str, Any], tags: Mapping[str, str | None]) -> dict[str, Any]:
    """Return items by first identifier: the tag of an item if it is unique, otherwise the identifier on this server.

    found, tags: by identifier on this server. A user who clones an item with its tags must not hide another item.
    """
    times = Counter(tags.values())
    return {
        tag if tag and tag not in found and times[tag] == 1 else own: found[own] for own, tag in tags.items()
    }


def surplus(touched: set[str], item: str, present: Mapping[str, str], tags: Mapping[str, str]) -> list[str]:
    """Return tags in the target that the source no longer has; [] if the target's users have changed the item."""
    return [key for key in present if item not in touched and key not in tags and key != ORIGIN]


def files(artifacts: Any, path: str | None = None) -> Files:
    """List all files below an address of artifacts, with their sizes."""
    found: Files = {}
    for item in artifacts.list_artifacts(path):
        if item.is_dir:
            found |= files(artifacts, item.path)
        else:
            found[item.path] = item.file_size or 0
    return dict(sorted(found.items()))


def download(artifacts: Any, path: str, folder: str) -> str:
    """Download an artifact into the folder and return its path."""
    with pulse.growing(folder):
        return artifacts.download_artifacts(path, folder)


def content_digest(artifacts: Any, path: str) -> str | None:
    """Return the SHA-256 of an artifact; None if it does not exist."""
    parent = str(PurePosixPath(path).parent)
    if path not in (item.path for item in artifacts.list_artifacts(None if parent == "." else parent)):
        return None
    return _digest_of_file(artifacts, path)


def _of_files(kind: str, origin: str, artifacts: Any) -> dict[str, str]:
    """Return key → SHA-256, for all files of a run or a logged model."""
    start = file_key_prefix(kind, origin)
    return {f"{start}{path}": _digest_of_file(artifacts, path) for path in files(artifacts)}


def _digest_of_file(artifacts: Any, path: str) -> str:
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(download(artifacts, path, folder)).open("rb") as file,
    ):
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_key_prefix(kind: str, origin: str) -> str:
    """Return the prefix of the keys of files of a run or a logged model. The identifier may be any text, as a tag."""
    return f"file {kind} {quote(origin, safe='')}/"


def owner_key(key: str) -> str:
    """Return the key of the run or the logged model that a file belongs to; for another item, its own key."""
    kind, _, rest = key.partition(" ")
    what, _, origin = rest.partition("/")[0].partition(" ")
    return f"{what} {unquote(origin)}" if kind == "file" else key


def _of_run(run: Any) -> tuple[str, str]:
    return f"run {run.info.run_id}", run.info.artifact_uri or ""


def _of_model(model: Any) -> tuple[str, str]:
    return f"logged model {model.model_id}", model.artifact_location or ""


def _refuse(what: str, where: str, server: str) -> None:
    reason = mlflow_artifacts.refusal(where, server)
    if reason is not None:
        raise _elsewhere(what, reason)


def _elsewhere(what: str, reason: str) -> StackgenError:
    hint = "log its files through the server and delete it, or delete it"
    return move_error(f"not moved: {what}: {reason}", hint)


def _address(binding: MlflowBinding) -> str:
    if binding.password is None:
        return binding.tracking_uri
    scheme, _, rest = binding.tracking_uri.partition("://")
    password = quote(binding.password.get_secret_value(), safe="")
    return f"{scheme}://{quote(binding.username or '', safe='')}:{password}@{rest}"


def _pages(search: Callable[..., Any]) -> list[Any]:
    found: list[Any] = []
    token: str | None = None
    empty = 0
    while True:
        page = search(page_token=token)
        found += page
        empty = 0 if page else empty + 1
        if empty > EMPTY:
            raise move_error(f"the registry's server lists more than {EMPTY} empty pages in a row")
        token = page.token
        if not token:
            return found


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
