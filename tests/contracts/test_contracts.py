"""Contracts: found by name, bindings projected the same way everywhere."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stackgen.contracts import contract, contract_names
from stackgen.contracts.projection import environment_variables

pytestmark = pytest.mark.unit
PROGRAM = Path(__file__).parents[2] / "src/stackgen/providers/shared/program"


def test_every_contract_has_clauses_for_its_network_path() -> None:
    for name in set(contract_names()) - {"http", "openmetrics"}:
        names = [clause.name for clause in contract(name).clauses]
        assert len(names) == len(set(names))
        assert {"auth-required", "wrong-credentials-refused", "tls"} <= set(names), name


def test_consumers_get_prefixed_names_and_plain_ones_where_they_are_unique() -> None:
    store = {
        "endpoint": "http://h:1",
        "access-key-id": "a",
        "secret-access-key": "s",
        "region": "r",
        "bucket": "b",
    }
    one = environment_variables({"documents": {"s3": store}})
    assert one["DOCUMENTS_S3_BUCKET"] == one["S3_BUCKET"] == "b"
    two = environment_variables({"documents": {"s3": store}, "old-files": {"s3": {**store, "bucket": "c"}}})
    assert "S3_BUCKET" not in two
    assert two["OLD_FILES_S3_BUCKET"] == "c"


def test_a_secret_is_masked_when_shown() -> None:
    binding = contract("openai-chat").binding.model_validate(
        {"base-url": "http://h:1/v1", "api-key": "hush", "model": "chat"}
    )
    assert "hush" not in str(binding)
    assert binding.masked()["api-key"] == "**********"
    assert binding.environment()["OPENAI_API_KEY"] == "hush"


def test_generated_programs_project_bindings_exactly_as_we_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from binding_variables import ALSO, PREFIXED_ONLY, VARIABLES

    for name in set(contract_names()) - {"openmetrics"}:
        kind = contract(name).binding
        ours = {
            field.replace("_", "-"): variable
            for field, variable in kind.variables.items()
            if field != "url" or name != "pgvector"
        }
        assert VARIABLES[name] == ours, name
        assert (name in PREFIXED_ONLY) == (not kind.plain_names)
    also = {name: others for each in contract_names() for name, others in contract(each).binding.also.items()}
    assert {name: (other,) for name, other in ALSO.items()} == also
    sys.modules.pop("binding_variables", None)
