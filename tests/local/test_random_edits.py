"""Random edits of a spec whose servers are real: no folder of data goes without the word that names it.

STACKGEN_EDITS and STACKGEN_EDITS_SEED say how many edits, and which; a failure prints them.
"""

from __future__ import annotations

import json
import os
import random
import time
from copy import deepcopy
from pathlib import Path

import pytest

from tests.conftest import Cli
from tests.engine.edits import Component, Spec, edit

pytestmark = [pytest.mark.local, pytest.mark.nightly, pytest.mark.timeout(4 * 3600)]
EDITS = int(os.environ.get("STACKGEN_EDITS", "100"))
SEED = int(os.environ.get("STACKGEN_EDITS_SEED", str(time.time_ns() % 1_000_000)))
STORES = {
    "vector_store": ("local/postgresql", "local/embedded-postgres"),
    "object_store": ("local/versitygw", "local/seaweedfs"),
}
REFUSED = (2, 5, 6)
MARK = "precious"


def test_no_data_goes_without_its_word(stack: Cli) -> None:
    chance, spec = random.Random(SEED), Spec()  # noqa: S311
    spec.components["alpha"] = Component("vector_store", "local/postgresql")
    outcomes: list[int] = []
    places = [str(stack.folder / "data" / name) for name in ("one", "two")]
    stack.environment["STACKGEN_DATA_DIRECTORIES"] = os.pathsep.join(places)
    for number in range(EDITS):
        before = deepcopy(spec)
        edit(spec, chance, STORES, places)
        words = chance.sample(_names(stack), min(len(_names(stack)), chance.choice([0, 0, 0, 1])))
        outcomes.append(_up(stack, spec, words, number))
        if outcomes[-1] in REFUSED and chance.random() < 0.7:
            spec = before  # put back
    assert outcomes.count(0) > EDITS // 4
    assert set(outcomes) & set(REFUSED), "an edit that would cost data was among them"
    (stack.folder / "stack.yaml").write_text(
        Spec({"alpha": Component("vector_store", "local/postgresql")}).text()
    )
    stack("down", "stack.yaml", "--delete-data", "--yes")


def _up(cli: Cli, spec: Spec, words: list[str], number: int) -> int:
    """One `up`; its exit code. What it may delete is what its words name."""
    before = _data(cli)
    (cli.folder / "stack.yaml").write_text(spec.text())
    given = [part for word in words for part in ("--delete-data-of", word)]
    done = cli("up", "stack.yaml", "--yes", *given, code=None)
    said = f"seed {SEED}, edit {number}, {words}\n{spec.text()}\n{done.stdout}\n{done.stderr}"
    assert done.returncode in (0, *REFUSED), said
    gone = {owner for folder, owner in before.items() if not (folder / MARK).exists()}
    assert gone <= (set() if done.returncode else set(words)), said
    for folder in _data(cli):
        (folder / MARK).touch()
    return done.returncode


def _data(cli: Cli) -> dict[Path, str]:
    """Folder → whose data it holds, of every folder that the engine's state knows of."""
    found: dict[Path, str] = {}
    for file in (cli.folder / "data" / "state").rglob("stacks/**/dev.json"):
        for resource in json.loads(file.read_text())["checkpoint"]["latest"].get("resources", []):
            if resource["type"].endswith(":DataDirectory"):
                found[Path(resource["outputs"]["path"])] = (
                    resource["urn"].split("::")[-1].removesuffix("-data")
                )
    return found


def _names(cli: Cli) -> list[str]:
    return sorted(set(_data(cli).values()))
