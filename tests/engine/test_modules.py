"""What is read of a program, so that the engine runs nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.engine.modules import list_files, read_reviewed_modules

pytestmark = pytest.mark.unit


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a program in `dev`, and another folder beside it."""
    folder = tmp_path / "checkout"
    for name in (".git", "dev/part", "shared", "dev/__pycache__", "dev/venv"):
        (folder / name).mkdir(parents=True)
        (folder / name / "one.py").write_text(name)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "one.py").write_text("outside")
    (folder / "dev" / "__main__.py").write_bytes(b"# \xff")
    return folder


def test_links_are_followed_inside_the_checkout_alone(checkout: Path) -> None:
    program = checkout / "dev"
    for link, target in (
        ("again", "part"),
        ("round", "."),
        ("first", "../shared"),
        ("second", "../shared"),
        ("out", "../../outside"),
    ):
        (program / link).symlink_to(target)
    (program / "linked.py").symlink_to("part/one.py")
    (program / "outside.py").symlink_to("../../outside/one.py")
    found = read_reviewed_modules(program, program)
    assert found["sources"] == {
        "__main__.py": "# \xff",
        "linked.py": "dev/part",
        "part/one.py": "dev/part",
        "first/one.py": "shared",
    }
    assert found["links"] == {"again": "part", "round": ".", "second": "first"}


def test_a_staged_program_has_what_is_beside_its_own_folder(tmp_path: Path) -> None:
    program, staged = tmp_path / "dev", tmp_path / "staged"
    (program / "part").mkdir(parents=True)
    (program / "part" / "one.py").write_text("one")
    (program / "helper.py").write_text("helper")
    staged.mkdir()
    (staged / "__main__.py").write_text("main")
    for name in ("part", "helper.py"):
        (staged / name).symlink_to(program / name)
    found = read_reviewed_modules(staged, program)
    assert found["sources"] == {"__main__.py": "main", "helper.py": "helper", "part/one.py": "one"}
    assert len(list_files(program, program).files) == 2
