"""Pydantic's findings in our words: what is wrong, where, what is allowed, what was probably meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, cast

from pydantic import BaseModel, ValidationError

from stackgen.errors import MAX_PROBLEMS, Position, Problem, did_you_mean, more_problems
from stackgen.spec.yaml_reader import ValuePath

_FOUND: dict[Any, str] = {
    bool: "true or false",
    str: "text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "nothing",
}


class PlaceLookup(Protocol):
    """Knows where values stand in a file."""

    def at(self, path: ValuePath, /) -> Position:
        """The place of the value at `path`, or of the nearest thing around it."""
        ...


def list_problems(
    error: ValidationError,
    positions: PlaceLookup | None,
    *,
    place: Callable[[ValuePath], ValuePath] | None = None,
    subject: str = "the spec",
    model: type[BaseModel] | None = None,
) -> list[Problem]:
    """One Problem per finding, of many the first; `place` maps a location in the model to one in the spec."""
    found: dict[Problem, None] = {}
    for item in islice(error.errors(include_url=False), MAX_PROBLEMS):
        path: ValuePath = tuple(part for part in item["loc"] if not _internal(part))
        where = place(path) if place is not None else path
        position = positions.at(where) if positions is not None else None
        problem = _problem(item, path, subject, model)
        found[Problem(problem.code, problem.message, position, problem.hint, problem.allowed)] = None
    if error.error_count() > MAX_PROBLEMS:
        found[more_problems(error.error_count() - MAX_PROBLEMS)] = None
    return list(found)


def _internal(part: str | int) -> bool:
    """Parts that pydantic adds to a location for union members and dict keys."""
    return isinstance(part, str) and (part == "[key]" or part.startswith(("literal[", "tuple[", "function-")))


def _problem(
    item: Mapping[str, Any], path: ValuePath, subject: str, model: type[BaseModel] | None
) -> Problem:
    kind, value, context = str(item["type"]), item.get("input"), item.get("ctx", {})
    key = ".".join(map(str, path)) or subject
    if kind == "extra_forbidden":
        known = _known(model, path[:-1])
        hint = did_you_mean(str(path[-1]), known)
        return Problem("unknown-key", f"{subject} has no key '{path[-1]}'", hint=hint, allowed=tuple(known))
    if kind == "missing":
        return Problem("missing-key", f"{subject} lacks '{key}'")
    if kind in ("literal_error", "enum"):
        allowed = tuple(_literals(str(context.get("expected", ""))))
        hint = did_you_mean(str(value), allowed)
        return Problem("bad-value", f"'{key}' can't be {_shown(value)}", hint=hint, allowed=allowed)
    if kind in _EXPECTED:
        found = _FOUND.get(type(cast("Any", value)), "nothing" if value is None else type(value).__name__)
        return Problem("wrong-type", f"'{key}' must be {_EXPECTED[kind]}, not {found} ({_shown(value)})")
    if kind == "string_pattern_mismatch":
        return Problem(
            "bad-value", f"'{key}' can't be {_shown(value)}", hint=_pattern(str(context["pattern"]))
        )
    if kind == "value_error":  # a model's own sentence
        return Problem("bad-value", f"{subject}: {context.get('error', 'is not acceptable')}")
    return Problem("bad-value", f"'{key}' {_limit(kind, context)} (found {_shown(value)})")


def _pattern(pattern: str) -> str:
    if pattern.startswith("^[a-z][a-z0-9-]"):
        return "lower-case letters, digits and hyphens; starts with a letter; 2 to 40 characters"
    return f"it must match {pattern}"


def _limit(kind: str, context: Mapping[str, Any]) -> str:
    sentences = {
        "greater_than_equal": "must be at least {ge}",
        "less_than_equal": "must be at most {le}",
        "greater_than": "must be more than {gt}",
        "less_than": "must be less than {lt}",
        "too_short": "must have at least {min_length} entries",
        "too_long": "must have at most {max_length} entries",
        "string_too_short": "must have at least {min_length} characters",
        "string_too_long": "must have at most {max_length} characters",
    }
    return sentences.get(kind, "is not acceptable").format(**context)


def _shown(value: Any) -> str:
    text = value[:61] if isinstance(value, str) else _brief(value)
    return f"'{text[:60]}{'…' if len(text) > 60 else ''}'"


def _brief(value: Any) -> str:
    """The beginning of `repr`, without writing out all of something large."""
    if isinstance(value, dict):
        value = dict(islice(cast("dict[Any, Any]", value).items(), 3))
    elif isinstance(value, list):
        value = cast("list[Any]", value)[:3]
    return repr(value)


def _literals(expected: str) -> Iterator[str]:
    for part in expected.replace(" or ", ", ").split(", "):
        yield part.strip("'")


def _known(model: type[BaseModel] | None, path: ValuePath) -> list[str]:
    """Keys that the model at `path` takes."""
    for part in path:
        if model is None:
            return []
        info = model.model_fields.get(str(part)) or next(
            (field for field in model.model_fields.values() if field.alias == part), None
        )
        model = _inner(info.annotation) if info is not None else model
    if model is None:
        return []
    fields = model.model_fields.items()
    return [field.alias or name for name, field in fields if field.json_schema_extra != {"deprecated": True}]


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation such as `dict[str, Environment]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    arguments: tuple[Any, ...] = getattr(cast("Any", annotation), "__args__", ())
    for argument in reversed(arguments):
        found = _inner(argument)
        if found is not None:
            return found
    return None
