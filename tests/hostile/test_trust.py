"""Entering a stranger's checkout runs nothing of it."""

from __future__ import annotations

import json
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
    cli.environment["STACKGEN_TRUSTED_CATALOGS"] = f"{cli.folder}/shel"  # the beginning of its name
    cli("check", "stack.yaml", code=3)
    cli.environment["STACKGEN_TRUSTED_CATALOGS"] = f"/nowhere{os.pathsep}{cli.folder}"
    cli("check", "stack.yaml")


def test_trust_of_a_name_is_not_trust_of_what_it_links_to(cli: Cli) -> None:
    checkout(cli.folder)
    cli("catalog", "trust", "shelf")
    (cli.folder / "shelf").rename(cli.folder / "other")
    (cli.folder / "shelf").symlink_to("other")
    cli("check", "stack.yaml", code=3)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_changed_file_of_a_pinned_catalog_does_not_run(cli: Cli, command: list[str]) -> None:
    mark = checkout(cli.folder)
    cli("catalog", "trust", "--pin", "shelf")
    module = next((cli.folder / "shelf").rglob("implementation.py"))
    module.write_text(module.read_text() + "\n")
    said = cli(*command, code=3).stderr
    assert "catalog-changed" in said
    assert f"changed: {module.relative_to(cli.folder / 'shelf')}" in said
    assert f"next: stackgen catalog trust --pin {cli.folder / 'shelf'}" in said
    assert not mark.exists()


def test_a_pinned_catalog_runs_as_it_was_and_leaves_nothing_beside_it(cli: Cli) -> None:
    mark = checkout(cli.folder)
    cli("catalog", "trust", "--pin", "shelf")
    assert "already" in cli("catalog", "trust", "--pin", "shelf").stdout
    for _ in range(2):
        cli("check", "stack.yaml")
    assert mark.exists()
    kept = Path(cli.environment["STACKGEN_CONFIG_HOME"], "pinned-catalogs")
    assert kept.stat().st_mode & 0o077 == 0
    cli("catalog", "distrust", "shelf")
    assert "catalog-not-trusted" in cli("check", "stack.yaml", code=3).stderr


def test_new_missing_and_linked_files_of_a_pinned_catalog_are_told(cli: Cli) -> None:
    checkout(cli.folder)
    cli("catalog", "trust", "--pin", "shelf")
    extra, module = cli.folder / "shelf" / "extra.py", next((cli.folder / "shelf").rglob("component.py"))
    extra.write_text("")
    text = module.read_text()
    module.unlink()
    said = cli("check", "stack.yaml", code=3).stderr
    assert "new: extra.py" in said
    assert f"missing: {module.relative_to(cli.folder / 'shelf')}" in said
    extra.unlink()
    (cli.folder / "elsewhere.py").write_text(text)
    module.symlink_to(cli.folder / "elsewhere.py")
    assert "is a link" in cli("check", "stack.yaml", code=3).stderr
    assert "catalog-not-pinned" in cli("catalog", "trust", "--pin", "shelf", code=1).stderr


def test_trust_of_a_folder_above_does_not_lift_a_pin(cli: Cli) -> None:
    checkout(cli.folder)
    cli("catalog", "trust", ".")
    cli("catalog", "trust", "--pin", "shelf")
    (cli.folder / "shelf" / "extra.py").write_text("")
    assert "catalog-changed" in cli("check", "stack.yaml", code=3).stderr
    cli("catalog", "trust", "shelf")  # by path again: the pin is gone
    cli("check", "stack.yaml")


def test_the_environment_names_a_digest_too(cli: Cli) -> None:
    checkout(cli.folder)
    pinned = json.loads(cli("catalog", "trust", "--pin", "shelf", "--json").stdout)["result"]["environment"]
    cli("catalog", "distrust", "shelf")
    cli.environment["STACKGEN_TRUSTED_CATALOGS"] = pinned
    cli("check", "stack.yaml")
    (cli.folder / "shelf" / "extra.py").write_text("")
    assert "its digest is sha256:" in cli("check", "stack.yaml", code=3).stderr


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


def test_a_configuration_that_would_take_days_is_refused(cli: Cli) -> None:
    throw_away(cli.folder)
    (cli.folder / "stackgen.toml").write_text("a." * 100_000 + "a = 1\n")
    assert "has a line with thousands of dots" in cli("check", "stack.yaml", code=2).stderr
