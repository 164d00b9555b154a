"""Images and versions stand in one dated table; a program's own modules agree with it."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from stackgen.providers import versions
from stackgen.providers.versions import Release
from tools.audit import images

pytestmark = pytest.mark.unit
SOURCE = Path(__file__).parents[2] / "src" / "stackgen"
TABLE = Path(versions.__file__)
RELEASES = {name: row for name, row in vars(versions).items() if isinstance(row, Release)}
# Modules that are copied into programs, where nothing of stackgen can be imported.
OF_PROGRAMS = re.compile(r"providers/\w+/program/|component\.py$")


@cache
def stated() -> list[tuple[str, str]]:
    """Module and image, for each image that a module other than the table names."""
    folders = (SOURCE / "catalog", SOURCE / "providers")
    paths = [path for folder in folders for path in folder.rglob("*.py") if path != TABLE]
    modules = [(path, list(images.literals(path))) for path in paths]
    modules += [
        (path, images.IMAGE.findall(path.read_text(encoding="utf-8"))) for path in SOURCE.rglob("Dockerfile")
    ]
    return sorted((path.relative_to(SOURCE).as_posix(), image) for path, named in modules for image in named)


def test_only_modules_of_programs_name_an_image() -> None:
    assert [f"{module}: {image}" for module, image in stated() if not OF_PROGRAMS.search(module)] == []


def test_modules_of_programs_name_images_of_the_table_once_each() -> None:
    known = {row.use for row in RELEASES.values()}
    named = [image for _, image in stated()]
    assert [f"{module}: {image}" for module, image in stated() if image not in known] == []
    assert sorted(named) == sorted(set(named))
    assert len(named) >= 5


def test_every_row_is_used_dated_and_has_a_page() -> None:
    sources = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py") if path != TABLE]
    named = {image for _, image in stated()}
    for name, row in RELEASES.items():
        assert row.use in named or any(f"{name}.use" in text for text in sources), name
        assert date(2026, 11, 1) <= row.since <= date.today(), name
        assert row.releases.startswith("https://"), name
    assert list(RELEASES) == sorted(RELEASES)
