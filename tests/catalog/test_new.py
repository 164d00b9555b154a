"""A skeleton of `stackgen catalog new` is right as it is, on every provider, and overwrites nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stackgen.authoring.checking import check_catalog
from stackgen.authoring.creation import create_skeleton
from stackgen.authoring.skeletons import FOLDER
from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import write_program
from stackgen.errors import StackgenError
from stackgen.planning.plan import check_stack
from stackgen.program.build import build_program
from stackgen.spec.loading import load_spec
from tests.clouds.recording import run_program
from tests.conftest import Cli

pytestmark = pytest.mark.unit
SHELF = Shelf()
CAPABILITIES = [name for name in SHELF.capability_names if not SHELF.capability(name).internal]
PROVIDERS = sorted(SHELF.provider_folders)
TOOLS = Path(sys.executable).parent


def begun(folder: Path, monkeypatch: pytest.MonkeyPatch, *wanted: str) -> Path:
    """A catalog with these implementations, in an empty folder that is the current one."""
    monkeypatch.chdir(folder)
    for name in wanted:
        create_skeleton(SHELF, name, Path("shelf"))
    return folder / "shelf"


def test_every_provider_has_a_skeleton() -> None:
    assert all((SHELF.provider_folders[name] / FOLDER).is_dir() for name in PROVIDERS)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_skeleton_of_every_capability_passes_the_checks(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = begun(tmp_path, monkeypatch, *(f"{name}/{provider}/my-own" for name in CAPABILITIES))
    checked = check_catalog(Shelf([root], lenient=True), root)
    assert [problem.render() for problem in checked.problems] == []
    assert len(checked.entries) == len(CAPABILITIES)
    assert checked.unreadable == {}
    files = [str(path) for path in root.rglob("*.py")]
    line = ["--isolated", "--line-length", "110"]
    for arguments in (["format", "--check", *line], ["check", "--ignore", "I001", *line]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, *files], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "local"])
def test_a_program_with_a_skeleton_passes_the_checks_of_generated_programs(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = begun(tmp_path, monkeypatch, f"vector_store/{provider}/my-own")
    example = root / "vector_store" / f"{provider}_my_own" / "example.yaml"
    (planned,) = check_stack(load_spec(example), Shelf([root])).values()
    folder = tmp_path / "program"
    write_program(build_program(planned, folder))
    recorded = run_program(folder, stack=planned.environment)
    assert recorded.violations == []
    token = f"stackgen:vector_store:{planned.components[0].entry.class_name}"
    assert token in [resource.type for resource in recorded.resources]
    command = [str(TOOLS / "ty"), "check", "--python", sys.prefix, "--project", str(folder)]
    command += ["--output-format", "concise", str(folder / "components"), str(folder / "__main__.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert [line for line in done.stdout.splitlines() if "error[" in line] == []


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = begun(tmp_path, monkeypatch, "job/local/mine")
    for file in (root / "test_catalog.py", tmp_path / "stackgen.toml", root / "job/local_mine/component.py"):
        file.write_text(f"{file.read_text()}# mine\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(StackgenError) as caught:
        create_skeleton(Shelf([root]), "job/local/mine", Path("shelf"))
    assert caught.value.problems[0].code == "exists"
    create_skeleton(Shelf([root]), "job/local/other", Path("shelf"))
    assert {path: path.read_bytes() for path in before} == before
    (root / "job" / "local_third").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StackgenError):
        create_skeleton(Shelf([root]), "job/local/third", Path("shelf"))


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("vector_store/local", "usage"),
        ("vector_store/local/My", "usage"),
        ("vector_store/local/../../x", "usage"),
        ("vector_stor/local/mine", "unknown-capability"),
        ("foundation/local/mine", "unknown-capability"),
        ("vector_store/locl/mine", "unknown-provider"),
        ("vector_store/local/postgresql", "exists"),
    ],
)
def test_what_can_not_begin_is_named(
    wanted: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StackgenError) as caught:
        create_skeleton(SHELF, wanted, Path("shelf"))
    assert caught.value.problems[0].code == code
    assert list(tmp_path.iterdir()) == []


def test_a_catalog_is_not_written_through_a_link_out_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    for folder in (checkout / ".git", elsewhere):
        folder.mkdir(parents=True)
    (checkout / "shelf").symlink_to(elsewhere)
    monkeypatch.chdir(checkout)
    with pytest.raises(StackgenError) as caught:
        create_skeleton(SHELF, "job/local/mine", Path("shelf"))
    assert caught.value.problems[0].code == "outside-checkout"
    assert list(elsewhere.iterdir()) == []


def test_from_the_command_line(cli: Cli) -> None:
    done = cli("catalog", "new", "object_store/local/mine")
    assert done.stderr == "next: stackgen catalog trust shelf\n"
    assert (cli.folder / "stackgen.toml").read_text() == 'catalogs = ["shelf"]\n'
    cli("catalog", "trust", "shelf")
    assert cli("catalog", "check").stdout == "shelf is right: 1 implementation\n"
    assert "local/mine" in cli("catalog", "list", "--capability", "object_store").stdout
    said = cli("catalog", "new", "job/local/mine", "--into", "more").stdout
    assert 'add "more" to `catalogs` in stackgen.toml' in said
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "shelf"]
    done = subprocess.run(
        command,
        cwd=cli.folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout
