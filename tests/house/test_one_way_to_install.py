"""Installers are called from one module on each side, and asked for locks, never for a requirement in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.test_house_rules import MODULES, ROOT, SOURCE

pytestmark = pytest.mark.unit
INSTALLERS = ("toolchain/installers.py", "providers/local/program/local_provider/installers.py")
# The language host runs in the engine's own environment and installs for a plain `pulumi install`.
HOST = "engine/host/pulumi_language_python.py"
# Installs a user's own code, as the account that will run it; takes its settings from the installers.
SOURCE_CODE = "providers/local/program/local_provider/source_environment.py"
TOOLS = {"uv", "pip", "pip3", "pipx", "easy_install", "conda", "npm", "npx", "cargo", "apt-get"}
VERBS = {"--index-url", "--extra-index-url", "--require-hashes"}
GO = re.compile(r"C?GO[A-Z]{4,}|-mod=.*")
PLAIN = {"-r", "--no-deps"}
OFFICIAL = "engine/locate.py"  # where STACKGEN_ENGINE asks for it
# A private catalog may ask for packages of the user's own, which may have no digests.
OWN_CODE = re.compile(r"engine/(program_environment|installers)\.py")


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in MODULES:
        name = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield name, node


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    for name, node in nodes():
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names:
            yield name, node


def words(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def test_uv_is_found_by_the_two_modules_alone() -> None:
    users = {
        name
        for name, node in nodes()
        if (isinstance(node, ast.ImportFrom) and node.module == "uv")
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] in TOOLS for alias in node.names))
    }
    assert users - {SOURCE_CODE} == set(INSTALLERS)


def test_no_other_module_runs_an_installer() -> None:
    found = [
        f"{name}:{part.lineno}: {part.value}"
        for name, node in nodes()
        if isinstance(node, ast.List | ast.Tuple) and name not in (*INSTALLERS, HOST, SOURCE_CODE)
        for part in node.elts
        if isinstance(part, ast.Constant) and part.value in TOOLS | VERBS
    ]
    assert found == []


def test_no_other_module_says_how_go_takes_modules() -> None:
    found = {
        f"{name}: {node.value}"
        for name, node in nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and GO.fullmatch(node.value)
    }
    assert {line for line in found if line.partition(":")[0] not in INSTALLERS} == set()
    looked_for = {name for name, call in calls("which") if words(call) == {"go"}}
    assert looked_for == {"toolchain/go.py", INSTALLERS[1].replace("installers", "go_binary")}


def test_the_language_host_reads_no_configuration_of_a_program() -> None:
    commands = [node for name, node in nodes() if name == HOST and isinstance(node, ast.List)]
    by_uv = [node for node in commands if node.elts and ast.unparse(node.elts[0]) == "str(uv)"]
    assert len(by_uv) == 2
    assert all("--no-config" in words(node) for node in by_uv)


def test_what_is_installed_is_a_lock_and_no_literal() -> None:
    literal: list[str] = []
    for name, call in calls("make_environment", "environment", "PythonEnvironment", "packages"):
        given = [*call.args[1:], *(word.value for word in call.keywords if word.arg == "requirements")]
        texts = {text for node in given for text in words(node)}
        wanted = {text for text in texts if re.search(r"[=<>~]=|^[\w.-]+\[", text)}
        if name not in INSTALLERS and wanted:
            literal.append(f"{name}:{call.lineno}: {wanted}")
    for name, call in calls("make_environment"):
        if name not in INSTALLERS and words(call.args[1]) - PLAIN:
            literal.append(f"{name}:{call.lineno}: {ast.unparse(call.args[1])}")
    assert literal == []


def test_only_a_users_own_requirements_may_go_without_digests() -> None:
    found = {
        name
        for name, call in calls("make_environment", "environment", "PythonEnvironment", "packages")
        for word in call.keywords
        if word.arg == "pinned" and not (isinstance(word.value, ast.Constant) and word.value.value is True)
    }
    assert {name for name in found if not OWN_CODE.fullmatch(name)} == set()


def test_the_official_installer_is_called_in_one_place() -> None:
    called = {name for name, call in calls("install") if "PulumiCommand" in ast.unparse(call.func)}
    assert called == {OFFICIAL}


def test_both_sides_pass_the_same_settings_on() -> None:
    """Generated programs can't import the engine's module, so that it is written twice."""
    engine, program = ((SOURCE / name).read_text(encoding="utf-8") for name in INSTALLERS)
    for constant in ("INDEXES", "UV_INDEXES", "UV_OWN", "GO_OWN"):
        found = [re.search(rf"^{constant} = .*$", text, re.MULTILINE) for text in (engine, program)]
        assert found[0] is not None
        assert found[1] is not None
        assert found[0].group() == found[1].group()


def test_the_documentation_names_every_setting_that_is_passed_on() -> None:
    engine = (SOURCE / INSTALLERS[0]).read_text(encoding="utf-8")
    settings = set(re.findall(r'"((?:UV|PIP|GO)[A-Z_]*)"', engine))
    page = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
    said = settings - {
        "UV_NO_CONFIG",
        "UV_PYTHON_DOWNLOADS",
        "PIP_CONFIG_FILE",
        "GOTOOLCHAIN",
        "GOWORK",
        "GOFLAGS",
    }
    said -= {"GOENV", "GOPATH"}
    assert {name for name in said if f"`{name}`" not in page} == set()
