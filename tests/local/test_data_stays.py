"""Data of real servers goes only with a word that names it, whatever the spec becomes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Cli
from tests.waiting import eventually

pytestmark = pytest.mark.local

STORE = "{capability: vector_store, dimensions: 3}"
DOCUMENTS = "{capability: object_store}"

EXTENSION = """
from pathlib import Path
import pulumi

def elsewhere(args):
    if args.name == "one1-data":
        path = args.props["path"] + Path(__file__).with_name("suffix.txt").read_text()
        path += pulumi.Config().get("suffix") or ""
        return pulumi.ResourceTransformationResult({**args.props, "path": path}, args.opts)

pulumi.runtime.register_stack_transformation(elsewhere)

def extend(components):
    pass
"""


@pytest.fixture
def small(open_folder: Path, request: pytest.FixtureRequest) -> Cli:
    folder = open_folder / request.node.name[5:30]
    folder.mkdir()
    return Cli(folder, folder / "data")


def spec(cli: Cli, components: dict[str, str], environment: str = "provider: local") -> None:
    lines = "".join(f"  {name}: {text}\n" for name, text in components.items())
    text = f"apiVersion: stackgen/v1\nname: small\ncomponents:\n{lines}environments: {{dev: {{{environment}}}}}\n"
    (cli.folder / "stack.yaml").write_text(text)


def up(cli: Cli, *words: str, code: int = 0) -> str:
    """What is said, on both streams."""
    done = cli("up", "stack.yaml", "--yes", *words, code=code)
    return done.stdout + done.stderr


def data(cli: Cli, name: str) -> Path:
    return cli.folder / "data" / "stacks" / "small" / "dev" / "data" / name


def binding(cli: Cli, name: str) -> dict[str, Any]:
    said = cli("bindings", "stack.yaml", "--show-secrets", "--json").stdout
    return json.loads(said)["result"][name]["pgvector"]


def ask(found: dict[str, Any], sql: str) -> list[Any]:
    with psycopg.connect(
        host=found["host"],
        port=found["port"],
        dbname=found["database"],
        user=found["username"],
        password=found["password"],
    ) as connection:
        cursor = connection.execute(sql)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return cursor.fetchall() if cursor.description else []


@pytest.mark.nightly
def test_rows_survive_every_edit_that_does_not_name_them(small: Cli) -> None:
    spec(small, {"documents": DOCUMENTS, "policies": STORE})
    up(small)
    first = binding(small, "policies")
    ask(first, "create table kept as select 42 as value")
    rows = "select value from kept"

    # A new name alone begins with no data, and leaves the old data where it is.
    spec(small, {"documents": DOCUMENTS, "policy-notes": STORE})
    said = up(small)
    assert f"its data stays, folder {data(small, 'policies')}" in said
    assert "--delete-data-of policies" in said
    assert "did you rename policies to policy-notes? Write `renamed_from: policies` at policy-notes" in said
    assert ask(binding(small, "policy-notes"), "select to_regclass('kept')") == [(None,)]

    # With its former name it has the data, port and password that it had.
    renamed = STORE.replace("}", ", renamed_from: policies}")
    spec(small, {"documents": DOCUMENTS, "policy-notes": renamed})
    said = up(small)
    assert "policy-notes is no longer in the spec: its data stays" in said
    assert binding(small, "policy-notes") == first
    assert ask(first, rows) == [(42,)]
    assert (
        'policy_notes = LocalPostgresql(\n    "policies",' in (small.folder / "dev/__main__.py").read_text()
    )
    up(small, "--delete-data-of", "policy-notes")
    assert not data(small, "policy-notes").exists()

    assert data(small, "documents").exists()
    small("down", "stack.yaml", "--delete-data", "--yes")
    assert not (small.folder / "data" / "stacks").exists()


def test_a_component_that_is_taken_out_comes_back_with_its_rows(small: Cli) -> None:
    spec(small, {"documents": DOCUMENTS, "policies": STORE})
    up(small)
    first, rows = binding(small, "policies"), "select value from kept"
    ask(first, "create table kept as select 42 as value")
    spec(small, {"documents": DOCUMENTS})
    said = up(small)
    assert "policies is no longer in the spec: its data stays" in said
    assert data(small, "policies").exists()
    with pytest.raises(psycopg.OperationalError):
        ask(first, rows)
    assert "its data stays" in up(small), "an update that changes nothing says it too"
    spec(small, {"documents": DOCUMENTS, "policies": STORE})
    up(small)
    assert binding(small, "policies") == first
    assert ask(first, rows) == [(42,)]
    spec(small, {"documents": DOCUMENTS}, "provider: local, protect: true")
    said = up(small, "--delete-data-of", "policies", code=5)
    assert "error[protected]: environment 'dev' is protected: the data of 'policies'" in said
    assert "unprotect" not in said
    assert ask(first, rows) == [(42,)], "nothing was touched"
    spec(small, {"documents": DOCUMENTS, "policies": STORE})
    up(small)
    spec(small, {"documents": DOCUMENTS})
    up(small)
    small("down", "stack.yaml", "--yes")
    spec(small, {"documents": DOCUMENTS, "policies": STORE})  # whose data is still guarded
    small("down", "stack.yaml", "--delete-data", "--yes")
    assert not (small.folder / "data" / "stacks").exists()


@pytest.mark.nightly
def test_a_protected_component_that_was_removed_is_no_dead_end(small: Cli) -> None:
    spec(small, {"one1": DOCUMENTS, "two2": DOCUMENTS, "three3": DOCUMENTS}, "provider: local, protect: true")
    up(small)
    spec(small, {"one1": DOCUMENTS}, "provider: local, protect: true")
    assert "two2 is no longer in the spec: its data stays" in up(small)
    small("down", "stack.yaml", "--delete-data", "--yes", code=5)
    spec(small, {"one1": DOCUMENTS})
    up(small, "--delete-data-of", "two2")
    assert not data(small, "two2").exists()
    assert data(small, "three3").exists()
    small("down", "stack.yaml", "--delete-data", "--yes")
    assert not (small.folder / "data" / "stacks").exists()


@pytest.mark.nightly  # judged anew where it changes: tests/engine/test_data_needs_its_word.py
def test_what_code_of_the_user_reads_takes_no_data_along(small: Cli) -> None:
    spec(small, {"one1": DOCUMENTS})
    small("generate", "stack.yaml")
    extensions, suffix = (small.folder / "dev" / name for name in ("extensions.py", "suffix.txt"))
    extensions.write_text(EXTENSION)
    suffix.write_text("-1")
    up(small)
    precious = data(small, "one1-1") / "objects" / "one1" / "precious"
    precious.write_text("x")
    suffix.write_text("-2")
    refusal = "error[data-would-go]: `up` would replace what holds, and so delete, the data of 'one1'"
    assert refusal in up(small, code=5)
    suffix.write_text("-1")
    settings = small.folder / "dev" / "Pulumi.dev.yaml"
    kept = settings.read_text()
    noted = small.folder / "data" / "deployments" / "small" / "dev.json"
    deploying = small.start("up", "stack.yaml", "--yes")
    eventually(lambda: deploying.poll() is not None or json.loads(noted.read_text())["boxes"] == {}, 300)
    settings.write_text(f"{kept}config: {{small:suffix: '-3'}}\n")
    out, err = deploying.communicate(timeout=300)
    assert deploying.returncode == 4, out + err
    assert "error[program-changed]" in err
    assert precious.exists(), "the settings that were looked at are those that count"
    assert refusal in up(small, code=5)
    settings.write_text(kept)
    extensions.unlink()
    assert refusal in up(small, code=5)
    assert precious.exists()
    small("down", "stack.yaml", "--delete-data", "--yes")


@pytest.mark.nightly
def test_a_setting_that_would_replace_data_is_refused_without_its_word(small: Cli) -> None:
    spec(small, {"one1": DOCUMENTS})
    up(small)
    (data(small, "one1") / "objects" / "one1" / "precious").write_text("x")
    there = f"provider: local, settings: {{directory: {small.folder}/data/elsewhere}}"
    spec(small, {"one1": DOCUMENTS}, there)
    shown = small("diff", "stack.yaml").stdout
    assert "@@" in shown, "the files"
    assert "one1-data pulumi-python:dynamic/local:DataDirectory" in shown, "the resources"
    assert f"# DELETES THE DATA of one1: folder {data(small, 'one1')}" in shown
    said = up(small, code=5)
    assert "error[data-would-go]: `up` would replace what holds, and so delete, the data of 'one1'" in said
    assert str(data(small, "one1")) in said
    assert "next: stackgen up small -e dev --delete-data-of one1" in said
    assert (data(small, "one1") / "objects" / "one1" / "precious").exists()
    spec(small, {"one1": DOCUMENTS})
    small("verify", "stack.yaml", "--clause", "put-get")
    assert "error[unknown-data]" in up(small, "--delete-data-of", "one", code=6)
    spec(small, {"one1": DOCUMENTS}, there)
    up(small, "--delete-data-of", "one1")
    assert not data(small, "one1").exists()
    small("down", "stack.yaml", "--delete-data", "--yes")


def test_a_second_checkout_of_the_same_name_is_refused(small: Cli) -> None:
    spec(small, {"one1": DOCUMENTS})
    up(small)
    other = Cli(small.folder / "other", small.folder / "data")
    other.folder.mkdir()
    spec(other, {"two2": DOCUMENTS})
    said = up(other, code=5)
    assert "error[another-checkout]" in said
    assert str(small.folder) in said
    assert str(other.folder) in said
    assert not (other.folder / "dev").exists()
    other("down", "stack.yaml", "--delete-data", "--yes", code=5)
    for reads in (("verify",), ("bindings", "--show-secrets"), ("run", "--", "env")):
        assert "error[another-checkout]" in other(reads[0], "stack.yaml", *reads[1:], code=5).stderr, reads
    small("verify", "stack.yaml", "--clause", "put-get")
    assert "one1 is no longer in the spec: its data stays" in up(other, "--take-over")
    assert "error[another-checkout]" in up(small, code=5)
    other("down", "stack.yaml", "--delete-data", "--yes")
    up(small)
    small("down", "stack.yaml", "--delete-data", "--yes")
    assert not list((small.folder / "data" / "deployments").rglob("*.json"))
