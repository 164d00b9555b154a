"""Contracts: found by name, bindings projected the same way everywhere."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from stackgen.contracts import Binding, contract, contract_names
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
    assert binding.mask_secrets()["api-key"] == "**********"
    assert binding.environment()["OPENAI_API_KEY"] == "hush"


def example(name: str) -> Binding:
    """A binding with a value in every field; secrets have signs that an address must encode."""
    kind = contract(name).binding
    values: dict[str, Any] = {}
    for field, info in kind.model_fields.items():
        kinds = {"int": 5432, "bool": True}
        given = next((value for word, value in kinds.items() if word in str(info.annotation)), None)
        values[field] = f"{field}'s @value/" if given is None else given
    return kind.model_validate(values)


@pytest.mark.parametrize("name", contract_names())
def test_no_secret_is_in_masked_variables(name: str) -> None:
    binding = example(name)
    for field in binding.secret_fields():
        secret = getattr(binding, field).get_secret_value()
        shown = "\n".join([*binding.environment(masked=True).values(), *binding.mask_secrets().values()])
        assert secret not in shown and quote(secret, safe="") not in shown
    assert binding.secret_variables() <= binding.environment().keys()


@pytest.mark.parametrize("name", contract_names())
def test_generated_programs_project_bindings_exactly_as_we_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))

    from binding_variables import environment, split

    binding = example(name)
    plain = {key: getattr(binding, key) for key in type(binding).model_fields}
    clear = {
        key.replace("_", "-"): value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in plain.items()
    }

    async def projected() -> tuple[dict[str, str], set[str]]:
        made = environment({"the-one": {name: clear}})
        values = {variable: str(await output.future()) for variable, output in made.items()}
        return values, {item for item in split(made)[1] if item.startswith("THE_ONE_")}

    values, secret = asyncio.run(projected())
    assert values == environment_variables({"the-one": {name: clear}})
    assert secret == {f"THE_ONE_{variable}" for variable in binding.secret_variables()}
    for module in ("binding_variables", "contract_variables"):
        sys.modules.pop(module, None)
