"""A corpus that can't be asked is refused with every mistake and its place; a recording of other questions too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.golden.comparing import refuse_outdated
from stackgen.golden.corpus import Corpus, corpus_model, load_corpus, questions_digest
from stackgen.golden.recording import Answers, Recording, read_recording, write_recording
from stackgen.spec.loading import load_spec as load_stack
from tests.conftest import ROOT, Cli

pytestmark = pytest.mark.unit
BLUEPRINT = ROOT / "blueprints" / "rag-assistant"
WRONG = """\
apiVersion: stackgen/v1
searches:
  policies: {store: knowlege, model: chat, table: "chunks; drop table chunks", ids: [source], texts: [one]}
  other: {store: knowledge, model: embedder, table: chunks, ids: [], texts: ["two"], overlap: 2}
tool_calls:
  lights: {model: gateway, tool: [], prompts: []}
"""
DANGLING = """\
apiVersion: stackgen/v1
searches:
  policies: {store: knowlege, model: chat, table: chunks, ids: [source], texts: [one]}
"""


@pytest.fixture
def stack(cli: Cli) -> Path:
    shutil.copytree(BLUEPRINT, cli.folder / "rag")
    return cli.folder / "rag"


def test_the_blueprints_corpus_is_right(cli: Cli, stack: Path) -> None:
    assert "is right" in cli("check", "rag/stack.yaml").stdout
    corpus = load_corpus(stack / "golden" / "corpus.yaml", load_stack(stack / "stack.yaml").stack, Shelf())
    assert [(kind, name) for kind, name, _ in corpus.groups()] == [
        ("predictions", "claims"),
        ("searches", "policies"),
    ]


def test_every_mistake_is_told_with_its_place(cli: Cli, stack: Path) -> None:
    (stack / "golden" / "corpus.yaml").write_text(WRONG)
    said = cli("check", "rag/stack.yaml", code=2).stderr
    assert "corpus.yaml:3:51" in said  # the table's name
    assert "must have at least 1 entries" in said
    assert "'searches.other.overlap' must be at most 1" in said
    assert "has no key 'tool'" in said
    assert "did you mean 'tools'?" in said
    assert "pydantic" not in said.lower()


def test_a_component_that_is_not_there_or_not_asked_so(cli: Cli, stack: Path) -> None:
    (stack / "golden" / "corpus.yaml").write_text(DANGLING)
    said = cli("check", "rag/stack.yaml", code=2).stderr
    assert "there is no component 'knowlege'" in said
    assert "did you mean 'knowledge'?" in said
    assert "'chat' is not asked by openai-embeddings" in said
    assert "allowed: embedder, gateway" in said
    assert said.count("corpus.yaml:3:") == 2


def test_nothing_asked_is_refused(cli: Cli, stack: Path) -> None:
    (stack / "golden" / "corpus.yaml").write_text("apiVersion: stackgen/v1\n")
    assert "it asks nothing" in cli("check", "rag/stack.yaml", code=2).stderr


def test_without_a_corpus_or_a_recording_the_next_step_is_named(cli: Cli, stack: Path) -> None:
    said = cli("golden", "replay", "rag/stack.yaml", "-e", "dev", code=6).stderr
    assert "error[not-recorded]" in said
    assert "next: stackgen golden record rag-assistant -e dev" in said
    said = cli("golden", "replay", "rag/stack.yaml", "-e", "dev", "--recorded", "pro", code=6).stderr
    assert "did you mean 'prod'?" in said
    said = cli("golden", "record", "rag/stack.yaml", "-e", "dev", code=6).stderr
    assert "error[not-generated]" in said
    (stack / "golden" / "corpus.yaml").unlink()
    assert "error[no-corpus]" in cli("golden", "record", "rag/stack.yaml", "-e", "dev", code=6).stderr
    assert cli("golden", "record", "rag/stack.yaml", "--recorded", "dev", code=2).stderr.startswith(
        "error[usage]"
    )


@pytest.mark.parametrize("content", ["", "[]", "null", '{"format": 1}', '{"format": "stackgen/golden/v1"}'])
def test_a_damaged_recording_is_told_of(tmp_path: Path, content: str) -> None:
    path = tmp_path / "dev.json"
    path.write_text(content)
    with pytest.raises(StackgenError) as caught:
        read_recording(path, "rag-assistant", "dev")
    assert caught.value.problems[0].code == "recording-unreadable"


def test_a_recording_of_other_questions_is_not_compared(tmp_path: Path) -> None:
    def corpus(text: str, overlap: float) -> Corpus:
        search = {"store": "aa", "model": "bb", "table": "t", "ids": ["i"], "texts": [text]}
        content = {"apiVersion": "stackgen/v1", "searches": {"policies": {**search, "overlap": overlap}}}
        return corpus_model().model_validate(content)

    asked = questions_digest(next(group for _, _, group in corpus("one", 1.0).groups()))
    groups = {"searches.policies": Answers("searches", asked, [{"text": "one"}])}
    path = tmp_path / "dev.json"
    write_recording(
        Recording("name", "dev", "2026-01-01T00:00:00+00:00", {"aa": "local/x, box 1"}, groups), path
    )
    recorded = read_recording(path, "name", "dev")
    assert recorded.groups == groups
    refuse_outdated(corpus("one", 0.5), recorded)  # a tolerance is no question
    with pytest.raises(StackgenError, match=r"searches\.policies has changed since dev was recorded"):
        refuse_outdated(corpus("two", 1.0), recorded)
