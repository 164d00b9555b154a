"""Registries: experiments, runs, logged models, versions, aliases and artifacts, by the mlflow client.

https://mlflow.org/docs/latest/rest-api.html; the client is what applications use, so it reaches every server.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from stackgen.contracts.mlflow import MlflowBinding
from stackgen.moving.mlflow_changes import ADDED_TO, is_newer, late_items, touched_items
from stackgen.moving.mlflow_links import experiment_tags
from stackgen.moving.mlflow_registry import Registry
from stackgen.moving.mlflow_side import (
    ENDED,
    ORIGIN,
    READY,
    Side,
    digests,
    fetched,
    files,
    files_of,
    owner,
    quiet,
    surplus,
)
from stackgen.moving.mlflow_tie import Ties
from stackgen.moving.model import Comparison, Memory, Mover, Part, Progress, failed, holds, stay

AT_ONCE = 100  # the server's limit of params and tags per request; of metrics it takes 1000
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


@contextmanager
def _talking() -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    with quiet():
        try:
            yield
        except (MlflowException, OSError) as error:  # what requests raises is of the latter kind
            raise failed(_PASSWORD.sub("", " ".join(str(error).split()))[:300]) from None


def _sides(source: MlflowBinding, target: MlflowBinding) -> tuple[Side, Side]:
    """Both servers; raises StackgenError(move-failed) for what is not moved, or is not followed."""
    here, there = Side(source), Side(target)
    for side in (here, there):
        side.refuse_elsewhere()
    here.refuse_left()
    return here, there


def copy(
    source: MlflowBinding,
    target: MlflowBinding,
    since: Memory | None,
    progress: Progress,
    *,
    serves: bool = False,
    settled: Memory | None = None,
) -> Memory:
    """Make the target hold what the source holds; see `Mover`."""
    with _talking():
        here, there = _sides(source, target)
        at_source, at_target = here.items(), there.items()
        changed = {key for key, digest in at_source.items() if at_target.get(key) != digest}
        gone = {key for key in at_target if key not in at_source}
        if since is not None:
            changed = {
                key
                for key in changed
                if since.get(key) != at_source[key] and not is_newer(key, at_target, since)
            }
            gone = {key for key in gone if key in since and at_target[key] == since[key]}
        if serves and gone:
            progress(stay("items", sorted(gone)))
            gone = set[str]()
        late = set[str]() if settled is None else late_items(here, there, settled) - changed
        _Copy(here, there, touched_items(at_target, since), late).bring(changed, gone)
        _refuse_otherwise(source, target, changed - touched_items(at_target, since), at_source)
        if changed or gone or late:
            progress(f"copied {_counted(changed | late)}, removed {len(gone)}")
        return at_source


def copy_late(
    source: MlflowBinding, target: MlflowBinding, since: Memory, settled: Memory, progress: Progress
) -> Memory:
    """Also what a run or a logged model has got after its end, which no search tells: points, and new files."""
    return copy(source, target, since, progress, serves=True, settled=settled)


def compare(
    source: MlflowBinding, target: MlflowBinding, since: Memory | None, settled: Memory | None = None
) -> Comparison:
    """Every item, artifacts by content; with `since`, what the target's users have changed is left out."""
    with _talking():
        here, there = _sides(source, target)
        before, after = here.contents(deep=True), there.contents(deep=True)
        at_source, at_target = digests(before), digests(after)
        shallow = Side(target).items() if since is not None else {}
        if since is not None:  # what has been written to the source since is for the next copy
            now = Side(source).items()
            still = {key for key in since if since[key] == now.get(key)}
            at_source = {key: digest for key, digest in at_source.items() if owner(key) in still}
    newer = {
        key
        for key, digest in at_source.items()
        if since and at_target.get(key) != digest
        if is_newer(key, shallow, since)
        or (settled and settled.get(key) == digest)
        or (key.startswith(ADDED_TO) and holds(after.get(key), before[key]))
    }
    kinds: dict[str, list[str]] = {}
    for key in sorted(at_source):
        if key not in newer:
            kinds.setdefault(key.split(" ", 1)[0], []).append(key)
    parts = [
        Part(
            f"{kind}s".replace("aliass", "aliases"),
            len(keys),
            sum(at_source[key] == at_target.get(key) for key in keys),
            _total(keys, at_source),
            _total(keys, at_target),
        )
        for kind, keys in kinds.items()
    ]
    differing = [key for key in at_source if key not in newer and at_target.get(key) != at_source[key]]
    return Comparison(tuple(parts), newer=len(newer), seen=at_source, differing=tuple(differing))


def content(binding: MlflowBinding) -> str:
    """The name of something that the registry holds, in words; "" if there is none. Every server has `Default`."""
    with _talking():
        side = Side(binding)
        for kind, found in (
            ("registered model", side.registered),
            ("experiment", {name: item for name, item in side.experiments.items() if name != "Default"}),
            ("run", side.runs),
            ("logged model", side.models),
        ):
            if found:
                return f"{kind} '{next(iter(found))}'"
    return ""


def amounts(binding: MlflowBinding) -> dict[str, int]:
    """Number of experiments, runs, logged models, registered models and versions."""
    with _talking():
        side = Side(binding)
        return {
            "experiments": len(side.experiments),
            "runs": len(side.runs),
            "logged models": len(side.models),
            "registered models": len(side.registered),
            "versions": len(side.versions),
        }


def _refuse_otherwise(
    source: MlflowBinding, target: MlflowBinding, changed: set[str], at_source: Mapping[str, str]
) -> None:
    """Raise StackgenError(move-failed) for an item that the target does not hold as it was sent.

    Later that would look like a change by the target's own users. What the source has changed meanwhile is for the
    next copy.
    """
    if not changed:
        return
    at_target = Side(target).items()
    differing = {key for key in changed if at_target.get(key) != at_source[key]}
    now = Side(source).items() if differing else {}
    for key in sorted(differing):
        if now.get(key) == at_source[key]:
            raise failed(f"not moved: {key}: the new box does not hold it as the old one does")


def _counted(keys: set[str]) -> str:
    kinds = Counter(key.split(" ", 1)[0] for key in keys)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing"


def _total(keys: list[str], items: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps([items.get(key) for key in keys]).encode()).hexdigest()


def _bring_files(source: Any, target: Any, late: Container[str] | None = None) -> None:
    """late: paths; where they are given, only these."""
    present = files(target)
    for path, size in files(source).items():
        if present.get(path) != size if late is None else path in late:
            parent = str(PurePosixPath(path).parent)
            with tempfile.TemporaryDirectory() as folder:
                file = fetched(source, path, folder)
                target.log_artifact(file, None if parent == "." else parent)


class _Copy:
    """One round from one server to another. Every step looks first, so a round can be repeated."""

    def __init__(self, here: Side, there: Side, touched: set[str], late: set[str]) -> None:
        self.here = here
        self.there = there
        self.touched = touched
        self.late = late
        self.to = there.client
        self.experiments = {name: item.experiment_id for name, item in there.experiments.items()}
        self.runs = {origin: run.info.run_id for origin, run in there.runs.items()}
        self.models = {origin: model.model_id for origin, model in there.models.items()}

    def bring(self, changed: set[str], gone: set[str]) -> None:
        here = self.here
        for name, item in here.experiments.items():
            if f"experiment {name}" in changed or name not in self.experiments:
                self._experiment(name, item)
        in_order = sorted(here.runs, key=lambda origin: here.runs[origin].info.start_time or 0)
        runs = [(origin, here.runs[origin]) for origin in in_order if f"run {origin}" in changed]
        made = [self._run(origin, run) for origin, run in runs]
        models = [(o, model) for o, model in here.models.items() if f"logged-model {o}" in changed]
        for origin, model in models:
            self._model(origin, model)
        ties = Ties(here, self.to, self.runs, self.models)
        for (origin, run), target in zip(runs, made, strict=True):
            ties.run(origin, run)
            self._end(run, target)
        for origin, model in models:
            ties.model(origin, model)
        self._bring_late(ties)
        Registry(here, self.there, self.runs, self.models, self.touched).bring(changed)
        self._remove(gone)

    def _bring_late(self, ties: Ties) -> None:
        """Points and files of runs and logged models that had ended; nothing else of them can change unseen."""
        for origin, run in self.here.runs.items():
            if f"run {origin}" in self.late:
                target = self.to.get_run(self.runs[origin])
                self._log(target, metrics=self._points(run, self.there.metrics(target)))
                ties.run(origin, run)
            if paths := self._late_files("run", origin):
                target = self.to.get_run(self.runs[origin])
                _bring_files(self.here.run_artifacts(run), self.there.run_artifacts(target), paths)
        for origin, model in self.here.models.items():
            if paths := self._late_files("logged-model", origin):
                target = self.to.get_logged_model(self.models[origin])
                _bring_files(self.here.model_artifacts(model), self.there.model_artifacts(target), paths)

    def _late_files(self, kind: str, origin: str) -> set[str]:
        start = files_of(kind, origin)
        return {key.removeprefix(start) for key in self.late if key.startswith(start)}

    def _experiment(self, name: str, item: Any) -> None:
        found = self.to.get_experiment_by_name(name)
        if found is None:
            self.experiments[name] = self.to.create_experiment(name)
        else:
            self.experiments[name] = found.experiment_id
            if found.lifecycle_stage == "deleted":
                self.to.restore_experiment(found.experiment_id)
        present = experiment_tags(found) if found is not None else {}
        tags = experiment_tags(item)
        for key, value in tags.items():
            if present.get(key) != value:
                self.to.set_experiment_tag(self.experiments[name], key, value)
        for key in surplus(self.touched, f"experiment {name}", present, tags):
            self.to.delete_experiment_tag(self.experiments[name], key)

    def _run(self, origin: str, run: Any) -> Any:
        """Everything but what needs logged models, and the end, which says that nothing is missing."""
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
            del tags[ORIGIN]  # it came from there
        for key in surplus(self.touched, f"run {origin}", target.data.tags, tags):
            self.to.delete_tag(target.info.run_id, key)
        params = [Param(k, v) for k, v in run.data.params.items() if k not in target.data.params]
        metrics = self._points(run, [] if fresh else self.there.metrics(target))
        labels = [RunTag(k, v) for k, v in tags.items() if target.data.tags.get(k) != v]
        self._log(target, metrics, params, labels)
        _bring_files(self.here.run_artifacts(run), self.there.run_artifacts(target))
        return target

    def _points(self, run: Any, known: list[Any]) -> list[Any]:
        """Points of the run's metrics that are not among `known`."""
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
        if origin not in self.models:
            name = next(n for n, e in self.here.experiments.items() if e.experiment_id == model.experiment_id)
            tags = {**model.tags, ORIGIN: origin}
            made = self.to.create_logged_model(
                self.experiments[name], model.name, run, tags, model.params, model.model_type
            )
            self.models[origin] = made.model_id
        target = self.to.get_logged_model(self.models[origin])
        tags = {key: value for key, value in model.tags.items() if key != ORIGIN}
        for key in surplus(self.touched, f"logged-model {origin}", target.tags, tags):
            self.to.delete_logged_model_tag(target.model_id, key)
        if tags:
            self.to.set_logged_model_tags(target.model_id, tags)
        params = {key: value for key, value in model.params.items() if key not in target.params}
        if params:
            self.to.log_model_params(target.model_id, params)
        _bring_files(self.here.model_artifacts(model), self.there.model_artifacts(target))
        if str(model.status) in READY and str(target.status) != str(model.status):
            self.to.finalize_logged_model(target.model_id, str(model.status))

    def _remove(self, gone: set[str]) -> None:
        """What the source no longer has, what hangs on other things first."""
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


MOVER = Mover(
    tool="the mlflow client",
    carries=(
        "experiments with all tags",
        "runs with params, metric histories, tags, artifacts, the datasets and logged models they read or made",
        "logged models with their metrics",
        "registered models, versions with their numbers, stages and links, aliases",
    ),
    leaves=(
        f"identifiers of runs and logged models (new ones are given; the first is in the tag {ORIGIN})",
        "when and by whom things were made and changed (times of runs and the tag mlflow.user go along)",
        "where experiments keep their files",
        "status messages, deployment jobs",
        "traces and how far scorers have come with them",
        "other workspaces",
        "what is deleted but not purged",
        "users and permissions",
        "prompts, evaluation datasets, scorers, review queues, webhooks, MCP servers, what its gateway has "
        "(any of these stops the move)",
        "label schemas, issues",
        "files that the server does not serve itself (a run, logged model or version with any stops the move)",
    ),
    copy=copy,
    copy_late=copy_late,
    compare=compare,
    content=content,
    amounts=amounts,
)
