"""A program's folder: replaced as a whole, nothing outside it touched, nobody's work lost."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import replace as varied
from pathlib import Path

import pytest

from stackgen.disk import replacing
from stackgen.disk.lock_file import files_in_lock
from stackgen.disk.writing import compare_folder, diff_folder, write_program
from stackgen.errors import StackgenError
from stackgen.program.build import Program
from stackgen.program.lock import LOCK

pytestmark = pytest.mark.unit


def program(folder: Path, text: str = "1\n") -> Program:
    """A small program whose lock is as real ones are."""
    import hashlib

    files = {"__main__.py": f"x = {text}".encode(), "components/__init__.py": b"", "components/a.py": b"a\n"}
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    files[LOCK] = json.dumps({"files": digests, "text": text}).encode()
    return Program(folder, files, {"extensions.py": b"# yours\n"}, folder.parent)


def refused(given: Program, code: str) -> None:
    with pytest.raises(StackgenError) as caught:
        write_program(given)
    assert caught.value.problems[0].code == code, caught.value.problems


def link(path: Path, victim: Path) -> None:
    path.unlink()
    path.symlink_to(victim)


def folder_link(path: Path, victim: Path) -> None:
    for child in path.parent.iterdir():
        child.unlink()
    path.parent.rmdir()
    path.parent.symlink_to(victim.parent)


def pipe(path: Path, _victim: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path, _victim: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "notes").write_text("mine")


def edit(path: Path, _victim: Path) -> None:
    path.write_text("a\r\n")


@pytest.mark.parametrize("tamper", [link, folder_link, pipe, folder, edit], ids=lambda f: f.__name__)
@pytest.mark.parametrize("with_lock", [True, False], ids=["lock", "no-lock"])
def test_what_stands_where_a_file_goes_is_noticed_never_followed(
    tmp_path: Path, tamper: Callable[[Path, Path], None], with_lock: bool
) -> None:
    target, victim = tmp_path / "dev", tmp_path / "outside" / "a.py"
    victim.parent.mkdir()
    victim.write_text("secret of somebody's")
    write_program(program(target))
    tamper(target / "components" / "a.py", victim)
    if not with_lock:
        (target / LOCK).unlink()
    for text in ("1\n", "2\n"):
        refused(program(target, text), "hand-edited")
        assert "secret of" not in "".join(diff_folder(program(target, text)))
    write_program(program(target, "2\n"), force=True)
    assert (target / "components" / "a.py").read_bytes() == b"a\n"
    assert not (target / "components").is_symlink()
    assert victim.read_text() == "secret of somebody's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dev", "outside"]


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "components/../../outside", "a//b", "."])
def test_a_strangers_lock_leads_nowhere(tmp_path: Path, name: str) -> None:
    target = tmp_path / "dev"
    write_program(program(target))
    (tmp_path / "outside").write_text("secret of somebody's")
    content = json.loads((target / LOCK).read_text())
    content["files"][name] = "0" * 64
    (target / LOCK).write_text(json.dumps(content))
    assert name not in files_in_lock(target)
    assert "secret of" not in "".join(diff_folder(program(target, "2\n")))
    assert write_program(program(target, "2\n")).deleted == ()
    assert (tmp_path / "outside").exists()


def test_a_lock_that_claims_the_users_file_takes_nothing(tmp_path: Path) -> None:
    import hashlib

    target = tmp_path / "dev"
    write_program(program(target))
    (target / "extensions.py").write_text("mine = 1\n")
    content = json.loads((target / LOCK).read_text())
    content["files"]["extensions.py"] = hashlib.sha256(b"mine = 1\n").hexdigest()
    (target / LOCK).write_text(json.dumps(content))
    write_program(program(target, "2\n"))
    assert (target / "extensions.py").read_text() == "mine = 1\n"


def test_a_folder_that_is_no_program_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "app"
    target.mkdir()
    (target / "server.py").write_text("mine")
    refused(program(target), "not-a-program")
    assert [path.name for path in target.iterdir()] == ["server.py"]
    (target / "server.py").rename(target / "Pulumi.dev.yaml")
    assert write_program(program(target))
    assert (target / "Pulumi.dev.yaml").read_text() == "mine"


@pytest.mark.parametrize("dangling", [True, False])
def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path, dangling: bool) -> None:
    elsewhere = tmp_path / "elsewhere"
    if not dangling:
        elsewhere.mkdir()
    (tmp_path / "dev").symlink_to(elsewhere)
    refused(program(tmp_path / "dev"), "not-a-folder")
    assert (tmp_path / "dev").is_symlink()
    assert not dangling or not elsewhere.exists()


def test_what_the_user_keeps_in_the_folder_stays(tmp_path: Path) -> None:
    target = tmp_path / "dev"
    write_program(program(target))
    (target / "mine" / "deep").mkdir(parents=True)
    (target / "mine" / "empty").mkdir()
    (target / "mine" / "deep" / "x").write_text("x")
    (target / "mine" / "link").symlink_to("deep")
    (target / "dangling").symlink_to("nowhere")
    os.mkfifo(target / "mine" / "pipe")
    write_program(program(target, "2\n"))
    assert (target / "mine" / "deep" / "x").read_text() == "x"
    assert (target / "mine" / "empty").is_dir()
    assert (target / "mine" / "link").readlink() == Path("deep")
    assert (target / "dangling").is_symlink()
    assert (target / "mine" / "pipe").is_fifo()


def _during(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Have `action` happen when the new folder is ready and the old one still stands."""
    real, done = replacing.exchange_folders, []

    def swap(new: Path, target: Path) -> None:
        if not done:
            done.append(action())
        real(new, target)

    monkeypatch.setattr(replacing, "exchange_folders", swap)


def test_an_edit_while_it_is_replaced_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "dev"
    write_program(program(target))
    _during(monkeypatch, lambda: (target / "components" / "a.py").write_text("just now\n"))
    refused(program(target, "2\n"), "changed-meanwhile")
    assert (target / "components" / "a.py").read_text() == "just now\n"
    assert (target / "__main__.py").read_text() == "x = 1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]


def test_a_file_saved_while_it_is_replaced_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "dev"
    write_program(program(target))

    def save() -> None:
        (target / "Pulumi.dev.yaml").write_text("config: {}\n")
        (tmp_path / "new").write_text("# edited\n")
        (tmp_path / "new").replace(target / "extensions.py")

    _during(monkeypatch, save)
    write_program(program(target, "2\n"))
    assert (target / "Pulumi.dev.yaml").read_text() == "config: {}\n"
    assert (target / "extensions.py").read_text() == "# edited\n"
    assert (target / "__main__.py").read_text() == "x = 2\n"


def test_leftovers_of_a_killed_run_go_with_the_next(tmp_path: Path) -> None:
    target = tmp_path / "dev"
    write_program(program(target))
    (tmp_path / ".dev.stackgen-abc" / "components").mkdir(parents=True)
    (tmp_path / ".dev.stackgen-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / ".dev.mine").mkdir()
    write_program(program(target))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".dev.mine", "dev"]


def test_where_folders_cannot_be_exchanged_the_old_one_comes_back(tmp_path: Path) -> None:
    target = tmp_path / "dev"
    write_program(program(target))
    target.rename(tmp_path / ".dev.stackgen-old")
    assert not write_program(program(target))
    assert [path.name for path in tmp_path.iterdir()] == ["dev"]


def test_where_there_are_no_hard_links_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "dev"
    write_program(program(target))
    (target / "notes").write_text("mine")

    def link(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    write_program(program(target, "2\n"))
    assert (target / "notes").read_text() == "mine"


def test_an_unreadable_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "dev"
    write_program(program(target))
    real = os.open

    def closed(path: str | Path, flags: int, *more: int, **names: int) -> int:
        if str(path).endswith("a.py"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *more, **names)

    monkeypatch.setattr(os, "open", closed)
    with pytest.raises(StackgenError) as caught:
        compare_folder(program(target, "2\n"))
    assert caught.value.problems[0].code == "cannot-read"


def test_a_file_that_is_no_longer_written_goes(tmp_path: Path) -> None:
    target = tmp_path / "dev"
    write_program(program(target))
    smaller = program(target, "2\n")
    files = {path: data for path, data in smaller.files.items() if path != "components/a.py"}
    assert write_program(varied(smaller, files=files)).deleted == ("components/a.py",)
    assert not (target / "components" / "a.py").exists()


def test_a_folder_that_another_process_locks_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can read a folder can lock it."""
    monkeypatch.setattr(replacing, "LOCK_WAIT_SECONDS", 0)
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(StackgenError, match="holds a lock on"), replacing.lock_folder(tmp_path / "dev"):
        pass
    os.close(other)
    with replacing.lock_folder(tmp_path / "dev"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="acts as another user")
def test_root_may_work_in_a_users_checkout_and_in_no_folder_that_another_planted(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "dev").mkdir(parents=True)
    for folder in (checkout, checkout / "dev"):
        os.chown(folder, 4321, 4321)
        folder.chmod(0o775)  # of a shell with umask 002
    found = program(checkout / "dev")
    with pytest.raises(PermissionError, match="it belongs to another user"):
        write_program(varied(found, spec=tmp_path))
    assert write_program(found).created
