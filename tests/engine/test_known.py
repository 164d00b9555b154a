"""What a machine notes of a deployment: the folder it comes from, and how its boxes were made."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.engine import deployment_notes
from stackgen.errors import StackgenError

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STACKGEN_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "one").mkdir()
    return tmp_path / "one"


def test_another_folder_is_refused_and_both_are_named(folder: Path) -> None:
    deployment_notes.refuse_another_checkout("case", "dev", folder)
    deployment_notes.write_note("case", "dev", folder, {"alpha": "1"})
    deployment_notes.refuse_another_checkout("case", "dev", folder)
    other = folder.with_name("two")
    other.mkdir()
    with pytest.raises(StackgenError) as caught:
        deployment_notes.refuse_another_checkout("case", "dev", other)
    (problem,) = caught.value.problems
    assert problem.code == "another-checkout"
    assert str(folder) in problem.message
    assert str(other) in problem.message
    assert "--take-over" in (problem.next or "")
    deployment_notes.refuse_another_checkout("case", "test", other)


def test_a_folder_that_was_moved_is_the_same_one(folder: Path) -> None:
    deployment_notes.write_note("case", "dev", folder, {})
    moved = folder.rename(folder.with_name("moved"))
    deployment_notes.refuse_another_checkout("case", "dev", moved)


def test_a_folder_that_has_another_ones_inode_is_not_that_one(folder: Path) -> None:
    """File systems give a new folder the inode of one that was deleted just before."""
    deployment_notes.write_note("case", "dev", folder, {})
    before = folder.stat().st_ino
    folder.rmdir()
    others = [folder.with_name(f"other{number}") for number in range(50)]
    for other in others:
        other.mkdir()
    same = [other for other in others if other.stat().st_ino == before]
    for other in same or others:
        with pytest.raises(StackgenError, match="is deployed from"):
            deployment_notes.refuse_another_checkout("case", "dev", other)


def test_what_is_noted_is_read_and_forgotten(folder: Path) -> None:
    deployment_notes.write_note("case", "dev", folder, {"alpha": "1"})
    found = deployment_notes.read_note("case", "dev")
    assert found is not None
    assert found.boxes == {"alpha": "1"}
    deployment_notes.update_note("case", "dev", "seen")
    again = deployment_notes.read_note("case", "dev")
    assert again is not None
    assert again.boxes == {"alpha": "1"}
    assert again.state == "seen"
    deployment_notes.remove_note("case", "dev")
    assert deployment_notes.read_note("case", "dev") is None
    assert not (folder.parent / "data" / "deployments").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"folder": "/x"}', "null"])
def test_a_spoiled_note_is_none(folder: Path, text: str) -> None:
    deployment_notes.write_note("case", "dev", folder, {})
    (file,) = (folder.parent / "data" / "deployments").rglob("*.json")
    file.write_text(text)
    assert deployment_notes.read_note("case", "dev") is None
