"""A contract's profiles have its clauses, and implementations name profiles instead of listing clauses."""

from __future__ import annotations

import ast

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.contracts import contract, contract_names, profiles_of
from stackgen.contracts.profile import without

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", contract_names())
def test_profiles_have_clauses_of_the_contract_in_its_order(name: str) -> None:
    clauses = tuple(clause.name for clause in contract(name).clauses)
    sets = profiles_of(name)
    assert sets["FULL"] == clauses
    for profile in sets.values():
        assert profile == tuple(clause for clause in clauses if clause in profile)
    assert len({*sets.values()}) == len(sets)  # no set has two names


def test_no_implementation_lists_clauses() -> None:
    names = {clause.name for name in contract_names() for clause in contract(name).clauses}
    listed: list[str] = []
    for entries in Shelf().implementations.values():
        for entry in entries.values():
            tree = ast.parse((entry.folder / "implementation.py").read_text(encoding="utf-8"))
            listed += [
                f"{entry.capability}/{entry.id}:{node.lineno}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Tuple | ast.List)
                and any(isinstance(item, ast.Constant) and item.value in names for item in node.elts)
            ]
    assert listed == []


def test_every_clause_of_a_profile_is_kept_or_has_a_reason() -> None:
    """So a profile that is too small shows: the catalog's own promise names every clause of a contract."""
    for entries in Shelf().implementations.values():
        for entry in entries.values():
            stated = entry.implementation
            for name, kept in stated.kept.items():
                clauses = {clause.name for clause in contract(name).clauses}
                assert {*kept} | {*stated.not_kept.get(name, {})} == clauses, f"{entry.id} {name}"
                assert not {*kept} & {*stated.not_kept.get(name, {})}, f"{entry.id} {name}"


def test_only_a_clause_of_the_profile_can_be_taken_out() -> None:
    assert without(("a", "b", "c"), "b") == ("a", "c")
    with pytest.raises(ValueError, match=r"not in the profile: x; it has a, b"):
        without(("a", "b"), "a", "x")
