"""Swaps of the model that made what a vector store holds, under an application that keeps writing and finding."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from stackgen.catalog.models import models
from stackgen.contracts.openai_embeddings.contract import OpenaiEmbeddingsBinding, cosine, embed
from tests.conftest import ROOT, Cli
from tests.local.applications import Application, database, write_in_spite
from tests.local.swapping import STACK, bindings, gone, kill, spec, swap, up

pytestmark = [pytest.mark.local, pytest.mark.timeout(1800)]
PROVIDER = ROOT / "src" / "stackgen" / "providers" / "local" / "program"
EMBEDDED = """\
  embedder: {capability: embedding_model, model: all-minilm-l6-v2}
  knowledge:
    capability: vector_store
    embedded_by: embedder
    collections: [{table: chunks, text: content, embedding: embedding}]
"""


def texts(found: dict[str, Any]) -> Callable[[int], None]:
    """Writes a text with its embedding, and must find it by the same embedding at once, as near as can be."""
    connection = database(found)
    model = OpenaiEmbeddingsBinding.model_validate(found["embedder"]["openai-embeddings"])
    connection.execute(
        "create table if not exists chunks (number int primary key, content text, embedding vector(384) not null)"
    )
    connection.execute(
        "create index if not exists nearest on chunks using hnsw (embedding vector_cosine_ops)"
    )
    connection.commit()

    def write(number: int) -> None:
        text = f"Policy {number} covers case {number * 7} and nothing else."
        vector = str(embed(model, [text])[0])
        connection.execute("insert into chunks values (%s, %s, %s)", [number, text, vector])
        connection.commit()
        query = "select 1 - (embedding <=> %s::vector) from chunks where number = %s"
        found = connection.execute(query, [vector, number]).fetchone()
        assert found is not None
        assert found[0] > 0.999

    return write


def another_model(folder: Path) -> Path:
    """MiniLM in another space: whatever its vectors are near to stays so, but none of the first model's."""
    gguf = models()["all-minilm-l6-v2"].gguf
    with patch.object(sys, "path", [str(PROVIDER), *sys.path]):
        from local_provider.models import model_file  # pyright: ignore

        source = model_file(gguf["source"], gguf.get("digest"), {})[0]
    made = folder / "other.gguf"
    shutil.copyfile(source, made)
    make_model("turned", made)
    return made


def shorter_model(folder: Path, length: int) -> Path:
    """A model whose vectors are of that length."""
    (folder / "short").mkdir()
    make_model("short", PROVIDER / "local_provider" / "scripts" / "bert_to_gguf.py", folder / "short", length)
    return folder / "short" / "model.gguf"


def make_model(*arguments: object) -> None:
    """Run our script where the provider's own converter runs."""
    with patch.object(sys, "path", [str(PROVIDER), *sys.path]):
        from local_provider.model_sources import LOCKS  # pyright: ignore
        from local_provider.python_environment import make_python_environment  # pyright: ignore

        python = (
            make_python_environment("the model tools", (LOCKS / "model-tools.txt").read_text())
            / "bin"
            / "python"
        )
    script = Path(__file__).with_name("other_models.py")
    subprocess.run([python, script, *map(str, arguments)], check=True, timeout=300)


@pytest.mark.nightly
def test_an_embedding_model_is_swapped_and_every_embedding_made_anew(stack: Cli) -> None:
    up(stack, EMBEDDED)
    weights = another_model(stack.folder)
    application = Application(stack, texts, 0.5)
    application.start()
    application.goes_on()
    before = spec(stack)
    (stack.folder / "stack.yaml").write_text(
        before.replace("l6-v2}", f"l6-v2, settings: {{weights: '{weights}'}}}}")
    )
    for command in ("plan", "generate", "up"):
        given = ("--yes",) if command == "up" else ()
        assert "error[embedding-identity-changed]" in stack(command, *STACK, *given, code=2).stderr
    (stack.folder / "stack.yaml").write_text(before)

    command = ("swap", "stack.yaml", "embedder", "-e", "dev", "--apply", "--yes")
    kill(stack, "after", "deploy", *command, "--to", "local", "--set", f"settings.weights={weights}")
    for step in ("backfill", "freeze", "delta", "hide", "switch", "bind", "show"):
        kill(stack, "after", step, *command)
    assert swap(stack, "embedder", "--apply")["result"]["serving"] == 2
    application.goes_on()
    _are_all_of(bindings(stack), application)
    stack("up", *STACK, "--yes")

    kill(stack, "after", "hide", *command[:-2], "--rollback", "--yes")
    swap(stack, "embedder", "--rollback")
    application.goes_on()
    found = bindings(stack)
    _are_all_of(found, application)
    swap(stack, "embedder", "--retire")
    committed = application.end()
    with database(found) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where tablename like 'chunks%'"
        ).fetchall()
        kept = {row[0] for row in connection.execute("select number from chunks").fetchall()}
    assert tables == [("chunks",)]
    assert kept >= set(committed)
    gone(stack)


@pytest.mark.nightly
def test_embeddings_of_another_length_are_exchanged_and_exchanged_back(stack: Cli) -> None:
    up(stack, EMBEDDED)
    application = Application(stack, texts, 0.5)
    application.start()
    application.goes_on()
    weights = f"settings.weights={shorter_model(stack.folder, 192)}"
    command = ("embedder", "--apply", "--to", "local", "--set", "model=tiny", "--set", "dimensions=192")
    found = bindings(stack)
    own = "create table chunks__box2 (own text); insert into chunks__box2 values ('own')"
    write_in_spite(found, own)
    errors = swap(stack, *command, "--set", weights, code=4)["errors"]
    assert errors[0]["message"] == "there is a table public.chunks__box2, which the swap would replace"
    swap(stack, "embedder", "--rollback")
    write_in_spite(found, "alter table chunks__box2 rename to own")
    assert swap(stack, *command, "--set", weights)["result"]["serving"] == 2
    application.goes_on()
    found = bindings(stack)
    _are_all_of(found, application)
    with database(found) as connection:
        assert connection.execute("select own from own").fetchall() == [("own",)]
    assert _lengths(found) == {192}
    assert int(found["knowledge"]["pgvector"]["dimensions"]) == 192
    stack("verify", *STACK)

    swap(stack, "embedder", "--rollback")
    application.goes_on()
    found = bindings(stack)
    _are_all_of(found, application)
    assert _lengths(found) == {384}
    assert int(found["knowledge"]["pgvector"]["dimensions"]) == 384
    swap(stack, "embedder", "--retire")
    application.end()
    stack("verify", *STACK)
    gone(stack)


def _lengths(found: dict[str, Any]) -> set[int]:
    with database(found) as connection:
        return {row[0] for row in connection.execute("select vector_dims(embedding) from chunks").fetchall()}


def _are_all_of(found: dict[str, Any], application: Application) -> None:
    """Every stored embedding is what the model that serves makes of its text."""
    model = OpenaiEmbeddingsBinding.model_validate(found["embedder"]["openai-embeddings"])
    committed = set(application.committed)
    with database(found) as connection:
        stored = connection.execute("select number, content, embedding::text from chunks").fetchall()
    assert {number for number, _, _ in stored} >= committed
    for start in range(0, len(stored), 32):
        part = stored[start : start + 32]
        for (_, _, vector), made in zip(part, embed(model, [text for _, text, _ in part]), strict=True):
            assert cosine(json.loads(vector), made) > 0.999
