"""Nothing is installed that isn't named by version and digest; nothing of a user's is ever run as code."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.planning.plan import PULUMI_REQUIREMENT
from stackgen.program.requirements import pin_requirements

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "stackgen"
LOCKS = sorted(
    (
        *ROOT.glob("requirements/*.txt"),
        *SOURCE.glob("catalog/*/*/files/requirements.txt"),
        *SOURCE.glob("**/locks/*.txt"),
        *ROOT.glob("blueprints/*/*/requirements.txt"),
        *ROOT.glob("stacks/*/*/requirements.txt"),
    )
)
PIN = re.compile(r"[\w.-]+==[\w.!+-]+( ; .+)?( +--hash=sha256:[0-9a-f]{64})+")


def pins(text: str) -> list[str]:
    joined = re.sub(r" *\\\n *", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def wanted() -> set[str]:
    shelf = Shelf()
    found = {
        PULUMI_REQUIREMENT,
        *(line for name in shelf.provider_folders for line in shelf.provider(name).requirements),
    }
    entries = [entry for known in shelf.implementations.values() for entry in known.values()]
    return found | {line for entry in entries for line in entry.implementation.requirements}


@pytest.mark.parametrize("place", LOCKS, ids=lambda place: place.relative_to(ROOT).as_posix())
def test_a_lock_names_every_package_by_version_and_digest(place: Path) -> None:
    found = pins(place.read_text())
    assert found
    assert [line for line in found if not PIN.fullmatch(line)] == [], "run `make locks`"


def test_the_development_lock_has_everything_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    lines += [line for extra in project["project"]["optional-dependencies"].values() for line in extra]
    named = {re.split(r"[^\w.-]", line)[0].lower() for line in lines} - {"stackgen"}
    locked = {
        line.partition("==")[0] for line in pins((ROOT / "requirements" / "development.txt").read_text())
    }
    assert named - locked == set(), "run `make locks`"


def test_every_requirement_of_the_shelf_is_pinned() -> None:
    known = json.loads((SOURCE / "program" / "pins.json").read_text())
    assert wanted() <= {*known["requirements"]}, "run `make locks`"
    text = pin_requirements(sorted(wanted()))
    assert {line.partition("==")[0] for line in pins(text)} == {*known["packages"]}
    assert all(PIN.fullmatch(line) for line in pins(text))


def test_a_lock_is_whole_or_none() -> None:
    assert (
        pin_requirements(("pulumi>=3.200,<4", "something-private>=1"))
        == "pulumi>=3.200,<4\nsomething-private>=1\n"
    )


def test_installers_refuse_another_file_than_the_locked_one(tmp_path: Path) -> None:
    place = SOURCE / "providers" / "local" / "program" / "local_provider" / "locks" / "supervisor.txt"
    wrong = tmp_path / "requirements.txt"
    wrong.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", place.read_text()))
    from uv import find_uv_bin

    command = [
        find_uv_bin(),
        "pip",
        "install",
        "--require-hashes",
        "--target",
        str(tmp_path / "x"),
        "-r",
        str(wrong),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ash mismatch" in done.stderr or "network" in done.stderr or "error" in done.stderr


FORBIDDEN = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "marshal.loads", "shelve.open"),
    *(
        "pickle.load",
        "pickle.loads",
        "yaml.load",
        "yaml.unsafe_load",
        "yaml.full_load",
        "subprocess.getoutput",
    ),
    *("tempfile.mktemp", "ssl._create_unverified_context", "cloudpickle.loads", "dill.loads"),
}


def _templates(node: ast.Call) -> bool:
    """Whether text is made a template of, other than a file of stackgen's own."""
    return called(node).endswith(".from_string") and not ast.unparse(node.args[0]).startswith(
        "TEMPLATE.read_text("
    )


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


@pytest.mark.parametrize("place", [SOURCE, ROOT / "blueprints", ROOT / "tools"], ids=lambda place: place.name)
def test_nothing_of_a_users_is_run_as_code(place: Path) -> None:
    found: list[str] = []
    for path in sorted(place.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            shell = any(
                word.arg == "shell"
                and not (isinstance(word.value, ast.Constant) and word.value.value is False)
                for word in node.keywords
            )
            unverified = any(
                word.arg == "verify" and isinstance(word.value, ast.Constant) and word.value.value is False
                for word in node.keywords
            )
            shell = shell and called(node) != "shtab.complete"  # which shell to write a completion for
            safe = (
                called(node) == "yaml.load" and path.name == "models.py"
            )  # stackgen's own table, a safe loader
            if (called(node) in FORBIDDEN and not safe) or shell or unverified or _templates(node):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {called(node)}")
    assert found == []


def test_the_licences_page_lists_what_programs_and_the_generator_run_on() -> None:
    page = (ROOT / "docs" / "licences.md").read_text()
    known = json.loads((SOURCE / "program" / "pins.json").read_text())["packages"]
    absent = [name for name in known if f"| {name} |" not in page]
    assert absent == [], "run `make locks`"
