"""Copies registered models, their versions and aliases. Every step checks the target first, so it can be repeated."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

from stackgen.contracts.mlflow.links import version_stage
from stackgen.contracts.mlflow.server import ORIGIN, Side, by_first_number, surplus
from stackgen.contracts.mover import move_error

_NOTED = (
    "mlflow.modelVersions"  # tag of a logged model in which the server notes the versions created from it
)


class Registry:
    """Copies a registry. runs, models: first identifier → identifier in the target. touched: changes of its users."""

    def __init__(
        self,
        here: Side,
        there: Side,
        runs: Mapping[str, str],
        models: Mapping[str, str],
        touched: set[str],
    ) -> None:
        self.here = here
        self.there = there
        self.to = there.client
        self.runs = runs
        self.models = models
        self.touched = touched

    def bring(self, changed: set[str]) -> None:
        """Copy what has changed: registered models, then versions, then aliases."""
        for name, item in self.here.registered.items():
            if f"registered-model {name}" in changed:
                self._registered(name, item)
        for (name, number), version in self.here.versions.items():
            if f"version {name} {number}" in changed:
                self._version(name, number, version)
        for name, item in self.here.registered.items():
            for alias, number in item.aliases.items():
                if f"alias {name}@{alias}" in changed:
                    self.to.set_registered_model_alias(name, alias, self._number(name, alias, str(number)))

    def _registered(self, name: str, item: Any) -> None:
        if name not in self.there.registered:
            self.to.create_registered_model(name, dict(item.tags), item.description or None)
            return
        self.to.update_registered_model(name, item.description or "")
        for key, value in item.tags.items():
            self.to.set_registered_model_tag(name, key, value)
        for key in surplus(
            self.touched, f"registered-model {name}", self.there.registered[name].tags, item.tags
        ):
            self.to.delete_registered_model_tag(name, key)

    def _version(self, name: str, number: str, version: Any) -> None:
        tags = {key: value for key, value in version.tags.items() if key != ORIGIN}
        present = self._versions(name).get(number)
        if present is None:
            present = self._made(name, number, version, tags)
        if (version.description or "") != (present.description or ""):
            self.to.update_model_version(name, present.version, version.description or "")
        for key, value in tags.items():
            if present.tags.get(key) != value:
                self.to.set_model_version_tag(name, present.version, key, value)
        for key in surplus(self.touched, f"version {name} {number}", present.tags, tags):
            self.to.delete_model_version_tag(name, present.version, key)
        if version_stage(version) != version_stage(present):
            self._move_to(version_stage(version), name, present.version)

    def _made(self, name: str, number: str, version: Any, tags: dict[str, str]) -> Any:
        """Create a version of the same number if it is free: lower numbers are created and deleted again."""
        run_origin = self.here.run_origins.get(version.run_id or "", "")
        run = self.runs.get(run_origin)
        kind, rest = self.here.source(version)
        model = self.models.get(rest) if kind == "model" else None
        source = rest
        if run_origin and run is None:
            hint = f"restore it there, or delete version {number} of {name} in the other box"
            message = (
                f"not moved: version {number} of model {name}: the box that serves no longer has its run"
            )
            raise move_error(message, hint)
        if kind == "run" and run is not None:
            source = f"{self.to.get_run(run).info.artifact_uri}{rest}"
        elif kind == "runs":
            first, slash, path = rest.partition("/")
            source = f"runs:/{self.runs[first]}{slash}{path}" if first in self.runs else version.source
        elif model is not None:
            source = f"models:/{model}"
        before = self._noted(model) if model is not None else None
        while True:
            made = self.to.create_model_version(
                name,
                source,
                run,
                {**tags, ORIGIN: number},
                version.run_link or None,
                version.description,
                0,
                model,
            )
            if int(made.version) >= int(number):
                if model is not None:
                    self._note(model, self.here.models[rest].tags.get(_NOTED), before)
                return made
            self.to.delete_model_version(name, made.version)

    def _noted(self, model: str) -> str | None:
        return self.to.get_logged_model(model).tags.get(_NOTED)

    def _note(self, model: str, at_source: str | None, before: str | None) -> None:
        """Note the versions of a logged model that both sides have noted.

        The server also notes lower numbers, and drops the other numbers when it has noted this one already.
        """
        note = merge_lists(at_source, before)
        if note is not None:
            self.to.set_logged_model_tags(model, {_NOTED: note})
        elif self._noted(model) is not None:
            self.to.delete_logged_model_tag(model, _NOTED)

    def _move_to(self, stage: str, name: str, number: str) -> None:
        with (
            warnings.catch_warnings()
        ):  # stages are deprecated, and a registry that uses them still needs them
            warnings.simplefilter("ignore", FutureWarning)
            self.to.transition_model_version_stage(name, number, stage, archive_existing_versions=False)

    def _versions(self, name: str) -> dict[str, Any]:
        found = self.to.search_model_versions(f"name = '{name.replace(chr(39), chr(39) * 2)}'")
        return by_first_number(found)

    def _number(self, name: str, alias: str, number: str) -> str:
        """Return the number in the target of a version, by its number in the source.

        Raises StackgenError(move-failed) if the target's users have deleted it.
        """
        first = next(n for (m, n), v in self.here.versions.items() if m == name and str(v.version) == number)
        found = self._versions(name).get(first)
        if found is None:
            hint = f"let the alias name another version, or delete it: {name}@{alias}"
            raise move_error(
                f"not moved: alias {name}@{alias}: the box that serves has no version {first}", hint
            )
        return found.version


def merge_lists(first: str | None, second: str | None) -> str | None:
    """Merge two lists in JSON; return the first one unchanged if it has all entries."""
    if first is None or second is None:
        return first or second
    entries = json.loads(first)
    more = [entry for entry in json.loads(second) if entry not in entries]
    return json.dumps(entries + more) if more else first
