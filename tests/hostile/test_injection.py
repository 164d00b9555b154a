"""No string of a spec means anything but itself: in any field, in any file of a program, on any terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.plan import check_stack
from stackgen.printable import printable
from stackgen.program import modules
from stackgen.program.build import build_program
from stackgen.spec.loading import LoadedStack, validate_spec
from tests.hostile.fields import Field, fields, folder_for_sources
from tests.hostile.meaning import meaning, strings
from tests.hostile.payloads import PAYLOADS

SHELF = Shelf()
FIELDS = list(fields(SHELF))
EVERY = 1 if os.environ.get("HOSTILE_WHOLE") else 6  # in CI each field gets every sixth, another sixth each
IDENTIFIERS = {
    "name",
    "environment name",
    "component name",
}  # slugs; what they may be is tested by themselves
NOBODYS = "\0"  # no key of a document: for strings that are called like one of a document's own keys
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_for_sources(tmp_path_factory.mktemp("spec"))


@pytest.fixture(autouse=True)
def quick_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is copied off the shelf byte for byte need not be read again for every string."""
    real = modules.read_module_files
    monkeypatch.setattr(modules, "read_module_files", cache(lambda folder: tuple(real(folder))))


def generated(field: Field, value: str, root: Path) -> Iterator[dict[str, bytes]]:
    """The programs of a spec with the value in that field; raises StackgenError."""
    loaded = LoadedStack(validate_spec(field.spec(value)), root / "stack.yaml", "0" * 64)
    for environment, plan in check_stack(loaded, SHELF).items():
        yield build_program(plan, root / environment).files


def refused_properly(error: StackgenError) -> None:
    text = printable(error.render())
    assert not OBEYED.search(text)
    assert len(re.findall(r"^\S", text, re.MULTILINE)) == len(error.problems)


@pytest.mark.sweep
@pytest.mark.parametrize("number", range(len(FIELDS)), ids=lambda number: FIELDS[number].label)
def test_a_string_means_nothing_but_itself(number: int, root: Path) -> None:
    field = FIELDS[number]
    known: list[dict[str, bytes]] | None = None
    meant: list[dict[str, object]] = []
    for value in ("x", "main", "a", *PAYLOADS[number % EVERY :: EVERY]):
        try:
            found = list(generated(field, value, root))
        except StackgenError as error:
            refused_properly(error)
            continue
        if not value.strip() or field.label in IDENTIFIERS:  # blanks say nothing: a paragraph of them is none
            continue
        if known is None:
            known, meant = found, [meaning(files, value) for files in found]
            continue
        for before, after, was in zip(known, found, meant, strict=True):
            assert before.keys() == after.keys()
            changed = {path: data for path, data in after.items() if before[path] != data}
            expected = {path: was[path] for path in changed}
            assert expected in (meaning(changed, value), meaning(changed, NOBODYS)), value
            if "source" not in field.label and "__main__.py" in changed:
                new = strings(after["__main__.py"]) - strings(before["__main__.py"])
                assert all(value in text for text in new), value


@pytest.mark.unit
def test_there_are_enough_of_both() -> None:
    assert len(PAYLOADS) >= 300
    assert len(FIELDS) >= 200
    assert len({field.label for field in FIELDS}) == len(FIELDS)
