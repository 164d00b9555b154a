"""The Python API, as docs/python.md shows it: its examples run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import stackgen
from stackgen import OpenedEnvironment, Options, Stack, StackgenError, generate, open_environment

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
SPEC: dict[str, Any] = {
    "apiVersion": "stackgen/v1",
    "name": "claims",
    "components": {"documents": {"capability": "object_store"}},
    "environments": {"dev": {"provider": "local"}},
}


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def run(folder: Path, code: str) -> list[str]:
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.unit
def test_every_public_name_is_there_and_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in stackgen.__all__:
        assert getattr(stackgen, name).__name__ == name
        assert name in {"Verified", "Deployed"} or f"`{name}" in page


@pytest.mark.unit
def test_the_first_example_generates_a_program(tmp_path: Path) -> None:
    said = run(tmp_path, examples()[0])
    assert said[0] == "{'documents': 'local/versitygw'}"
    assert said[1].endswith("files written")
    assert said[2] == "environment-not-found ('dev',)"
    assert (tmp_path / "stacks" / "claims" / "dev" / "__main__.py").is_file()


@pytest.mark.local
def test_both_examples_deploy_and_verify(tmp_path: Path) -> None:
    said = run(tmp_path, "".join(examples()))
    spec = tmp_path / "stacks" / "claims" / "stack.yaml"
    spec.write_text(json.dumps(SPEC))
    arguments = ["down", "claims", "-e", "dev", "--delete-data", "--yes"]
    run(tmp_path, f"from stackgen.cli.main import main\nraise SystemExit(main({arguments}))")
    assert any(re.fullmatch(r"\{.*'create': \d+.*\} \['documents'\]", line) for line in said), said
    assert any(re.fullmatch(r"[1-9]\d* clauses measured", line) for line in said), said


@pytest.mark.unit
def test_a_stack_built_in_python_is_checked_as_a_spec_is(tmp_path: Path) -> None:
    wrong = Stack.model_validate(
        {**SPEC, "environments": {"dev": {"provider": "local", "components": {"documnts": {}}}}}
    )
    with pytest.raises(StackgenError) as caught:
        open_environment(wrong, folder=tmp_path)
    assert "documnts" in caught.value.problems[0].message


@pytest.mark.unit
def test_generating_twice_changes_nothing(tmp_path: Path) -> None:
    environment = open_environment(Stack.model_validate(SPEC), folder=tmp_path)
    assert isinstance(environment, OpenedEnvironment)
    assert generate(environment).created
    assert not generate(environment)
    assert environment.folder == tmp_path / "dev"


@pytest.mark.unit
def test_the_page_names_every_option_of_a_deployment() -> None:
    (row,) = [
        line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `Options`")
    ]
    named = set(re.findall(r"`(\w+)`", row)) - {"Options", "deploy"}
    assert named == {field.name for field in fields(Options)}
