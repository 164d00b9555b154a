"""An engine in memory: what it has, what it would do for a plan, and what it has deleted for good."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from stackgen.engine.deployment import Outcome, Resource, ResourceStep
from stackgen.engine.states import StateChange
from stackgen.errors import Problem, StackgenError
from stackgen.planning.model import Plan, PlannedComponent

ROOT = "urn:pulumi:dev::case::pulumi:pulumi:Stack::case-dev"
HOLDS = {
    "local": "pulumi-python:dynamic/local:DataDirectory",
    "aws": "aws:s3/bucket:Bucket",
    "kubernetes": "kubernetes:apps/v1:StatefulSet",
}
PASSWORD = "pulumi-python:dynamic/local:Password"
SERVER = "pulumi-python:dynamic/local:Process"


@dataclass
class _Has:
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]  # those that start with "!" need a new resource when they change
    dependencies: list[str] = field(default_factory=list[str])
    protect: bool = False
    id: str = ""


def made_by(plan: Plan) -> dict[str, _Has]:
    """URN → resource, as the program of a plan would register them."""
    found: dict[str, _Has] = {ROOT: _Has("pulumi:pulumi:Stack", "case-dev", "", {})}
    protect = plan.stack.environments[plan.environment].protect
    for item in plan.all_components:
        kind = f"stackgen:{item.capability}:{item.entry.class_name}"
        top = f"urn:pulumi:dev::case::{kind}::{item.resource}"
        found[top] = _Has(kind, item.resource, ROOT, {})
        for type_, suffix, inputs in _children(item, plan):
            urn = f"urn:pulumi:dev::case::{kind}${type_}::{item.resource}{suffix}"
            guarded = protect and type_ in HOLDS.values()
            found[urn] = _Has(type_, f"{item.resource}{suffix}", top, inputs, protect=guarded)
    return found


def _children(item: PlannedComponent, plan: Plan) -> Iterator[tuple[str, str, dict[str, Any]]]:
    settings = item.settings.model_dump()
    root = [f.settings.model_dump().get("directory") for f in plan.foundations if f.provider == "local"]
    if item.capability in ("vector_store", "object_store"):
        place = {"!version": settings.get("version"), "!root": root, "size": item.size}
        yield HOLDS[item.entry.provider], "-data", place
        yield PASSWORD, "-password", {}
    yield SERVER, "", {"settings": str(settings), "options": str(item.options)}


class StandIn:
    """The part of `Deployment` that a review and an update use. lost: names of resources whose data is gone."""

    def __init__(self) -> None:
        self.has: dict[str, _Has] = {}
        self.program: dict[str, _Has] = {}
        self.lost: list[str] = []
        self.previews = 0
        self.seen: str | None = None
        self._ids = itertools.count()

    def contents(self) -> list[tuple[str, str]]:
        """What is there, whatever the state says of it."""
        return [(urn, has.id) for urn, has in self.has.items()]

    def prepare(self) -> None:
        pass

    def resources(self) -> list[Resource]:
        self.seen = self._digest()
        folders = {HOLDS["local"]: {"path": os.sep}}
        return [
            Resource(u, h.type, folders.get(h.type, {}), h.parent, h.id, h.protect)
            for u, h in self.has.items()
        ]

    def refresh(self, untouched: Sequence[str] = ()) -> Outcome:
        assert set(untouched) <= set(self.has)
        return Outcome()

    def release(self, change: StateChange, seen: str | None) -> str | None:
        for urn in (*change.guarded, *change.unguarded):
            self.has[urn].protect = urn in change.guarded
        return None if seen is None else self._digest()

    def preview(self, untouched: Sequence[str] = ()) -> Outcome:
        self.previews += 1
        return Outcome(list(self._steps(untouched)))

    def up(self, untouched: Sequence[str] = (), *, seen: str | None = None, refresh: bool = True) -> Outcome:
        assert seen is not None or refresh, "what was not looked at is refreshed"
        assert seen is None or seen == self._digest()
        outcome = Outcome(list(self._steps(untouched)))
        for step in outcome.steps:
            if step.op == "delete":
                del self.has[step.urn]
            elif step.op in ("create", "replace"):
                self.has[step.urn] = self.program[step.urn]
                self.has[step.urn].id = f"id{next(self._ids)}"
            if step.op in ("delete", "replace") and step.type in HOLDS.values():
                self.lost.append(step.name)
        for urn, made in self.program.items():
            if urn not in untouched:
                made.id = self.has[urn].id
                self.has[urn] = made
        return outcome

    def destroy(self) -> Outcome:
        """The engine refuses what is protected before it deletes anything."""
        assert not any(has.protect for has in self.has.values())
        self.lost += [has.name for has in self.has.values() if has.type in HOLDS.values()]
        self.has.clear()
        return Outcome()

    def _steps(self, untouched: Sequence[str]) -> Iterator[ResourceStep]:
        assert set(untouched) <= set(self.has), "the engine refuses URNs that it does not know"
        for urn, made in self.program.items():
            old = self.has.get(urn)
            if old is None:
                yield ResourceStep("create", made.type, made.name, (), urn)
            elif urn not in untouched and old.inputs != made.inputs:
                keys = [key for key in made.inputs if made.inputs[key] != old.inputs.get(key)]
                op = "replace" if any(key.startswith("!") for key in keys) else "update"
                yield ResourceStep(op, made.type, made.name, tuple(keys), urn)
        staying = self._with_what_they_stand_on(untouched)
        for urn in reversed(list(self.has)):
            if urn not in self.program and urn not in staying:
                if self.has[urn].protect:  # as the engine does, also in a preview
                    raise StackgenError(Problem("protected", f"'{self.has[urn].name}' is protected"))
                yield ResourceStep("delete", self.has[urn].type, self.has[urn].name, (), urn)

    def _with_what_they_stand_on(self, urns: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for urn in urns:
            here = urn
            while here in self.has:
                found.add(here)
                here = self.has[here].parent
        return found

    def _digest(self) -> str:
        return str([(urn, has.inputs, has.protect) for urn, has in self.has.items()])
