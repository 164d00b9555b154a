"""The rules of the house, read off the source itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "stackgen"
MODULES = sorted(SOURCE.rglob("*.py"))
LAYERS = (
    ("errors", "apart"),
    ("spec",),
    ("contracts", "catalog", "providers"),
    ("planning",),
    ("rendering",),
    ("engine", "verification", "moving", "behaviour"),
    ("swapping", "impact"),
    ("authoring",),
    ("cli",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
CLOUDS = (
    r"aws|amazon|gcp|google(?!\.protobuf)|bedrock|vertex|sagemaker|aurora|alloydb|postgresql|kserve|jaeger"
)
SERVERS = r"llama[._-]?cpp|litellm|mlserver|versitygw|victoriametrics|vllm|cloudnative"
VENDORS = re.compile(rf"\b({CLOUDS}|{SERVERS})\b", re.IGNORECASE)
# A contract and its mover speak an open wire interface, and say whose: PostgreSQL's, S3's. They know no server.
IN_CONTRACTS = re.compile(rf"\b({SERVERS}|bedrock|vertex|sagemaker|aurora|alloydb)\b", re.IGNORECASE)
SDKS = {"pulumi_aws", "pulumi_gcp", "pulumi_kubernetes", "local_provider"}

pytestmark = pytest.mark.unit


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def test_modules_are_small() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): _lines(path) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
    assert median(size for name, size in sizes.items() if not name.endswith("__init__.py")) < 100


def test_data_flows_one_way() -> None:
    upward = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in MODULES
        for name in _imports(path)
        if name.startswith("stackgen.")
        and RANK.get(_room(path), -1) < RANK.get(name.split(".")[1], -1)
        and _room(path) in RANK
    ]
    assert upward == []


def test_only_the_engine_runs_pulumi() -> None:
    users = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        for name in _imports(path)
        if name.split(".")[0] == "pulumi"
    }
    assert {user for user in users if not _may_import_pulumi(user)} == set()


def test_only_components_and_providers_import_provider_sdks() -> None:
    users = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        for name in _imports(path)
        if name.split(".")[0] in SDKS
    }
    assert {
        user for user in users if not re.match(r"catalog/\w+/\w+/component\.py|providers/", user)
    } == set()


def test_no_vendor_word_outside_catalog_and_providers() -> None:
    neutral = [path for path in MODULES if _room(path) not in {"catalog", "providers"}]
    templates = sorted(SOURCE.rglob("*.jinja"))
    found = {
        f"{path.relative_to(SOURCE)}: {match.group()}"
        for path in (*neutral, *templates)
        for match in _words(path).finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_every_public_module_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if _lines(path) and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def _may_import_pulumi(path: str) -> bool:
    return bool(re.match(r"engine/|providers/\w+/program/|catalog/\w+/\w+/component\.py", path))


def _words(path: Path) -> re.Pattern[str]:
    return IN_CONTRACTS if _room(path) in {"contracts", "moving"} else VENDORS
