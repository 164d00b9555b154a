"""An implementation is called mature only once a recorded run has measured it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.verification.maturity import UNPROVEN, latest_measurements, own_board, rate_maturity
from stackgen.verification.records import read_records
from tests.conftest import Cli

pytestmark = pytest.mark.unit
SHELF = Shelf()
ENTRIES = [
    entry
    for name, found in SHELF.implementations.items()
    if not SHELF.capability(name).internal
    for entry in found.values()
]


def test_what_no_run_has_measured_is_unproven_whatever_it_says_of_itself() -> None:
    latest = latest_measurements()
    recorded = {(key[0], key[1]) for key in latest}
    for entry in ENTRIES:
        declared = entry.implementation.maturity
        word = declared if (entry.capability, entry.id) in recorded else UNPROVEN
        assert rate_maturity(entry, latest) == word, entry.id
    assert {entry.provider for entry in ENTRIES if rate_maturity(entry, latest) != UNPROVEN} == {"local"}


def test_one_contract_without_a_record_or_one_clause_that_is_broken_is_enough_for_unproven() -> None:
    entry = SHELF.implementations["predictor"]["local/mlserver"]
    latest = dict(latest_measurements())
    assert rate_maturity(entry, latest) == entry.implementation.maturity
    key = ("predictor", "local/mlserver", "open-inference")
    broken: dict[str, Any] = json.loads(json.dumps(latest[key]))
    broken["clauses"][0]["status"] = "broken"
    assert rate_maturity(entry, {**latest, key: broken}) == UNPROVEN
    assert rate_maturity(entry, {name: item for name, item in latest.items() if name != key}) == UNPROVEN


def test_records_of_ones_own_count_beside_those_of_stackgen(tmp_path: Path) -> None:
    entry = SHELF.implementations["vector_store"]["aws/aurora-postgresql"]
    (model,) = [item for _, item in read_records(own_board()) if item["implementation"] == "local/postgresql"]
    own = tmp_path / "board" / "records" / "vector_store" / "aws-aurora-postgresql"
    own.mkdir(parents=True)
    content: dict[str, Any] = {**model, "implementation": entry.id}
    clauses: list[dict[str, Any]] = model["clauses"]
    content["clauses"] = [
        {**item, "status": "kept" if item["name"] in entry.implementation.kept["pgvector"] else "not-kept"}
        for item in clauses
    ]
    (own / "pgvector-2026-11-26.json").write_text(json.dumps(content))
    assert rate_maturity(entry, latest_measurements()) == UNPROVEN
    assert rate_maturity(entry, latest_measurements(tmp_path / "board")) == entry.implementation.maturity


def test_the_shelf_says_so_where_people_read_it(cli: Cli) -> None:
    rows = json.loads(cli("catalog", "list", "--json").stdout)["result"]
    said = {(row["capability"], row["implementation"].rstrip("*")): row["maturity"] for row in rows}
    assert said["vector_store", "aws/aurora-postgresql"] == "unproven"
    assert said["vector_store", "local/postgresql"] == "stable"
    text = cli("catalog", "show", "vector_store/aws/aurora-postgresql").stdout
    assert "maturity unproven: no recorded run has measured it" in text
    rows = json.loads(cli("catalog", "list", "--capability", "vector_store", "--needs", "--json").stdout)[
        "result"
    ]
    assert {row["implementation"]: row["maturity"] for row in rows}["gcp/alloydb"] == "unproven"
