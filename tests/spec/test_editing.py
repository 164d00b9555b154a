"""Editing a spec: only what was asked for changes, comments stay, and nothing wrong is ever written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackgen.errors import StackgenError
from stackgen.spec.editing import edit_override, flow_yaml
from stackgen.spec.loading import load_spec
from stackgen.spec.yaml_reader import read_yaml

pytestmark = pytest.mark.unit

HEAD = """\
# the stack
apiVersion: stackgen/v1
name: case   # its name
components:
  knowledge: {capability: vector_store}
  other: {capability: object_store}
"""
NEW = {"implementation": "local/postgresql", "beside": {"implementation": "local/other", "box": 2}}
TEXT = "implementation: local/postgresql"
BESIDE = "beside: {implementation: local/other, box: 2}"
TAIL = "\n# the end\n"
CASES = {
    "no components": (
        "environments:\n  dev:\n    provider: local # here\n",
        "environments:\n  dev:\n    provider: local # here\n"
        f"    components:\n      knowledge: {{{TEXT}, {BESIDE}}}\n",
    ),
    "all in one line": (
        "environments: {dev: {provider: local}} # short\n",
        f"environments: {{dev: {{provider: local, components: {{knowledge: {{{TEXT}, {BESIDE}}}}}}}}} # short\n",
    ),
    "a trailing comma": (
        "environments: {dev: {provider: local,}}\n",
        f"environments: {{dev: {{provider: local,components: {{knowledge: {{{TEXT}, {BESIDE}}}}}}}}}\n",
    ),
    "another component": (
        "environments:\n  dev:\n    provider: local\n    components:\n      # why\n      other: {size: large} # big\n",
        "environments:\n  dev:\n    provider: local\n    components:\n      # why\n      other: {size: large} # big\n"
        f"      knowledge:\n        {TEXT}\n        {BESIDE}\n",
    ),
    "the component in one line": (
        "environments:\n  dev:\n    components: \n      knowledge: {size: large} # big\n    provider: local\n",
        f"environments:\n  dev:\n    components: \n      knowledge: {{{TEXT}, {BESIDE}}} # big\n    provider: local\n",
    ),
    "the component with comments": (
        "environments:\n  dev:\n    components:\n      knowledge: # here\n        # why\n        size: large # big\n"
        '        settings: {a: "# no comment"}\n    provider: local\n',
        "environments:\n  dev:\n    components:\n      knowledge: # here\n        # why\n        # big\n"
        f"        {TEXT}\n        {BESIDE}\n    provider: local\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_only_the_components_part_changes(name: str, tmp_path: Path) -> None:
    before, after = CASES[name]
    path = tmp_path / "stack.yaml"
    path.write_text(HEAD + before + TAIL)
    edit_override(load_spec(path), "dev", "knowledge", NEW)
    assert path.read_text() == HEAD + after + TAIL


@pytest.mark.parametrize("name", CASES)
def test_what_was_added_can_be_taken_away(name: str, tmp_path: Path) -> None:
    path = tmp_path / "stack.yaml"
    path.write_text(HEAD + CASES[name][0] + TAIL)
    loaded = edit_override(edit_override(load_spec(path), "dev", "knowledge", NEW), "dev", "knowledge", {})
    assert "knowledge" not in loaded.stack.environments["dev"].components
    text = path.read_text()
    assert "# the end" in text
    assert text.startswith(HEAD)
    assert all(comment in text for comment in ("# here", "# why", "# big") if comment in CASES[name][0])


def test_a_result_that_is_no_spec_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "stack.yaml"
    path.write_text(HEAD + CASES["no components"][0])
    with pytest.raises(StackgenError) as caught:
        edit_override(load_spec(path), "dev", "knowledge", {"box": 0})
    assert caught.value.problems[0].code == "bad-value"
    assert path.read_text() == HEAD + CASES["no components"][0]


def test_a_file_that_somebody_changed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "stack.yaml"
    path.write_text(HEAD + CASES["no components"][0])
    loaded = load_spec(path)
    path.write_text(path.read_text() + "# mine\n")
    with pytest.raises(StackgenError) as caught:
        edit_override(loaded, "dev", "knowledge", NEW)
    assert caught.value.problems[0].code == "spec-changed"
    assert path.read_text().endswith("# mine\n")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp")))
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
)


@given(st.dictionaries(TEXTS, VALUES))
def test_what_is_written_reads_back_the_same(value: dict[str, object]) -> None:
    assert read_yaml(flow_yaml(value).encode(), "x")[0] == value
