"""No component can be called so that it shares an object with another: `parts` says what is taken, and all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.planning.names import ROLES_SUFFIX
from tests.catalog.identities import (
    PROVIDERS,
    Everything,
    everything,
    taken,
    taken_by_foundation,
    taken_in_front,
)
from tests.clouds.recording import ROOT

SHELF = Shelf()
MANY = 4
"""Capabilities of those that can't have a name, from which on none can have it: it is simpler to say."""
NAMED = re.compile(r'f"\{[^}"]*\}(-[a-z0-9.-]+[a-z0-9])"')
"""How programs write the name of a part."""
ELSEWHERE = {"-caller", "-place"}  # made for callers on another cloud; what is read, not made


@pytest.mark.programs
@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_component_can_have_a_name_that_is_anothers_too(provider: str, tmp_path: Path) -> None:
    """Rendered and recorded, so what a new resource would share with another component's is seen."""
    made = everything(provider, tmp_path)
    _parts_are_stated(provider, made)
    _nothing_has_a_word_in_front(made)
    _foundations_parts_are_stated(made)
    _what_programs_can_name_was_made(provider, made)


@pytest.mark.unit
def test_every_provider_and_implementation_is_looked_at() -> None:
    assert set(PROVIDERS) == set(SHELF.provider_folders)


def _parts_are_stated(provider: str, made: Everything) -> None:
    capabilities = {item.name: item.capability for item in made.plan.components}
    needed: dict[str, dict[str, set[str]]] = {}
    for item in made.plan.components:
        parts = needed.setdefault(f"{item.capability} {item.entry.id}", {})
        for part, others in taken(made, item.name).items():
            if part != ROLES_SUFFIX.removeprefix("-"):  # which no component of any provider can have
                parts.setdefault(part, set()).update(capabilities[other] for other in others)
    stated = {
        f"{entry.capability} {entry.id}": entry.implementation.parts
        for offered in SHELF.implementations.values()
        for entry in offered.values()
        if entry.provider == provider and entry.capability != "foundation"
    }
    assert {name: parts.keys() for name, parts in needed.items()} == {
        name: parts.keys() for name, parts in stated.items()
    }
    for name, parts in needed.items():
        for part, others in parts.items():
            few = tuple(sorted(others)) if len(others) < MANY else ()
            assert stated[name][part] == few, f"{name}: {part}"


def _nothing_has_a_word_in_front(made: Everything) -> None:
    """`parts` has words for what follows a name, and for nothing else."""
    assert {name: front for name in made.components if (front := taken_in_front(made, name))} == {}


def _foundations_parts_are_stated(made: Everything) -> None:
    (foundation,) = made.plan.foundations
    place = str(getattr(foundation.settings, "region", None))
    assert {name for name in taken_by_foundation(made) if place not in name} == set(
        foundation.entry.implementation.parts
    )


def _what_programs_can_name_was_made(provider: str, made: Everything) -> None:
    """A resource that a setting makes and that tests/catalog/everything/ does not ask for would not be looked at."""
    source = ROOT / "src" / "stackgen"
    files = [*(source / "providers" / provider / "program").rglob("*.py")]
    files += (source / "catalog").glob(f"*/{provider}_*/component.py")
    files += (source / "providers" / provider).glob("foundation/*/component.py")
    ends = {end for file in files for end in NAMED.findall(file.read_text(encoding="utf-8"))}
    assert {end for end in ends - ELSEWHERE if end not in made.recorded} == set()
