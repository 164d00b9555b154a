"""What a server plants in the folders that it can write to changes nothing outside them, and stops nothing."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stackgen.providers.local.operations import PROGRAM

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="servers run as another account only where stackgen is root"
    ),
]
ACCOUNT = pwd.getpwnam("nobody")
AS_ACCOUNT = (
    "import os, sys, warnings; os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[2])); "
    "os.execvp(sys.argv[3], sys.argv[3:])"
)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import workspace_files  # pyright: ignore

    return workspace_files


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may pass through; the workspace is in it, and so is the victim's folder."""
    with tempfile.TemporaryDirectory(prefix="stackgen-planted-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def workspace(files: Any, place: Path) -> Path:
    for name in ("data", "run", "supervisor"):
        files.make_operator_folder(place / "workspace" / name)
    for name in ("data/db", "run/web", "logs", "supervisor/state"):
        files.make_folder(place / "workspace" / name)
    return place / "workspace"


@pytest.fixture
def victim(place: Path) -> Path:
    """What belongs to root: a folder and a file in it."""
    folder = place / "victim"
    folder.mkdir(mode=0o755)
    (folder / "secret").write_text("of root alone")
    (folder / "secret").chmod(0o600)
    return folder


def as_account(*command: str) -> int:
    """Run a command as the account that servers run as; its exit status."""
    arguments = [sys.executable, "-c", AS_ACCOUNT, str(ACCOUNT.pw_gid), str(ACCOUNT.pw_uid), *command]
    return subprocess.run(arguments, check=False, capture_output=True, cwd="/").returncode


def seen(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Owner, mode and content of a folder and what is in it."""
    paths = [folder, *sorted(folder.rglob("*"))]
    return {
        str(p): (p.lstat().st_uid, p.lstat().st_mode, p.read_bytes() if p.is_file() else b"") for p in paths
    }


def refused(act: Callable[[], Any]) -> None:
    """Run it; that it is refused is as good as that it does no harm."""
    try:
        act()
    except Exception as error:
        assert str(error)


def test_servers_can_not_replace_the_folders_that_stackgen_made(workspace: Path) -> None:
    for name in ("run", "run/web", "data", "data/db", "supervisor", "supervisor/state", "logs"):
        path = str(workspace / name)
        assert as_account("mv", path, f"{path}.old") != 0, name
        assert as_account("ln", "-s", "/etc", f"{path}.link") != 0 or name in ("run/web", "data/db"), name
    assert as_account("touch", str(workspace / "supervisor" / "processes.conf")) != 0
    assert as_account("touch", str(workspace / "run" / "web" / "scratch")) == 0
    assert as_account("ls", str(workspace)) != 0, "names are for those who know them"


ACTIONS = {
    "write": lambda files, path: files.write(path, "content", 0o600),
    "write below": lambda files, path: files.write(path / "inner", "content", 0o600),
    "new file": lambda files, path: files.new_file(path).__enter__().write(b"content"),
    "make folder": lambda files, path: files.make_folder(path),
    "make folder below": lambda files, path: files.make_folder(path / "inner"),
    "read": lambda files, path: files.read(path),
    "read below": lambda files, path: files.read(path / "secret"),
    "tail": lambda files, path: files.tail(path, 5),
    "tail below": lambda files, path: files.tail(path / "secret", 5),
    "remove": lambda files, path: files.remove(path),
    "remove below": lambda files, path: files.remove(path / "secret"),
    "remove tree": lambda files, path: files.remove_tree(path),
    "discard": lambda files, path: files.discard_planted(path),
    "remove tree below": lambda files, path: files.remove_tree(path / "inner"),
    "files below": lambda files, path: files.files_below(path),
}
PLANTED = {
    "link to folder": lambda path, victim: as_account("ln", "-s", str(victim), str(path)),
    "link to file": lambda path, victim: as_account("ln", "-s", str(victim / "secret"), str(path)),
    "link to nothing": lambda path, victim: as_account("ln", "-s", str(victim / "new"), str(path)),
    "pipe": lambda path, _: as_account("mkfifo", str(path)),
    # The account may not make this link where fs.protected_hardlinks is on; elsewhere it may.
    "hard link": lambda path, victim: os.link(victim / "secret", path),
    "folder with a link": lambda path, victim: (
        as_account("mkdir", str(path)) or as_account("ln", "-s", str(victim / "secret"), str(path / "secret"))
    ),
}


@pytest.mark.timeout(60)  # a pipe that is opened for reading waits for ever
@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_planted_changes_nothing_outside(
    files: Any, workspace: Path, victim: Path, action: str, planted: str
) -> None:
    path = workspace / "run" / "web" / "thing"
    PLANTED[planted](path, victim)
    assert path.is_symlink() or path.exists()
    before = seen(victim)
    results: list[Any] = []
    refused(lambda: results.append(ACTIONS[action](files, path)))
    assert {key: value[:2] for key, value in seen(victim).items()} == {k: v[:2] for k, v in before.items()}
    assert seen(victim) == before
    assert not any("of root alone" in str(result) for result in results)


def test_what_was_planted_before_a_folder_became_ours_is_discarded(
    files: Any, place: Path, victim: Path
) -> None:
    """Workspaces of former versions belong to the account, with all that it has put there."""
    run, before = files.make_folder(place / "former" / "run"), seen(victim)
    files.make_folder(run / "kept")
    files.write(run / "kept.txt", "of a server", 0o600)
    for made in (("ln", "-s", str(victim), str(run / "web")), ("mkfifo", str(run / "pipe"))):
        assert as_account(*made) == 0
    os.link(victim / "secret", run / "hard")
    files.make_operator_folder(run)
    assert sorted(path.name for path in run.iterdir()) == ["kept", "kept.txt"]
    assert files.read(run / "kept.txt") == b"of a server"
    with pytest.raises(OSError, match="No such file"):
        files.write(run / "web" / "planted", "x", 0o600)
    assert seen(victim) == before


def test_files_of_the_account_are_read_whole(files: Any, workspace: Path) -> None:
    path = workspace / "run" / "web" / "notes"
    files.write(path, "first\nsecond\n", 0o640)
    status = path.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (ACCOUNT.pw_uid, 0o640)
    assert files.read(path) == b"first\nsecond\n"
    assert files.tail(path, 1) == ["second"]
    assert files.names(path.parent) == ["notes"]


def test_a_folder_of_another_user_is_not_taken_over(files: Any, place: Path) -> None:
    other = place / "other"
    other.mkdir()
    os.chown(other, 4321, 4321)
    for make in (files.make_folder, files.make_operator_folder):
        with pytest.raises(Exception, match="belongs to another user"):
            make(other)
    assert other.stat().st_uid == 4321
    ours = place / "ours"
    ours.mkdir()
    (ours / "kept").touch()
    with pytest.raises(Exception, match="belongs to another user"):
        files.make_folder(ours)
    assert ours.stat().st_uid == 0


def test_folders_do_not_depend_on_the_umask(files: Any, place: Path) -> None:
    before = os.umask(0o077)
    try:
        files.make_folder(place / "home" / "stacks" / "data")
    finally:
        os.umask(before)
    assert as_account("touch", str(place / "home" / "stacks" / "data" / "file")) == 0


def test_a_spec_places_no_folder_outside_the_data_home(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import homes  # pyright: ignore

    (place / "home").mkdir()
    (place / "home" / "way-out").symlink_to(place)
    monkeypatch.setenv("STACKGEN_DATA_HOME", str(place / "home"))
    for outside in (str(place / "x"), "/etc/cron.d", f"{place}/home/../x", f"{place}/home/way-out/x"):
        with pytest.raises(Exception, match=r"outside the data home .* STACKGEN_DATA_DIRECTORIES="):
            homes.workspace_directory(outside)
    assert homes.workspace_directory(str(place / "home" / "inner")) == str(place / "home" / "inner")
    monkeypatch.setenv("STACKGEN_DATA_DIRECTORIES", f"/srv/other{os.pathsep}{place}/x")
    assert homes.workspace_directory(f"{place}/x/claims") == f"{place}/x/claims"
