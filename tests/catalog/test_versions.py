"""Images and versions stand in one dated table; a program's own modules agree with it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from stackgen.providers import versions
from stackgen.providers.versions import Release

pytestmark = pytest.mark.unit
SOURCE = Path(__file__).parents[2] / "src" / "stackgen"
TABLE = Path(versions.__file__)
RELEASES = {name: row for name, row in vars(versions).items() if isinstance(row, Release)}
IMAGE = re.compile(
    r"\b(?:[a-z0-9-]+\.)+(?:io|aws|com|dev)/[\w./-]+:[a-z0-9][\w.-]*(?:\W+sha256:[0-9a-f]{64})?"
)
# Modules that are copied into programs, where nothing of stackgen can be imported.
OF_PROGRAMS = re.compile(r"providers/\w+/program/|component\.py$")


def images(text: str) -> list[str]:
    """Addresses of images in a source, those written in two parts as one."""
    return [re.sub(r'"\s*"', "", match.group()) for match in IMAGE.finditer(text)]


def stated() -> list[tuple[str, str]]:
    """Module and image, for each image that a module other than the table names."""
    paths = [
        path for path in SOURCE.rglob("*") if path.suffix in (".py", ".jinja") or path.name == "Dockerfile"
    ]
    return [
        (path.relative_to(SOURCE).as_posix(), image)
        for path in sorted(paths)
        if path != TABLE
        for image in images(path.read_text(encoding="utf-8"))
    ]


def test_only_modules_of_programs_name_an_image() -> None:
    assert [f"{module}: {image}" for module, image in stated() if not OF_PROGRAMS.search(module)] == []


def test_modules_of_programs_name_images_of_the_table_once_each() -> None:
    known = {row.use for row in RELEASES.values()}
    named = [image for _, image in stated()]
    assert [f"{module}: {image}" for module, image in stated() if image not in known] == []
    assert sorted(named) == sorted(set(named))
    assert len(named) >= 5  # the pattern sees them


def test_every_row_is_used_dated_and_has_a_page() -> None:
    sources = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py") if path != TABLE]
    named = {image for _, image in stated()}
    for name, row in RELEASES.items():
        assert row.use in named or any(f"{name}.use" in text for text in sources), name
        assert date(2026, 11, 1) <= row.since <= date.today(), name
        assert row.releases.startswith("https://"), name
    assert list(RELEASES) == sorted(RELEASES)


def test_an_image_in_two_parts_is_one() -> None:
    digest = "0" * 64
    text = f'x = (\n    "docker.io/a/b:v1.2-x"\n    "@sha256:{digest}"\n)\ny = "ghcr.io/c/d:e"'
    assert images(text) == [f"docker.io/a/b:v1.2-x@sha256:{digest}", "ghcr.io/c/d:e"]
