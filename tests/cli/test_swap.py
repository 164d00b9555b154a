"""Swaps as a user asks for them, before anything is touched."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Cli

pytestmark = pytest.mark.unit
SPEC = """\
apiVersion: stackgen/v1
name: case
components:
  documents: {capability: object_store, needs: [versioning]}
  knowledge: {capability: vector_store}
environments:
  dev: {provider: local}
"""


@pytest.fixture
def stack(cli: Cli) -> Cli:
    (cli.folder / "stack.yaml").write_text(SPEC)
    return cli


def test_a_report_touches_nothing(stack: Cli) -> None:
    done = stack("swap", "stack.yaml", "knowledge", "--to", "local", "--json")
    assert json.loads(done.stdout)["command"] == "swap"
    assert (stack.folder / "stack.yaml").read_text() == SPEC
    assert sorted(path.name for path in stack.folder.iterdir()) == ["stack.yaml"]


@pytest.mark.parametrize("word", [(), ("--apply", "--yes")])
def test_a_needed_clause_is_not_given_up(stack: Cli, word: tuple[str, ...]) -> None:
    stack("swap", "stack.yaml", "documents", "--to", "gcp/cloud-storage", *word, code=11)
    assert (stack.folder / "stack.yaml").read_text() == SPEC


@pytest.mark.parametrize("word", [(), ("--apply", "--yes")])
def test_nor_one_that_is_needed_of_the_gateway_in_front(cli: Cli, word: tuple[str, ...]) -> None:
    spec = SPEC.replace(
        "  knowledge: {capability: vector_store}\n",
        "  chat: {capability: chat_model, model: m, settings: {weights: stand-in}}\n"
        "  gateway: {capability: ai_gateway, serves: [chat], needs: [tool-calling]}\n",
    )
    (cli.folder / "stack.yaml").write_text(spec)
    kept = (
        "--set",
        "settings.weights=stand-in",
        "--set",
        "settings.accept_known_vulnerabilities=true",
        *word,
    )
    done = cli("swap", "stack.yaml", "chat", "--to", "local/ollama", *kept, "--json", code=11)
    answer = json.loads(done.stdout)
    said = answer["errors"][0]["message"] if word else answer["result"]["needs_lost"][0]
    assert "tool-calling" in said
    assert "'chat' behind it does not keep it" in said
    assert (cli.folder / "stack.yaml").read_text() == spec


def test_words_that_make_no_sense(stack: Cli) -> None:
    def said(*arguments: str, code: int) -> str:
        return stack("swap", "stack.yaml", *arguments, "--yes", code=code).stderr

    assert "did you mean 'knowledge'?" in said("knowlege", "--to", "aws", code=6)
    assert "did you mean 'local/postgresql'?" in said(
        "knowledge", "--to", "local/postgres", "--apply", code=6
    )
    assert "error[usage]" in said("knowledge", "--apply", code=2)
    assert "error[nothing-to-roll-back]" in said("knowledge", "--rollback", code=6)
    assert "error[nothing-to-retire]" in said("knowledge", "--retire", code=6)
    assert "error[not-deployed]" in said("knowledge", "--to", "local", "--apply", code=6)
    assert "error[usage]" in said("knowledge", "--to", "local", "--apply", "--set", "version", code=2)
    assert (stack.folder / "stack.yaml").read_text() == SPEC


def test_it_asks_before_it_begins(stack: Cli) -> None:
    done = stack("swap", "stack.yaml", "knowledge", "--to", "local", "--rollback", "--apply", code=2)
    assert "not allowed with" in done.stderr
