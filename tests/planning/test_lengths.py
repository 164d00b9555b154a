"""Embeddings fit: as long as their model makes them, as their store expects them, and as an index takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.embedding_lengths import refuse_other_lengths
from stackgen.planning.model import Plan
from stackgen.planning.plan import check_stack, plan_environment
from stackgen.spec.loading import parse_spec

pytestmark = pytest.mark.unit
SHELF = Shelf()


def planned(components: str, folder: Path, environment: str = "{provider: local}") -> Plan:
    text = (
        f"apiVersion: stackgen/v1\nname: case\ncomponents:\n{components}environments:\n  dev: {environment}\n"
    )
    return plan_environment(parse_spec(text.encode(), folder / "stack.yaml"), "dev", SHELF)


def test_a_store_that_names_no_model_is_warned_of_where_none_makes_what_it_expects(tmp_path: Path) -> None:
    text = "  texts: {{capability: embedding_model, model: all-minilm-l6-v2}}\n"
    text += "  store: {{capability: vector_store, implementation: local/embedded-postgres{0}}}\n"
    assert planned(text.format(""), tmp_path).warnings == ()
    (warning,) = planned(text.format(", dimensions: 1536"), tmp_path).warnings
    assert "'store' in environment 'dev' stores embeddings of 1536 dimensions" in warning
    assert "make 384; say which one with `embedded_by`" in warning


@pytest.mark.parametrize("length", [2000, 2001])
def test_vectors_that_no_index_takes_are_warned_of_and_declared(length: int, tmp_path: Path) -> None:
    found = planned(
        f"  store: {{capability: vector_store, implementation: local/embedded-postgres, dimensions: {length}}}\n",
        tmp_path,
    )
    store, long = found.by_name["store"], length > 2000
    assert ("hnsw-index" in store.kept["pgvector"]) != long
    assert ("hnsw-index" in store.not_kept["pgvector"]) == long
    assert [("keeps no hnsw-index and no dimension-limit" in text) for text in found.warnings] == [
        True
    ] * long


def test_while_the_model_is_swapped_the_store_may_expect_what_the_second_box_makes(tmp_path: Path) -> None:
    text = """apiVersion: stackgen/v1
name: case
components:
  texts: {capability: embedding_model, model: all-minilm-l6-v2}
  store: {capability: vector_store, embedded_by: texts, dimensions: 192}
environments:
  dev: {provider: local%s}
"""
    beside = (
        ", components: {texts: {beside: {implementation: local/llama-cpp, box: 2, model: tiny, dimensions: 192, "
        "settings: {weights: /w.gguf}}}}"
    )
    loaded = parse_spec((text % "").encode(), tmp_path / "stack.yaml")
    with pytest.raises(StackgenError, match="'texts', which makes them, makes 384"):
        check_stack(loaded, SHELF)
    loaded = parse_spec((text % beside).encode(), tmp_path / "stack.yaml")
    refuse_other_lengths(plan_environment(loaded, "dev", SHELF), loaded)
