"""Resolves the components that a component's options name, and checks that they are of the right kind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from stackgen import checkout
from stackgen.descriptors.model import CapabilityOptions, ForStackgen, Refers, SourceFolder
from stackgen.errors import StackgenError, did_you_mean
from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged
from stackgen.planning.model import Reference

ALL_COMPONENTS = "all"
MAX_SPREAD_REFERENCES = 100_000  # references that `all` may stand for in one stack
REQUIREMENTS = "requirements.txt"
ORDER_ONLY = Refers()  # depends_on: any component, with bindings or without


def find_references(
    merged: Merged, options: CapabilityOptions, all_merged: Mapping[str, Merged], findings: Findings
) -> dict[str, Reference]:
    """Option → what it names. `all` is left for `spread_all`, which knows who uses whom."""
    found: dict[str, Reference] = {}
    for option, refers in _annotated(type(options), Refers):
        value: Any = getattr(options, option)
        if value is None or value == ():
            if value == ():
                found[option] = _reference((), refers, many=True)
            continue
        if value == ALL_COMPONENTS:
            found[option] = _reference((ALL_COMPONENTS,), refers, many=True)
            continue
        many = isinstance(value, tuple)
        names: tuple[str, ...] = value if many else (value,)
        for index, name in enumerate(names):
            path = merged.option_path((option, index) if many else (option,))
            _check(name, merged, refers, path, all_merged, findings)
            if refers.into is not None and name in getattr(options, refers.into):
                _refuse_both(name, merged, option, refers.into, path, findings)
        if ForStackgen() in type(options).model_fields[option].metadata:
            continue  # checked, and no connection of the component's
        if all(name in all_merged for name in names):
            found[option] = _reference(names, refers, many=many)
    for index, name in enumerate(merged.depends_on):
        _check(name, merged, ORDER_ONLY, (*merged.path, "depends_on", index), all_merged, findings)
    return found


def _reference(names: tuple[str, ...], refers: Refers, *, many: bool) -> Reference:
    return Reference(
        names,
        many=many,
        waits=refers.waits,
        contracts=refers.contracts,
        reads=refers.reads,
        into=refers.into,
    )


def _refuse_both(
    name: str, merged: Merged, option: str, other: str, path: tuple[str | int, ...], findings: Findings
) -> None:
    findings.add(
        "named-twice",
        f"'{merged.name}' names '{name}' in `{option}` and in `{other}`, which give it different credentials",
        path,
        hint=f"keep it in `{option}` if it only reads, in `{other}` if it also writes",
    )


def spread_all(
    by_component: Mapping[str, dict[str, Reference]], all_merged: Mapping[str, Merged], findings: Findings
) -> None:
    """Replace `all` by every component with bindings that doesn't itself, directly or not, use this one."""
    users: dict[str, list[str]] = {}
    for name, refs in by_component.items():
        named = (n for ref in refs.values() if ref.names != (ALL_COMPONENTS,) for n in ref.names)
        for other in (*named, *all_merged[name].depends_on):
            users.setdefault(other, []).append(name)
    bound = [
        name for name in by_component if findings.shelf.capability(all_merged[name].capability).contracts
    ]
    total = 0
    for name, refs in by_component.items():
        for option, reference in refs.items():
            if reference.names == (ALL_COMPONENTS,):
                using = _users(name, users)
                others = tuple(other for other in bound if other not in using)
                total += len(others)
                if total > MAX_SPREAD_REFERENCES:
                    most = f"{MAX_SPREAD_REFERENCES:,}"
                    message = (
                        f"'{option}: all' of the components so far stands for more than {most} references"
                    )
                    findings.add("too-many-references", message, all_merged[name].option_path((option,)))
                    findings.raise_if_any()
                refs[option] = replace(reference, names=others)


def source_folders(merged: Merged, options: CapabilityOptions, findings: Findings) -> dict[str, FilePath]:
    """Option → absolute folder, for options that name a folder of the user's; it must exist."""
    found: dict[str, FilePath] = {}
    base = findings.loaded.path.parent
    for option, _ in _annotated(type(options), SourceFolder):
        value = str(getattr(options, option))
        folder, inside = findings.folder(value)
        if folder is None:
            findings.add(
                "source-not-found",
                f"'{merged.name}' takes its code from '{value}', which is no folder beside the spec",
                merged.option_path((option,)),
                hint=f"looked in {base}",
            )
        elif not inside:
            findings.add(
                "source-outside",
                f"'{merged.name}' takes its code from '{value}', which is outside of {findings.project}",
                merged.option_path((option,)),
                hint="a source is a relative path inside the repository: the folder with `.git` or "
                "`stackgen.toml`, else the spec's own",
            )
        else:
            found[option] = folder
            _require_file(folder / REQUIREMENTS, findings, merged.option_path((option,)))
    return found


def _require_file(file: FilePath, findings: Findings, path: tuple[str | int, ...]) -> None:
    """What the program will read of a source is a file of the checkout, where it is there."""
    try:
        if os.path.lexists(file):
            checkout.require_file(file, findings.loaded.path.parent)
    except StackgenError as error:
        for problem in error.problems:
            findings.add(problem.code, problem.message, path, hint=problem.hint)
    except OSError:
        return  # what reads it says so


def _check(
    name: str,
    merged: Merged,
    refers: Refers,
    path: tuple[str | int, ...],
    all_merged: Mapping[str, Merged],
    findings: Findings,
) -> None:
    def fitting() -> list[str]:
        return [
            other
            for other, its in all_merged.items()
            if other != merged.name and _fits(its.capability, refers, findings)
        ]

    if name not in all_merged:
        findings.add(
            "unknown-reference",
            f"'{merged.name}' refers to '{name}', and there is no such component",
            path,
            hint=did_you_mean(name, list(all_merged)),
            allowed=fitting(),
        )
    elif name != merged.name and not _fits(all_merged[name].capability, refers, findings):
        findings.add(
            "wrong-reference",
            f"'{merged.name}' refers to '{name}', which is a {all_merged[name].capability}; "
            f"expected {' or '.join(refers.capabilities) or 'a component with bindings'}",
            path,
            allowed=fitting(),
        )


def _fits(capability: str, refers: Refers, findings: Findings) -> bool:
    """True if an option may name a component of this capability; an order of creation may name any."""
    if refers is ORDER_ONLY or capability not in findings.shelf.capability_names:
        return True
    has_bindings = bool(findings.shelf.capability(capability).contracts)
    return has_bindings and (not refers.capabilities or capability in refers.capabilities)


@cache
def _annotated(options: type[CapabilityOptions], kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    fields = options.model_fields.items()
    return tuple((name, mark) for name, info in fields for mark in info.metadata if isinstance(mark, kind))


def _users(name: str, users: Mapping[str, list[str]]) -> set[str]:
    """The component itself, and all that directly or not use it."""
    seen, open_ = {name}, [name]
    while open_:
        for user in users.get(open_.pop(), ()):
            if user not in seen:
                seen.add(user)
                open_.append(user)
    return seen
