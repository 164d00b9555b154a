"""The rules of the house, read off the source itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "stackgen"
MODULES = sorted(SOURCE.rglob("*.py"))
FLOORS = (
    ("subprocesses", "checkout", "errors", "homes", "loopback", "printable", "progress"),
    ("toolchain", "spec"),
    ("contracts", "descriptors"),
    ("providers",),
    ("catalog",),
    ("planning",),
    ("program",),
    ("disk",),
    ("engine", "verification", "golden"),
    ("environment",),
    ("swap",),
    ("authoring",),
    ("cli",),
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
CLOUDS = (
    r"aws|amazon|gcp|google(?!\.protobuf)|bedrock|vertex|sagemaker|aurora|alloydb|postgresql|kserve|jaeger"
)
SERVERS = r"llama[._-]?cpp|litellm|mlserver|versitygw|victoriametrics|vllm|cloudnative"
VENDORS = re.compile(rf"\b({CLOUDS}|{SERVERS})\b", re.IGNORECASE)
# A contract and its mover speak an open wire interface, and say whose: PostgreSQL's, S3's. They know no server.
IN_CONTRACTS = re.compile(rf"\b({SERVERS}|bedrock|vertex|sagemaker|aurora|alloydb)\b", re.IGNORECASE)
COPIED_INTO_PROGRAMS = re.compile(
    r"providers/\w+/(program/|foundation/\w+/component\.py)|catalog/\w+/\w+/(component\.py|files/)|engine/host/"
)
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


def _arrows() -> dict[tuple[str, str], list[str]]:
    """(importing package, imported package) → the imports, as sentences."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for path in MODULES:
        if COPIED_INTO_PROGRAMS.match(path.relative_to(SOURCE).as_posix()):
            continue
        for name in _imports(path):
            parts = name.split(".")
            if parts[0] == "stackgen" and len(parts) > 1 and parts[1] != _room(path):
                sentence = f"{path.relative_to(SOURCE)} imports {name}"
                arrows.setdefault((_room(path), parts[1]), []).append(sentence)
    return arrows


def test_every_package_has_a_floor() -> None:
    assert {_room(path) for path in MODULES} - {"__init__"} == FLOOR.keys()


def test_data_flows_one_way() -> None:
    upward = [
        sentence
        for (importer, imported), sentences in _arrows().items()
        if importer != "__init__" and FLOOR[importer] < FLOOR[imported]
        for sentence in sentences
    ]
    assert upward == []


def test_no_packages_import_each_other() -> None:
    """Also not round a corner: packages of one floor could, and the floors alone would not show it."""
    arrows = {arrow: None for arrow in _arrows() if "__init__" not in arrow}
    try:
        tuple(TopologicalSorter(_graph(arrows)).static_order())
    except CycleError as error:
        pytest.fail(f"packages import each other: {' -> '.join(error.args[1])}")


def _graph(arrows: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for importer, imported in arrows:
        graph.setdefault(importer, set()).add(imported)
    return graph


def test_no_function_of_a_package_has_the_name_of_a_module_of_it() -> None:
    """Python would put the module in its place as soon as that is imported."""
    taken = [
        f"{path.relative_to(SOURCE)}: {node.name}"
        for path in MODULES
        if path.name == "__init__.py"
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and {path.with_name(node.name), path.with_name(f"{node.name}.py")} & {*path.parent.iterdir()}
    ]
    assert taken == []


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
    return bool(
        re.match(
            r"engine/|providers/\w+/(program/|foundation/\w+/component\.py)|catalog/\w+/\w+/component\.py",
            path,
        )
    )


def _words(path: Path) -> re.Pattern[str]:
    return IN_CONTRACTS if _room(path) in {"contracts", "moving"} else VENDORS
