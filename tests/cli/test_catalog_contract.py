"""`stackgen catalog contract`: what an author has to provide, and how it is measured."""

from __future__ import annotations

import json

import pytest

from stackgen.authoring.contract_description import DECLARED, PROBED, describe_contract
from stackgen.catalog.shelf import Shelf
from stackgen.contracts import contract, contract_names
from tests.conftest import Cli

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", contract_names())
def test_every_key_and_clause_of_a_contract_is_explained(name: str) -> None:
    content, about = describe_contract(name, Shelf()), contract(name)
    assert [item["clause"] for item in content["clauses"]] == [clause.name for clause in about.clauses]
    assert all(item["sentence"].endswith(".") for item in content["clauses"])
    assert all(key["description"].endswith(".") for key in content["binding"])
    names = {name for names in about.binding.also.values() for name in names}
    assert set(content["variables"]) == {*about.binding.variables.values(), *about.binding.composed, *names}
    assert content["mover"] is None or about.holds


def test_a_contract_is_shown_for_people(cli: Cli) -> None:
    text = cli("catalog", "contract", "pgvector").stdout
    assert text.startswith("pgvector/1: spoken by vector_store\n")
    assert "  password    secret text   required         Its password.\n" in text
    assert "  DATABASE_URL  from the keys together\n" in text
    assert f"  cosine-search                {PROBED}  Nearest rows by cosine distance.\n" in text
    assert "mover: pg_dump for the schema" in text
    assert "  WITHOUT_BACKUP          without backup\n" in text
    assert "  FULL                    every clause\n" in text
    assert "mover: none; a swap leaves traces behind" in cli("catalog", "contract", "otlp").stdout
    assert "KNOWLEDGE_URL" in cli("catalog", "contract", "http").stdout


def test_contracts_are_listed(cli: Cli) -> None:
    lines = cli("catalog", "contract").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(contract_names())


def test_a_contract_is_plain_data_too(cli: Cli) -> None:
    content = json.loads(cli("catalog", "contract", "s3", "--json").stdout)["result"]
    assert content["capabilities"] == ["object_store"]
    assert content["variables"]["AWS_DEFAULT_REGION"] == "region"
    assert content["binding"][0] == {
        "key": "endpoint",
        "type": "text",
        "required": True,
        "default": None,
        "description": "URL of the service.",
    }
    assert {item["enforced"] for item in content["clauses"]} <= {
        PROBED,
        DECLARED,
        "measured where clients connect",
    }


def test_an_unknown_contract_is_named_with_the_nearest(cli: Cli) -> None:
    said = cli("catalog", "contract", "pgvectr", code=6).stderr
    assert said.startswith("error[unknown-contract]: there is no contract 'pgvectr'")
    assert "did you mean 'pgvector'?" in said
