"""`stackgen catalog check` as an author of a catalog meets it."""

from __future__ import annotations

import pytest

from tests.catalog.test_malformed import IMPLEMENTATION, shelf
from tests.conftest import Cli

pytestmark = pytest.mark.unit


def test_the_command_line_says_it_once_and_with_a_command(cli: Cli) -> None:
    shelf(cli.folder, IMPLEMENTATION, '"multipart"', '"multi-part"')
    (cli.folder / "stackgen.toml").write_text('catalogs = ["shelf"]\n')
    said = cli("catalog", "check", code=3).stderr
    assert said.startswith("error[catalog-not-trusted]")
    assert "next: stackgen catalog trust " in said
    assert cli("catalog", "check", "shelf", code=3).stderr.startswith("error[catalog-not-trusted]")
    cli("catalog", "trust", "shelf")
    for command in (["catalog", "check"], ["catalog", "check", "shelf"], ["check", "stack.yaml"]):
        said = cli(*command, code=2).stderr
        assert said.count("error[unknown-clause]: `kept` names 'multi-part'") == 1
        assert "shelf/object_store/local_folder/implementation.py:26:13" in said
        assert "did you mean 'multipart'?" in said
        assert "next: stackgen catalog contract s3" in said
    for command in (["generate", "stack.yaml"], ["plan", "stack.yaml"], ["up", "stack.yaml", "--yes"]):
        assert cli(*command, code=2).stderr.startswith("error[unknown-clause]")


def test_the_command_line_says_what_is_right(cli: Cli) -> None:
    shelf(cli.folder)
    assert cli("catalog", "check", code=6).stderr.startswith("error[catalog-not-found]")
    assert cli("catalog", "check", "nowhere", code=6).stderr.startswith("error[catalog-not-found]")
    cli("catalog", "trust", "shelf")
    assert cli("catalog", "check", "shelf").stdout == "shelf is right: 1 implementation\n"
    said = cli("catalog", "check", "shelf/object_store/local_folder", code=2).stderr
    assert f"next: stackgen catalog check {cli.folder / 'shelf'}" in said
