"""Changes per component, from the program on disk to the one that would be written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from stackgen.disk.folder_view import FolderView
from stackgen.planning.model import Plan
from stackgen.program.lock import LOCK, component_entry
from stackgen.program.main_module import plain_data


def explain_changes(plan: Plan, folder: Path) -> tuple[str, ...]:
    """A sentence per change: who provides a component, which settings and options differ, what is lost or gained.

    () where there is no program yet, or none that says what it was made from.
    """
    try:
        before: dict[str, dict[str, Any]] = json.loads(FolderView(folder).read(LOCK) or b"")["components"]
        before = {str(name): dict(item) for name, item in before.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return ()
    after = cast("dict[str, Any]", plain_data({item.name: component_entry(item) for item in plan.components}))
    renamed = {item.name: item.renamed_from for item in plan.components if item.renamed_from in before}
    renamed = {name: old for name, old in renamed.items() if name not in before and old not in after}
    before = {next((n for n, old in renamed.items() if old == name), name): i for name, i in before.items()}
    return tuple(
        f"{old} -> {name}: renamed; its resources and data stay" for name, old in renamed.items()
    ) + tuple(
        sentence
        for name in dict.fromkeys((*before, *after))
        for sentence in _component(name, before.get(name), after.get(name))
    )


def _component(name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
    if old is None or new is None:
        yield f"{name}: {'added' if old is None else 'removed'}"
        return
    if old.get("implementation") != new["implementation"]:
        yield f"{name}: {old.get('implementation')} -> {new['implementation']}"
    else:
        yield from _values(name, "setting", old.get("settings", {}), new["settings"])
    yield from _values(name, "option", old.get("options", {}), new["options"])
    yield from _clauses(name, old.get("kept", {}), new["kept"])


def _values(name: str, kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        if old.get(key, []) != new.get(key, []):  # an option that is new is empty where it was not there
            yield f"{name}: {kind} {key} {_shown(old.get(key))} -> {_shown(new.get(key))}"


def _clauses(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for contract in dict.fromkeys((*old, *new)):
        before, after = old.get(contract, ()), new.get(contract, ())
        for word, found in (
            ("loses", [c for c in before if c not in after]),
            ("gains", [c for c in after if c not in before]),
        ):
            if found:
                yield f"{name}: {word} {contract} {', '.join(found)}"


def _shown(value: object) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
