"""Every place of a spec that takes a string, read off the models: nobody has to list a new field here."""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from stackgen.catalog.shelf import Entry, Shelf

Put = Callable[[str], Any]  # a string, in the shape that a field takes it in
Content = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One place for a string. base: a whole spec; put: writes the string into a copy of it."""

    label: str
    base: Content
    put: Callable[[Content, str], None]

    def spec(self, value: str) -> Content:
        """The spec with `value` in that place."""
        content = copy.deepcopy(self.base)
        self.put(content, value)
        return content


def fields(shelf: Shelf) -> Iterator[Field]:
    """Every string field of the spec itself, every capability, implementation and provider."""
    entries = [
        entry
        for name in shelf.capability_names
        if not shelf.capability(name).internal
        for entry in shelf.implementations[name].values()
    ]
    yield from _of_the_spec(_example(entries[0]))
    seen: set[str] = set()
    for entry in entries:
        base = _example(entry)
        name = _component(base, entry)
        options = shelf.capability(entry.capability).options
        for key, put in _shapes(options):
            yield Field(
                f"{entry.capability}.{key} by {entry.id}", base, _option(name, key.split(".")[0], put)
            )
        for key, put in _shapes(entry.implementation.settings):
            where = _setting(name, key.split(".")[0], put)
            yield Field(f"{entry.capability}/{entry.id} settings.{key}", base, where)
        if entry.provider not in seen:
            seen.add(entry.provider)
            for key, put in _shapes(shelf.provider(entry.provider).settings):
                where = _provider_setting(key.split(".")[0], put)
                yield Field(f"{entry.provider} settings.{key}", base, where)


def _of_the_spec(base: Content) -> Iterator[Field]:
    name, environment = next(iter(base["components"])), next(iter(base["environments"]))

    def component(content: Content) -> Content:
        return content["components"][name]

    def put(label: str, where: Callable[[Content, str], None]) -> Field:
        return Field(label, base, where)

    for key in ("name", "description", "owner"):
        yield put(key, lambda content, value, key=key: content.update({key: value}))
    yield put("labels key", lambda content, value: content.update(labels={value: "x"}))
    yield put("labels value", lambda content, value: content.update(labels={"team": value}))
    yield put("apiVersion", lambda content, value: content.update(apiVersion=value))
    yield put("unknown key", lambda content, value: content.update({value: 1}))
    for key in ("classification", "residency"):
        yield put(f"data.{key}", lambda content, value, key=key: content.update(data={key: value}))
    for key in ("capability", "description", "size", "implementation"):
        yield put(f"component {key}", lambda content, value, key=key: component(content).update({key: value}))
    for key in ("needs", "depends_on"):
        yield put(
            f"component {key}", lambda content, value, key=key: component(content).update({key: [value]})
        )
    yield put("component unknown key", lambda content, value: component(content).update({value: 1}))
    yield put("setting unknown key", lambda content, value: component(content).update(settings={value: 1}))
    yield put(
        "component name", lambda content, value: content["components"].update({value: component(content)})
    )
    yield put(
        "environment name",
        lambda content, value: content.update(environments={value: content["environments"][environment]}),
    )
    for key in ("provider", "promotes_from"):
        yield put(
            f"environment {key}",
            lambda content, value, key=key: content["environments"][environment].update({key: value}),
        )
    yield put(
        "environment providers",
        lambda content, value: content["environments"][environment].update(providers={value: {}}),
    )
    yield put(
        "environment component",
        lambda content, value: content["environments"][environment].update(components={value: {}}),
    )


def _example(entry: Entry) -> Content:
    content: Content = yaml.safe_load((entry.folder / "example.yaml").read_text(encoding="utf-8"))
    for component in content["components"].values():
        if "source" in component:
            component["source"] = "app"
    return content


def _component(base: Content, entry: Entry) -> str:
    """The component of the example that shows this implementation; named in it, so that nothing else is chosen."""
    name = next(name for name, item in base["components"].items() if item["capability"] == entry.capability)
    base["components"][name]["implementation"] = entry.id
    return name


def _option(name: str, key: str, put: Put) -> Callable[[Content, str], None]:
    return lambda content, value: content["components"][name].update({key: put(value)})


def _setting(name: str, key: str, put: Put) -> Callable[[Content, str], None]:
    return lambda content, value: (
        content["components"][name].setdefault("settings", {}).update({key: put(value)})
    )


def _provider_setting(key: str, put: Put) -> Callable[[Content, str], None]:
    def into(content: Content, value: str) -> None:
        for environment in content["environments"].values():
            environment.setdefault("settings", {}).update({key: put(value)})

    return into


def _shapes(model: type[BaseModel]) -> Iterator[tuple[str, Put]]:
    for name, info in model.model_fields.items():
        for label, put in _inside(info.annotation):
            yield f"{name}{label}", put


def _inside(annotation: Any) -> Iterator[tuple[str, Put]]:
    """Every way to hand a string to a field of this type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is str:
        yield "", lambda value: value
    elif origin is Annotated:
        yield from _inside(arguments[0])
    elif origin is Literal and any(isinstance(item, str) for item in arguments):
        yield "(literal)", lambda value: value
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _inside(argument)
    elif origin in (tuple, list):
        for label, put in _inside(arguments[0]):
            yield f".[]{label}", lambda value, put=put: [put(value)]
            yield f".[1]{label}", lambda value, put=put: [sample(arguments[0]), put(value)]
    elif origin is dict:
        yield ".key", lambda value: {value: sample(arguments[1])}
        for label, put in _inside(arguments[1]):
            yield f".value{label}", lambda value, put=put: {"a-key": put(value)}
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, info in annotation.model_fields.items():
            for label, put in _inside(info.annotation):
                yield (
                    f".{name}{label}",
                    lambda value, put=put, name=name, annotation=annotation: {
                        **sample(annotation),
                        name: put(value),
                    },
                )


def sample(annotation: Any) -> Any:
    """Some harmless value of a type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return sample(arguments[0])
    if origin is Literal:
        return arguments[0]
    if origin in (Union, types.UnionType):
        return sample(arguments[0])
    if origin is dict:
        return {"a-key": sample(arguments[1])}
    if origin in (tuple, list):
        return [sample(arguments[0])]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {
            name: sample(info.annotation)
            for name, info in annotation.model_fields.items()
            if info.is_required()
        }
    return {str: "x", int: 384, float: 1.0, bool: True}.get(annotation)


def folder_for_sources(root: Path) -> Path:
    """A folder that the examples' `source: app` can mean; the specs stand in it."""
    (root / "app").mkdir(parents=True, exist_ok=True)
    (root / "app" / "requirements.txt").write_text("", encoding="utf-8")
    return root
