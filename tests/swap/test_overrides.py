"""What a swap writes into a spec: there and back again leaves what was there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackgen.errors import StackgenError
from stackgen.spec.loading import validate_spec
from stackgen.spec.stack import Stack
from stackgen.swap.journal import Journal, lock_journal, read_journal
from stackgen.swap.overrides import add_second_box, current_override, exchange_boxes
from stackgen.swap.overrides import remove_second_box as without
from stackgen.swap.target import parse_changes

pytestmark = pytest.mark.unit


def stack(override: dict[str, Any]) -> Stack:
    return validate_spec(
        {
            "apiVersion": "stackgen/v1",
            "name": "case",
            "components": {"store": {"capability": "vector_store", "settings": {"max_connections": 9}}},
            "environments": {"dev": {"provider": "local", "components": {"store": override}}},
        }
    )


def beside(override: dict[str, Any], to: str, **values: Any) -> dict[str, Any]:
    return add_second_box(stack(override), "dev", "store", before="local/postgresql", to=to, changes=values)


def test_another_implementation_starts_with_its_own_settings() -> None:
    found = beside({"size": "large", "settings": {"port": 5000}, "dimensions": 3}, "local/other")
    assert found["beside"] == {"implementation": "local/other", "box": 2, "size": "large", "dimensions": 3}
    assert found["settings"] == {"port": 5000}


def test_the_same_implementation_keeps_settings_and_takes_changes() -> None:
    found = beside(
        {"settings": {"version": "18"}}, "local/postgresql", settings={"version": "16"}, dimensions=4
    )
    assert found["beside"]["settings"] == {"max_connections": 9, "version": "16"}
    assert found["beside"]["dimensions"] == 4


def test_a_number_that_is_taken_is_not_given() -> None:
    found = add_second_box(
        stack({"box": 2, "implementation": "a/a"}),
        "dev",
        "store",
        before="a/a",
        to="a/a",
        changes={},
        taken={1, 3, 4, 6},
    )
    assert found["beside"]["box"] == 5


OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "size": st.sampled_from(["small", "large"]),
        "settings": st.dictionaries(st.sampled_from(["a", "b"]), st.integers()),
        "dimensions": st.integers(1, 99),
    },
)


@given(OVERRIDES, st.integers(1, 5))
def test_there_and_back_again(override: dict[str, Any], box: int) -> None:
    if box != 1:
        override = {**override, "box": box, "implementation": "local/postgresql"}
    both = beside(override, "local/other")
    assert without(exchange_boxes(exchange_boxes(both))) == override
    assert current_override(stack(exchange_boxes(both)), "dev", "store") == exchange_boxes(both)
    assert exchange_boxes(both)["box"] == box + 1


def test_what_set_takes() -> None:
    assert parse_changes(["model=bge-m3", "settings.version='16'", "settings.port=5000", "dimensions=3"]) == {
        "model": "bge-m3",
        "settings": {"version": "16", "port": 5000},
        "dimensions": 3,
    }
    for wrong in ("model", "=x", "a.b=1", "settings.a.b=1"):
        with pytest.raises(StackgenError):
            parse_changes([wrong])


def test_a_journal_reads_back_and_belongs_to_one_process(tmp_path: Path) -> None:
    path = tmp_path / "swaps" / "store.json"
    with lock_journal(path):
        journal = Journal(path, "swap", "store", 1, 2, wanted={"beside": {"box": 2}})
        journal.begin("beside")
        journal.finish("beside", "written", 0.12)
        journal.memory["s3"] = {"a": "b"}
        journal.begin("deploy")
        found = read_journal(path)
        assert found == journal
        assert path.stat().st_mode & 0o077 == 0
        with pytest.raises(StackgenError) as caught, lock_journal(path):
            pass
        assert caught.value.problems[0].code == "swap-running"
    path.write_text("{")
    with pytest.raises(StackgenError) as caught:
        read_journal(path)
    assert caught.value.problems[0].code == "journal-unreadable"
