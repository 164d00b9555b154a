"""Edits of a spec by a swap: the environment's part about one component, before and after each edit."""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import count
from typing import Any

from stackgen.spec.stack import Stack

Override = dict[str, Any]


def current_override(stack: Stack, environment: str, component: str) -> Override:
    """The environment's part about the component as it is written; {} if there is none."""
    found = stack.environments[environment].components.get(component)
    return found.model_dump(exclude_unset=True, mode="json") if found is not None else {}


def add_second_box(
    stack: Stack,
    environment: str,
    component: str,
    *,
    before: str,
    to: str,
    changes: Mapping[str, Any],
    taken: Container[int] = (),
) -> Override:
    """Add a second box of implementation `to`, with the next number that is not `taken`.

    It gets what differs in the environment, and `changes` over it; settings go along only where the implementation
    stays `before`'s.
    """
    override = current_override(stack, environment, component)
    own = {k: v for k, v in override.items() if k not in ("implementation", "box", "settings", "beside")}
    settings = dict(changes.get("settings", {}))
    if to == before:
        base = stack.components[component].settings if override.get("box", 1) == 1 else {}
        settings = {**base, **override.get("settings", {}), **settings}
    number = next(number for number in count(override.get("box", 1) + 1) if number not in taken)
    box = {"implementation": to, "box": number, **own, **changes}
    return {**override, "beside": _with_settings(box, settings)}


def exchange_boxes(override: Override) -> Override:
    """Let the second box serve, and make the serving one the second."""
    served = {key: value for key, value in override.items() if key != "beside"}
    return {**override["beside"], "beside": served}


def with_port(box: Override, port: int | None) -> Override:
    """Set the port in the settings; None removes it."""
    settings = {key: value for key, value in box.get("settings", {}).items() if key != "port"}
    return _with_settings(box, settings if port is None else {**settings, "port": port})


def remove_second_box(override: Override) -> Override:
    """Remove the second box."""
    return {key: value for key, value in override.items() if key != "beside"}


def _with_settings(box: Override, settings: Mapping[str, Any]) -> Override:
    """With these settings in place of its own; without the word where there are none."""
    others = {key: value for key, value in box.items() if key != "settings"}
    return {**others, "settings": dict(settings)} if settings else others
