"""Target of a swap: an implementation by name, or a provider's default one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

if TYPE_CHECKING:
    from stackgen.catalog.shelf import Entry, Shelf


def find_target(shelf: Shelf, capability: str, to: str) -> Entry:
    """The entry that `to` means: `<provider>/<name>`, or a provider for its default.

    Raises StackgenError(unknown-implementation).
    """
    offered = shelf.implementations[capability]
    entry = offered.get(to) or (shelf.default(capability, to) if to in shelf.provider_folders else None)
    if entry is None:
        known = sorted({*offered, *(item.provider for item in offered.values())})
        message = f"'{to}' is no implementation of {capability}, and no provider that has a default one"
        problem = Problem(
            "unknown-implementation",
            message,
            None,
            did_you_mean(to, known),
            tuple(known),
            f"stackgen catalog list --capability {capability}",
        )
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    return entry


def parse_changes(given: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` and `settings.NAME=VALUE` as what a spec would hold; values are read as YAML 1.2.

    Raises StackgenError(usage).
    """
    from stackgen.spec.yaml_reader import read_yaml

    found: dict[str, Any] = {}
    for item in given:
        key, equals, text = item.partition("=")
        parts = key.split(".")
        if not equals or not all(parts) or len(parts) > 2 or (len(parts) == 2 and parts[0] != "settings"):
            message = f"'{item}' is neither KEY=VALUE nor settings.NAME=VALUE"
            raise StackgenError(Problem("usage", message))
        value, _ = read_yaml(text.encode(), f"--set {key}")
        place: dict[str, Any] = found.setdefault("settings", {}) if len(parts) == 2 else found
        place[parts[-1]] = value
    return found
