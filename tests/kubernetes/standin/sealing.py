"""Secrets stay sealed on their way back to the engine, which then encrypts them in the state."""

from __future__ import annotations

import base64
from typing import Any

from tests.clouds import wire
from tests.clouds.shapes import JSON
from tests.kubernetes.api import Object

CONTENTS = ("data", "stringData")


def seal(live: Object, marked: dict[str, JSON]) -> dict[str, JSON]:
    """`live` with all that is secret in `marked`, and every Secret's content, marked as secret."""
    sealed: Any = _like(live, marked)
    return seal_content(sealed)


def seal_content(thing: dict[str, JSON]) -> dict[str, JSON]:
    """A Secret's content marked as secret."""
    if thing.get("kind") != "Secret":
        return thing
    return {k: wire.secret(v) if k in CONTENTS and v is not None else v for k, v in thing.items()}


def _like(value: JSON, marked: JSON) -> JSON:
    if wire.is_secret(marked):
        return wire.secret(value)
    known = wire.unwrap(marked)
    if isinstance(value, dict) and isinstance(known, dict):
        return {key: _like(item, known.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(known, list):
        if len(value) == len(known):
            return [_like(item, other) for item, other in zip(value, known, strict=True)]
        return wire.secret(value) if wire.secret_paths(known) else value
    return value


def drifted(inputs: dict[str, JSON], wanted: Object, live: Object) -> dict[str, JSON]:
    """The inputs as they would have to be for the object to be what it is.

    wanted: what the object would become if the inputs were applied now; where it equals `live`, nothing has drifted.
    """
    found: Any = _overlay(inputs, wanted, live)
    if wire.unwrap(inputs.get("stringData")):
        found["stringData"] = _written_plainly(inputs, wanted, live)
    return seal_content(found)


def _overlay(given: JSON, wanted: JSON, live: JSON) -> JSON:
    if wanted == live:
        return given
    known = wire.unwrap(given)
    if isinstance(known, dict) and isinstance(wanted, dict) and isinstance(live, dict):
        mixed = {
            key: _overlay(item, wanted.get(key), live.get(key))
            for key, item in known.items()
            if key in live or key not in wanted
        }
    elif isinstance(known, list) and isinstance(live, list) and len(known) == len(live) == len(wanted or ()):
        mixed = [_overlay(*three) for three in zip(known, wanted, live, strict=True)]
    else:
        mixed = live
    return wire.secret(mixed) if wire.is_secret(given) else mixed


def _written_plainly(inputs: dict[str, JSON], wanted: Object, live: Object) -> JSON:
    """A Secret's `stringData`, which no live object has: the server keeps it in `data`."""
    given: Any = wire.unwrap(inputs["stringData"])
    there, applied = live.get("data", {}), wanted.get("data", {})
    kept = {key: value for key, value in given.items() if key in there}
    changed = {key: there[key] for key in kept if there[key] != applied.get(key)}
    return {**kept, **{key: base64.b64decode(text).decode(errors="replace") for key, text in changed.items()}}
