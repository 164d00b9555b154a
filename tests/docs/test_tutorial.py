"""The tutorial, as a reader follows it: each command in its order, on real servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Cli
from tests.docs.pages import ROOT, Block, blocks, commands

PAGE = ROOT / "docs" / "tutorial.md"
SPEC = "stacks/claims/stack.yaml"
TIMES = re.compile(r"\d+\.\d s|\b\d{5}\b|[0-9a-f]{32}|\d\.\d\d\)")


def steps() -> list[Block]:
    return [block for block in blocks("console", "yaml") if block.page == PAGE]


@pytest.fixture
def reader(open_folder: Path) -> Iterator[Cli]:
    folder = open_folder / "tutorial"
    folder.mkdir()
    cli = Cli(folder, folder / "data")
    yield cli
    if (folder / SPEC).exists():
        cli("down", "claims", "-e", "dev", "--delete-data", "--yes", code=None)


def shown(block: Block) -> Iterator[tuple[list[str], list[str]]]:
    """Words of each command, and the lines that the page shows of its output; `...` stands for any text."""
    lines = block.text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for (_, words), start, end in zip(commands(block), starts, [*starts[1:], len(lines)], strict=True):
        yield words, lines[start + 1 : end]


def pattern(line: str) -> str:
    """What a line of output must match: numbers that differ on each machine may be others."""
    text = re.escape(TIMES.sub("\0", " ".join(line.split())))
    return text.replace(re.escape("..."), ".*").replace(re.escape("\0"), r"\S+(?: s)?")


def missing(lines: list[str], output: str) -> list[str]:
    """Lines of the page that the output lacks."""
    said = [" ".join(line.split()) for line in output.splitlines()]
    return [line for line in lines if not any(re.search(pattern(line), each) for each in said)]


@pytest.mark.local
@pytest.mark.nightly  # each command is tried by itself on every change; this holds the page against them
@pytest.mark.timeout(1800)
def test_the_tutorial_is_what_happens(reader: Cli) -> None:
    wrong: dict[str, list[str]] = {}
    for block in steps():
        if block.language == "yaml":
            _follow(reader.folder / SPEC, block.text)
            continue
        for words, lines in shown(block):
            done = reader(*words[1:])
            if lost := missing(lines, done.stdout + done.stderr):
                wrong[" ".join(words)] = lost
    assert wrong == {}


def _follow(spec: Path, fragment: str) -> None:
    """Edit as the page says, or find there what the page shows."""
    lines = fragment.splitlines(keepends=True)[1:]
    text = spec.read_text()
    if len(lines) == 1:
        last = "      chat: {settings: {weights: stand-in}}\n"
        assert text.count(last) == 1
        spec.write_text(text.replace(last, last + lines[0]))
    else:
        assert "".join(lines) in text


@pytest.mark.unit
def test_what_differs_on_each_machine_is_let_through_and_no_more() -> None:
    line = "claims is up in dev after 52.9 s: 87 create"
    assert not missing([line], "claims is up in dev after 41.0 s: 87 create")
    assert missing([line], "claims is up in dev after 41.0 s: 86 create")
    assert missing(["a ... c"], "a c d") == ["a ... c"]
    assert not missing(["a ... c"], "a b c")


@pytest.mark.unit
def test_every_command_of_the_tutorial_is_found() -> None:
    found = [words[1] for block in steps() if block.language == "console" for words, _ in shown(block)]
    assert found[:4] == ["new", "check", "plan", "up"]
    assert found.count("swap") == 3
    assert found[-1] == "down"
