"""Files of a checkout are read and written by one module: elsewhere each call is of a module listed here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.test_house_rules import MODULES, SOURCE

pytestmark = pytest.mark.unit
READER = "checkout.py"
READING = {"read_text", "read_bytes", "open", "copy", "copy2", "copyfile", "copytree"}
# What a program carries runs without stackgen, and what the engine's host reads is the program that it runs.
COPIED = re.compile(r"providers/\w+/program/|/component\.py|/files/|engine/host/")
OTHERS = {
    # what stackgen itself is made of, or a catalog that the user trusts to run its code
    "authoring/skeletons.py": "templates of the package",
    "catalog/models.py": "the table of models",
    "cli/completion.py": "scripts of the package",
    "cli/new.py": "blueprints of the package",
    "engine/build.py": "the engine's sources, of the package, and what was built of them",
    "toolchain/go.py": "a lock of the package",
    "swap/report/sources.py": "lines of descriptors, of which only the numbers are shown",
    "contracts/pgvector/dump.py": "a lock of the package",
    "descriptors/regions.py": "tables of the package",
    "program/build.py": "components of the catalog",
    "program/modules.py": "modules of the catalog's providers",
    "program/requirements.py": "pins of the package",
    "program/templating.py": "the module itself",
    "verification/board_pages.py": "a template of the package",
    "verification/records.py path.read_bytes": "components of the catalog",
    # what is in the user's own homes for data, caches and configuration
    "catalog/pins.py": "the user's list of pins, and regular files of a catalog, for their digests",
    "catalog/trust.py": "the user's list of trusted catalogs",
    "engine/healing.py": "the state folder",
    "engine/deployment_notes.py": "the data home",
    "engine/locks.py": "the state folder",
    "contracts/copy_notes.py": "the data home",
    "swap/journal.py": "the data home",
    "verification/signing.py": "the user's key",
    # what the system says
    "subprocesses/memory.py": "the memory of this process",
    "subprocesses/serving.py": "the null device",
    # the same care by other means
    "cli/binding_files.py": "writes below folders that it holds open, and follows no link",
    "disk/replacing.py": "carries links over as links",
    "disk/unchanged.py": "its own notes, and regular files of a program, for their digests",
    # what a server answered
    "contracts/mlflow/contract.py": "an artifact that the client has fetched into a folder of ours",
    "contracts/mlflow/server.py": "an artifact that the client has fetched into a folder of ours",
}


WRITING = {"write_text", "write_bytes"}
WRITERS = {
    "catalog/pins.py": "the user's list of pins",
    "catalog/trust.py": "the user's list of trusted catalogs",
    "cli/new.py": "a folder that it makes",
    "contracts/mlflow/contract.py": "a folder of ours",
    "engine/build.py": "the cache",
    "engine/deployment_notes.py": "the data home",
    "engine/reviewed_program.py": "the cache",
    "engine/program_environment.py": "the cache",
    "engine/projects.py": "the cache",
    "disk/replacing.py": "a folder that it makes beside the program's, and puts in its place",
    "disk/staging.py": "a folder of ours",
}


def reading() -> Iterator[tuple[str, str]]:
    """Module and call, of everything that reads a file; `copy` only of modules, since values have one too."""
    for path in MODULES:
        name = path.relative_to(SOURCE).as_posix()
        if name == READER or COPIED.search(name):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                owner, _, called = ast.unparse(node.func).rpartition(".")
                if called in READING and owner != "checkout" and (owner == "shutil" or "copy" not in called):
                    yield name, ast.unparse(node.func)


def test_nothing_else_reads_files_of_a_checkout() -> None:
    found = [f"{name}: {call}" for name, call in reading() if not OTHERS.keys() & {name, f"{name} {call}"}]
    assert found == [], "read it with stackgen.checkout.read_file, or say here why it can be no stranger's"


def test_nothing_else_writes_files_of_a_checkout() -> None:
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITING
    }
    found = {name for name in found if not COPIED.search(name)}
    assert found == WRITERS.keys(), (
        "write it with stackgen.checkout.write_file, or say here why no stranger is there"
    )


def test_every_exception_is_one() -> None:
    used = {word for name, call in reading() for word in (name, f"{name} {call}")}
    assert OTHERS.keys() - used == set()
