"""Entering a stranger's checkout runs nothing of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.catalog.test_shelf import throw_away
from tests.conftest import Cli

pytestmark = pytest.mark.unit
COMMANDS = (
    ["check", "stack.yaml"],
    ["plan", "stack.yaml"],
    ["generate", "stack.yaml"],
    ["diff", "stack.yaml", "--files"],
    ["up", "stack.yaml", "--yes"],
    ["catalog", "list"],
    ["schema"],
)


def checkout(folder: Path) -> Path:
    """A repository whose catalog leaves a mark as soon as it is loaded."""
    shelf, _ = throw_away(folder)
    (folder / "stackgen.toml").write_text('catalogs = ["shelf"]\n')
    mark = folder / "ran"
    for module in shelf.rglob("*.py"):
        module.write_text(f"__import__('pathlib').Path({str(mark)!r}).touch()\n" + module.read_text())
    return mark


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_catalog_runs_only_when_its_user_said_so(cli: Cli, command: list[str]) -> None:
    mark = checkout(cli.folder)
    said = cli(*command, code=3).stderr
    assert "catalog-not-trusted" in said
    assert f"next: stackgen catalog trust {cli.folder / 'shelf'}" in said
    assert not mark.exists()


def test_trust_is_given_and_taken_back(cli: Cli) -> None:
    mark = checkout(cli.folder)
    cli("catalog", "trust", "shelf")
    assert "already" in cli("catalog", "trust", "shelf").stdout
    cli("check", "stack.yaml")
    assert mark.exists()
    kept = Path(cli.environment["STACKGEN_CONFIG_HOME"], "trusted-catalogs")
    assert kept.stat().st_mode & 0o077 == 0
    cli("catalog", "distrust", "shelf")
    cli("check", "stack.yaml", code=3)


def test_trust_by_the_environment_names_whole_paths(cli: Cli) -> None:
    checkout(cli.folder)
    for value in ("shelf", ".", "", f"{cli.folder}/shelf-of-another", f"{cli.folder}/shelf/../other"):
        cli.environment["STACKGEN_TRUSTED_CATALOGS"] = value
        cli("check", "stack.yaml", code=3)
    cli.environment["STACKGEN_TRUSTED_CATALOGS"] = f"/nowhere{os.pathsep}{cli.folder}"
    cli("check", "stack.yaml")


def test_trust_of_a_name_is_not_trust_of_what_it_links_to(cli: Cli) -> None:
    checkout(cli.folder)
    cli("catalog", "trust", "shelf")
    (cli.folder / "shelf").rename(cli.folder / "other")
    (cli.folder / "shelf").symlink_to("other")
    cli("check", "stack.yaml", code=3)


@pytest.mark.parametrize(
    "text",
    [
        "catalogs = 'shelf'",
        "catalogs = [1]",
        "catalogs = {a = 1}",
        'catalogs = ["\\u0000"]',
        "catalogs = [",
        'catalogs = [""]',
        "a = " + "[" * 3000,
    ],
)
def test_a_wrong_configuration_is_said(cli: Cli, text: str) -> None:
    throw_away(cli.folder)
    (cli.folder / "stackgen.toml").write_text(text)
    said = cli("check", "stack.yaml", code=2).stderr
    assert "invalid-configuration" in said
    assert "stackgen.toml:1:1" in said


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\nstackgen = 3", "[tool.other]\na = 1"])
def test_somebody_elses_configuration_is_none(cli: Cli, text: str) -> None:
    throw_away(cli.folder)
    (cli.folder / "pyproject.toml").write_text(text)
    assert "unknown-implementation" in cli("check", "stack.yaml", code=2).stderr
