"""Mistakes that no type checker sees, put into resources of real programs: do the judges find them?"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.clouds.programs import recorded
from tests.clouds.recording import Resource
from tests.clouds.shapes import JSON
from tests.provider_truth import tofu
from tests.provider_truth.judging import found_errors, sentence
from tests.provider_truth.naming import type_of
from tests.provider_truth.translate import one

MISTAKES = Path(__file__).parent / "seeded.yaml"


def mistakes() -> dict[str, dict[str, JSON]]:
    """What is wrong → program, resource type, and the inputs that are set (null: removed)."""
    return yaml.safe_load(MISTAKES.read_text(encoding="utf-8"))


def judge(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Mistake → what the judges said of it; [] where they did not notice."""
    return {name: _judge(mistake, schemas) for name, mistake in mistakes().items()}


def _judge(mistake: Mapping[str, JSON], schemas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    resource = spoilt(mistake)
    package = resource.type.partition(":")[0]
    kind = type_of(resource.type, schemas[package])
    assert kind is not None, resource.type
    unmapped: list[str] = []
    body = one(resource, schemas[package][kind], unmapped)
    assert not unmapped, unmapped
    local = kind.split("_", 1)[0]
    document = {
        "terraform": {"required_providers": {local: {"source": f"hashicorp/{local}"}}},
        "provider": {local: tofu.SETTINGS[local]},
        "resource": {kind: {"spoilt": body}},
    }
    found = tofu.validate(document)
    if not found_errors(found):
        found = tofu.plan(document)[1]
    return sorted({sentence(diagnostic) for diagnostic in found if diagnostic["severity"] == "error"})


def spoilt(mistake: Mapping[str, JSON]) -> Resource:
    """The first resource of that type in the program, with the mistake in it."""
    resource = recorded(mistake["program"]).of_type(mistake["type"])[0]
    inputs = copy.deepcopy(resource.inputs)
    for path, value in mistake["set"].items():
        _set(inputs, path.split("."), value)
    return replace(resource, inputs=inputs)


def _set(values: JSON, path: list[str], value: JSON) -> None:
    head, *rest = path
    key: Any = int(head) if isinstance(values, list) else head
    if rest:
        _set(values[key], rest, value)
    elif value is None:
        del values[key]
    else:
        values[key] = value
