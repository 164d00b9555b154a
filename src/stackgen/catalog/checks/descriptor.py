"""Checks that a loaded descriptor is what it has to be: types and closed vocabularies, by Pydantic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from stackgen.catalog.checks.guards import guard_functions
from stackgen.catalog.checks.source import SourceText, fields_of, is_plain
from stackgen.catalog.checks.written import Path, at
from stackgen.descriptors.properties import Properties
from stackgen.errors import Problem, StackgenError, did_you_mean

_STRICT = ConfigDict(strict=True, extra="ignore", arbitrary_types_allowed=True)
_EXPECTED = {
    "string_type": "text",
    "bool_type": "True or False",
    "int_type": "a whole number",
    "tuple_type": 'a tuple, such as ("one", "two") or ("one",)',
    "dict_type": "a dict",
    "mapping_type": "a dict",
    "callable_type": "a function",
    "missing": "there",
}


def check_descriptor(value: Any, source: SourceText, name: str) -> Any:
    """The descriptor that a file defines as `name`, with its functions guarded.

    Raises StackgenError with a Problem for every field that is of another type or outside its vocabulary.
    """
    problems = [*_field_problems(value, source, name), *_property_problems(value, source, name)]
    model = getattr(value, "settings", None) or getattr(value, "options", None)
    if not problems and model is not None:
        problems = list(_model_problems(model, source))
    if problems:
        raise StackgenError(dict.fromkeys(problems))
    return replace(value, **guard_functions(value, source))


def _field_problems(value: Any, source: SourceText, name: str) -> Iterator[Problem]:
    given = {field.name: getattr(value, field.name) for field in fields(value)}
    yield from _refused(_model(type(value)), given, source, name, ())


def _property_problems(value: Any, source: SourceText, name: str) -> Iterator[Problem]:
    stated = getattr(value, "properties", None)
    if isinstance(stated, Properties):
        given = {field.name: getattr(stated, field.name) for field in fields(stated)}
        yield from _refused(_model(Properties), given, source, name, ("properties",))


@cache
def _model(kind: type[Any]) -> type[BaseModel]:
    """A strict model of a dataclass's fields."""
    hints: dict[str, Any] = get_type_hints(kind)
    wanted: dict[str, Any] = {field.name: (hints[field.name], ...) for field in fields(kind)}
    return create_model(kind.__name__, __config__=_STRICT, **wanted)


def _refused(
    model: type[BaseModel], given: Mapping[str, Any], source: SourceText, name: str, base: Path
) -> Iterator[Problem]:
    try:
        model.model_validate(dict(given))
    except ValidationError as error:
        for item in error.errors(include_url=False):
            path = (*base, *(part for part in item["loc"] if part != "[key]"))
            yield _problem(item, path, source, name)


def _problem(item: Mapping[str, Any], path: Path, source: SourceText, name: str) -> Problem:
    kind, value, context = str(item["type"]), item.get("input"), item.get("ctx", {})
    place = at(source, name, path, key=item["loc"][-1] == "[key]")
    label = "".join(f"[{part!r}]" if depth else str(part) for depth, part in enumerate(path))
    if kind == "literal_error":
        allowed = tuple(word.strip("'") for word in _words(str(context["expected"])))
        hint = did_you_mean(str(value), allowed) if isinstance(value, str) else None
        return Problem("bad-value", f"`{label}` can't be {_brief(value)}", place, hint, allowed)
    expected = _EXPECTED.get(kind)
    if kind == "is_subclass_of":
        expected = f"a class that inherits from {context['class']}"
    if expected is None:
        return Problem("bad-value", f"`{label}` can't be {_brief(value)}", place)
    return Problem("wrong-type", f"`{label}` must be {expected}, not {_brief(value)}", place)


def _words(expected: str) -> list[str]:
    return [part.strip() for part in expected.replace(" or ", ", ").split(", ")]


def _brief(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # an object of the author's, whose __repr__ may do anything
        text = ""
    if not text or " at 0x" in text:
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:60]}…"


def _model_problems(model: type[BaseModel], source: SourceText) -> Iterator[Problem]:
    """A model whose annotations can't be resolved fails where it is first used: so it is completed here."""
    node = source.classes().get(model.__name__)
    try:
        model.model_rebuild()
    except Exception as error:
        text = str(error).split("\n", 1)[0].strip()
        yield Problem("catalog-invalid", f"{model.__name__} is no complete model: {text}", source.at(node))
        return
    for field, info in model.model_fields.items():
        default = info.default
        if info.is_required() or default is None or isinstance(default, BaseModel):
            continue
        if info.default_factory is None and not is_plain(default):
            message = f"the default of `{field}` must be plain data, not {_brief(default)}"
            yield Problem("wrong-type", message, source.at(fields_of(node).get(field, node)))
