"""The sample assistant, unmodified, on combinations of what runs here: only its bindings change."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackgen.catalog.shelf import Shelf
from tests.conftest import ROOT, Cli
from tests.local.covering import Row, every, pairs, pairwise
from tests.local.test_ecosystem import post

STACK = ("rag-assistant", "-e", "dev")
QUESTIONS = yaml.safe_load((ROOT / "tests" / "local" / "questions.yaml").read_text())
GRAVE = {"amount": 40000, "days_since_start": 10, "earlier_claims": 5, "injured": 1}
SMALL = {"amount": 200, "days_since_start": 900, "earlier_claims": 0, "injured": 0}
OWN = ("service", "job")  # the application itself
STORED_IN = {"registry": "documents"}  # what one box keeps in another is not in yet another


def choices() -> dict[str, list[str]]:
    """Component of the sample → implementations that run here, the provider's default first."""
    spec = yaml.safe_load((ROOT / "blueprints" / "rag-assistant" / "stack.yaml").read_text())
    shelf, found = Shelf(), dict[str, list[str]]()
    for name, component in spec["components"].items():
        if component["capability"] in OWN:
            continue
        entries = shelf.implementations[component["capability"]].values()
        local = [entry for entry in entries if entry.provider == "local"]
        local.sort(key=lambda entry: not entry.implementation.default)
        found[name] = [entry.id for entry in local]
    return found


@pytest.mark.unit
def test_every_pair_meets_in_fewer_rows() -> None:
    given = {"a": ["1", "2"], "b": ["1", "2", "3"], "c": ["1", "2"], "d": ["1"]}
    rows = pairwise(given)
    assert rows[0] == {"a": "1", "b": "1", "c": "1", "d": "1"}
    assert {pair for row in rows for pair in pairs(row)} == {
        pair for row in every(given) for pair in pairs(row)
    }
    assert len(rows) == 6


@pytest.fixture(scope="module")
def sample(open_folder: Path) -> Iterator[Cli]:
    folder = open_folder / "combined"
    shutil.copytree(ROOT / "blueprints" / "rag-assistant", folder / "stacks" / "rag-assistant")
    cli = Cli(folder, folder / "data")
    yield cli
    cli("down", *STACK, "--delete-data", "--yes")
    assert not (folder / "data" / "stacks").exists(), "files are left"


def choose(cli: Cli, row: Row) -> None:
    """Write the row into the spec; each implementation is a box of its own, with its own data."""
    path = cli.folder / "stacks" / "rag-assistant" / "stack.yaml"
    spec = yaml.safe_load(path.read_text())
    components = spec["environments"]["dev"].setdefault("components", {})
    for name, implementation in row.items():
        settings = {"settings": {"weights": "stand-in"}} if name == "chat" else {}
        components[name] = {**settings, "implementation": implementation, "box": box(row, name)}
    path.write_text(yaml.safe_dump(spec, sort_keys=False))


def box(row: Row, name: str) -> int:
    """The number of a component's box in a row: as often the same as its data can be."""
    found = choices()
    number = found[name].index(row[name]) + 1
    below = STORED_IN.get(name)
    return number if below is None else number + len(found[name]) * found[below].index(row[below])


def passes(cli: Cli) -> None:
    """Every clause as declared, every question answered from the right document, both claims told apart."""
    done = cli("verify", *STACK, "--json")
    assert set(json.loads(done.stdout)["result"]["counts"]) <= {"kept", "not-kept"}
    bindings: dict[str, Any] = json.loads(cli("bindings", *STACK, "--json").stdout)["result"]
    url = bindings["assistant"]["http"]["url"]
    for question in QUESTIONS:
        found = post(f"{url}/ask", {"question": question["question"]})
        assert found["citations"][0]["source"] == question["source"], question
        assert "stand-in model" in found["answer"]
    assert post(f"{url}/triage", GRAVE)["triage"] == "urgent"
    assert post(f"{url}/triage", SMALL)["triage"] == "normal"


def run(cli: Cli, rows: list[Row]) -> None:
    before: Row = {}
    for number, row in enumerate(rows, start=1):
        start = time.monotonic()
        choose(cli, row)
        cli("up", *STACK, "--yes")
        passes(cli)
        new = ", ".join(value for name, value in row.items() if before.get(name) != value)
        print(f"row {number} of {len(rows)}: {time.monotonic() - start:.0f} s ({new})")
        before = row


@pytest.mark.local
@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_the_sample_passes_wherever_two_choices_meet(sample: Cli) -> None:
    run(sample, pairwise(choices()))


@pytest.mark.local
@pytest.mark.nightly
@pytest.mark.timeout(0)  # hours: each row takes a minute or two
def test_the_sample_passes_on_every_combination(sample: Cli) -> None:
    run(sample, every(choices()))
