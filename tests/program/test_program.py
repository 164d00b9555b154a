"""The generated program: readable, deterministic, written as a whole, never over somebody's work."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import compare_folder, write_program
from stackgen.errors import StackgenError
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import Program, build_program
from stackgen.program.modules import find_used_modules
from stackgen.spec.loading import LoadedStack, load_spec, parse_spec, validate_spec

ROOT = Path(__file__).parents[2]
SHELF = Shelf()
COMMITTED = ROOT / "stacks" / "rag-assistant"


def committed() -> Plan:
    return plan_environment(load_spec(COMMITTED / "stack.yaml"), "dev", SHELF)


SMALL = """\
apiVersion: stackgen/v1
name: small
components:
  %s
environments: {dev: {provider: local}}
"""


@pytest.mark.unit
def test_a_package_is_in_programs_that_import_it(tmp_path: Path) -> None:
    def packages(component: str) -> set[str]:
        loaded = parse_spec((SMALL % component).encode(), tmp_path / "stack.yaml")
        files = build_program(plan_environment(loaded, "dev", SHELF)).files
        return {path.split("/")[0] for path in files if path.endswith("/__init__.py")}

    files = packages("files: {capability: object_store}")
    registry = packages("registry: {capability: model_registry}")
    assert "local_provider" in files
    assert registry - files == {"mlflow_server", "mlflow_files"}  # the second is imported by the first


@pytest.mark.unit
@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.py", "from wanted import x"),
        ("a.py", "from wanted.part import x"),
        ("a.py", "import wanted"),
        ("a.py", "import wanted.part as w\r\n"),
        ("a.py", "import os, wanted"),
        ("a.py", "def f():\n    import wanted  # late"),
        ("Dockerfile", "COPY wanted/ ./"),
        ("Dockerfile", "COPY --chown=1000 wanted/a.py ./"),
    ],
)
def test_every_way_to_use_a_package_is_seen(file: str, text: str) -> None:
    assert "wanted" in find_used_modules({file: text.encode()})
    assert "wanted" not in find_used_modules({file: text.replace("wanted", "wanted_not").encode()})


@pytest.mark.unit
def test_the_committed_programs_are_what_generate_writes() -> None:
    loaded = load_spec(COMMITTED / "stack.yaml")
    for environment in loaded.stack.environments:
        changes = compare_folder(build_program(plan_environment(loaded, environment, SHELF)))
        assert not changes, f"run `stackgen generate rag-assistant -e {environment}`: {changes}"


@pytest.mark.unit
def test_main_and_readme_read_well(golden: Callable[[Path, str], None]) -> None:
    files = build_program(committed()).files
    for name in ("__main__.py", "README.md", "Pulumi.yaml", "requirements.in"):
        golden(Path(__file__).parent / "golden" / f"{name}.txt", files[name].decode())


@pytest.mark.sweep
def test_the_same_bytes_anywhere(tmp_path: Path) -> None:
    script = (
        "import hashlib,sys; from pathlib import Path; sys.path[:0]=[];"
        "from stackgen.catalog.shelf import Shelf; from stackgen.planning.plan import plan_environment;"
        "from stackgen.program.build import build_program; from stackgen.spec.loading import load_spec;"
        "f=build_program(plan_environment(load_spec(Path(sys.argv[1])),'dev',Shelf())).files;"
        "print(hashlib.sha256(repr(sorted(f.items())).encode()).hexdigest())"
    )
    digests: set[str] = set()
    for seed in ("0", "1", "77"):
        where = tmp_path / seed / "stacks"
        shutil.copytree(COMMITTED, where, ignore=shutil.ignore_patterns("dev", "venv"))
        done = subprocess.run(
            [sys.executable, "-c", script, str(where / "stack.yaml")],
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": f"UTC{seed}"},
            cwd=where,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout)
    assert len(digests) == 1


@pytest.mark.unit
def test_the_program_is_formatted_and_lint_clean(tmp_path: Path) -> None:
    program = build_program(committed(), tmp_path / "dev")
    write_program(program)
    files = [str(tmp_path / "dev" / name) for name in ("__main__.py", "extensions.py")]
    command = [sys.executable, "-m", "ruff"]
    subprocess.run([*command, "format", "--isolated", "--line-length", "110", "--check", *files], check=True)
    subprocess.run(
        [*command, "check", "--isolated", "--ignore", "I001", "--line-length", "110", str(tmp_path / "dev")],
        check=True,
    )


TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
HOSTILE = st.text(TEXT, min_size=1, max_size=60) | st.sampled_from(
    [
        '"""',
        "'; import os; os.system('x')",
        "{{ 7 * 7 }}",
        "${x}",
        "`rm`",
        "</script>",
        "a\\",
        "\n# x",
        "|x|",
        "\r",
    ]
)


@pytest.mark.sweep
@settings(max_examples=150, deadline=None)
@given(HOSTILE, HOSTILE)
def test_users_text_changes_nothing_but_literals(description: str, model: str) -> None:

    def spec(first: str, second: str) -> LoadedStack:
        content = {
            "apiVersion": "stackgen/v1",
            "name": "case",
            "description": first,
            "components": {
                "chat": {"capability": "chat_model", "model": second, "settings": {"weights": "x.gguf"}}
            },
            "environments": {"dev": {"provider": "local"}},
        }
        return LoadedStack(validate_spec(content), Path("/x/stack.yaml"), "0" * 64)

    def tree(loaded: LoadedStack) -> str:
        files = build_program(plan_environment(loaded, "dev", SHELF), Path("/x/dev")).files
        assert yaml.safe_load(files["Pulumi.yaml"])["description"] == loaded.stack.description
        module = ast.parse(files["__main__.py"])
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = ""
        return ast.dump(module)

    assert tree(spec(description, model)) == tree(spec("harmless", "harmless"))


@pytest.mark.unit
def test_a_second_write_changes_nothing(tmp_path: Path) -> None:
    program = build_program(committed(), tmp_path / "dev")
    assert write_program(program)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "dev").rglob("*")}
    assert not write_program(program)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "dev").rglob("*")}


@pytest.mark.unit
def test_hand_edits_are_never_overwritten_unasked(tmp_path: Path) -> None:
    program = build_program(committed(), tmp_path / "dev")
    write_program(program)
    edited, own = tmp_path / "dev" / "__main__.py", tmp_path / "dev" / "extensions.py"
    edited.write_text("# mine\n")
    own.write_text("# mine too\n")
    (tmp_path / "dev" / "notes.txt").write_text("keep me")
    with pytest.raises(StackgenError) as caught:
        write_program(program)
    assert caught.value.problems[0].code == "hand-edited"
    assert edited.read_text() == "# mine\n"
    write_program(program, force=True)
    assert edited.read_bytes() == program.files["__main__.py"]
    assert own.read_text() == "# mine too\n"
    assert (tmp_path / "dev" / "notes.txt").read_text() == "keep me"


@pytest.mark.unit
def test_a_hand_edited_file_that_is_generated_no_more_is_not_deleted_unasked(tmp_path: Path) -> None:
    def program(component: str) -> Program:
        loaded = parse_spec((SMALL % component).encode(), tmp_path / "stack.yaml")
        return build_program(plan_environment(loaded, "dev", SHELF))

    write_program(program("registry: {capability: model_registry}"))
    edited = tmp_path / "dev" / "components" / "model_registry" / "local_mlflow.py"
    edited.write_text(f"{edited.read_text()}MINE = 1\n")
    without = program("files: {capability: object_store}")
    with pytest.raises(StackgenError) as caught:
        write_program(without)
    assert [problem.code for problem in caught.value.problems] == ["hand-edited"]
    assert edited.read_text().endswith("MINE = 1\n")
    write_program(without, force=True)
    assert not edited.exists()


@pytest.mark.unit
def test_files_of_removed_components_go_and_the_users_stay(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "stack.yaml"
    write_program(build_program(committed(), whole))
    part.write_text(
        "apiVersion: stackgen/v1\nname: rag-assistant\ncomponents: {documents: {capability: object_store}}\n"
        "environments: {dev: {provider: local}}\n"
    )
    changes = write_program(build_program(plan_environment(load_spec(part), "dev", SHELF), whole))
    assert "components/vector_store/local_postgresql.py" in changes.deleted
    assert not (whole / "components" / "vector_store" / "local_postgresql.py").exists()
    assert (whole / "extensions.py").exists()


@pytest.mark.unit
def test_a_full_disk_leaves_the_old_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "dev"
    write_program(build_program(committed(), folder))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    spec = (COMMITTED / "stack.yaml").read_bytes().replace(b"dimensions: 384", b"dimensions: 385")
    changed = build_program(
        plan_environment(parse_spec(spec, COMMITTED / "stack.yaml"), "dev", SHELF), folder
    )
    calls = 0
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(28, "No space left on device", str(self))
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StackgenError) as caught:
        write_program(changed)
    assert "No space left" in caught.value.problems[0].message
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]


@pytest.mark.unit
def test_no_secret_is_in_program_or_lock() -> None:
    text = b"".join(build_program(committed()).files.values()).decode().lower()
    for word in ('api_key="', 'password="', 'secret="'):
        assert word not in text
