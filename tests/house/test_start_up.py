"""What each command loads: modules, not milliseconds, since only they are the same on every machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
# Each costs as much as a good part of the interpreter's own start.
SLOW = {"asyncio", "dataclasses", "difflib", "email", "importlib.metadata", "inspect", "json", "logging"} | {
    "pathlib",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "typing",
    "urllib",
    "uuid",
}
PROBE = """
import sys
before = set(sys.modules)
from stackgen.cli.main import main
try:
    main({arguments!r})
except SystemExit:
    pass
found = sorted(set(sys.modules) - before)
with open({result!r}, "w") as file:
    file.write("\\n".join(found))
"""
SPEC = """\
apiVersion: stackgen/v1
name: claims
components: {{documents: {{capability: object_store}}}}
environments: {{dev: {{provider: {provider}, settings: {settings}}}}}
"""
AWS = '{account: "111122223333"}'


def loaded(arguments: list[str], folder: Path) -> set[str]:
    """Modules that a command loads beyond what the interpreter had."""
    result = folder / "modules.txt"
    code = PROBE.format(arguments=arguments, result=str(result))
    environment = {
        **os.environ,
        "STACKGEN_CACHE_HOME": str(folder / "cache"),
        "STACKGEN_DATA_HOME": str(folder),
    }
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    return set(result.read_text().splitlines())


def spec(folder: Path, provider: str = "local", settings: str = "{}") -> str:
    path = folder / "stack.yaml"
    path.write_text(SPEC.format(provider=provider, settings=settings))
    return str(path)


def others(modules: set[str]) -> set[str]:
    """Packages that are neither the standard library's nor ours."""
    return {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"stackgen"}


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["up", "--help"], ["completion", "bash"]], ids=" ".join
)
def test_what_shells_ask_for_loads_next_to_nothing(arguments: list[str], tmp_path: Path) -> None:
    modules = loaded(arguments, tmp_path)
    assert others(modules) == set()
    assert modules & SLOW == set()


def test_the_version_needs_no_parser(tmp_path: Path) -> None:
    assert "argparse" not in loaded(["--version"], tmp_path)


def test_a_second_run_loads_no_library(tmp_path: Path) -> None:
    command = ["generate", spec(tmp_path), "-o", str(tmp_path / "out")]
    assert "pydantic" in loaded(command, tmp_path)
    modules = loaded(command, tmp_path)
    assert others(modules) == set()
    assert modules & SLOW == set()


def test_generating_loads_three_libraries_and_what_they_need(tmp_path: Path) -> None:
    found = others(loaded(["generate", spec(tmp_path), "-o", str(tmp_path / "out")], tmp_path))
    of_pydantic = {"annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}
    public = {name for name in found if not name.startswith(("_", "cython"))}
    assert public == of_pydantic | {"jinja2", "markupsafe", "yaml"}


@pytest.mark.parametrize(("provider", "settings"), [("local", "{}"), ("aws", AWS)])
def test_only_what_the_stack_uses_is_taken_from_the_shelf(
    provider: str, settings: str, tmp_path: Path
) -> None:
    command = ["generate", spec(tmp_path, provider, settings), "-o", str(tmp_path / "out")]
    shelf = {
        name
        for name in loaded(command, tmp_path)
        if name.startswith(("stackgen.catalog.", "stackgen.providers."))
    }
    modules = {name for name in shelf if name.endswith((".capability", ".implementation", ".provider"))}
    foundation = "local_workspace" if provider == "local" else "aws_landing_zone"
    stores = {  # which of them is the default, they say themselves
        f"stackgen.catalog.object_store.{entry.folder.name}.implementation"
        for entry in Shelf().implementations["object_store"].values()
        if entry.provider == provider
    }
    assert modules == {
        "stackgen.catalog.object_store.capability",
        *stores,
        f"stackgen.providers.{provider}.foundation.{foundation}.implementation",
        f"stackgen.providers.{provider}.provider",
    }


def test_generating_loads_nothing_of_the_engine_or_the_contracts_probes(tmp_path: Path) -> None:
    modules = loaded(["generate", spec(tmp_path), "-o", str(tmp_path / "out")], tmp_path)
    assert {
        name for name in modules if name.startswith(("stackgen.engine", "stackgen.verification"))
    } == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_scripts_are_what_shtab_makes(shell: str, golden: Callable[[Path, str], None]) -> None:
    import shtab

    from stackgen.cli.parser import build_parser

    folder = ROOT / "src" / "stackgen" / "cli" / "completions"
    golden(folder / f"stackgen.{shell}", shtab.complete(build_parser(), shell=shell))


def test_no_pattern_repeats_a_class_of_all_unicode() -> None:
    """`\\w{0,127}` makes the engine of Pydantic build twenty megabytes of automaton, whether used or not."""
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "src" / "stackgen").rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "pattern=" in line and re.search(r"\\w[^\]]*\]\{", line)
    ]
    assert found == []
