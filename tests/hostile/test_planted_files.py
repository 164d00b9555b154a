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
from tests.accounts import component_account
from tests.waiting import eventually

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="servers run as another account only where stackgen is root"
    ),
]
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
def workspace(files: Any, place: Path, as_account: AsAccount) -> Path:
    for name in ("data", "run"):
        files.make_operator_folder(place / "workspace" / name)
    for name in ("logs", "supervisor", "supervisor/state"):
        files.make_operator_folder(place / "workspace" / name, closed=True)
    for name in ("data/db", "run/web"):
        files.make_folder(place / "workspace" / name, as_account.account)
    return place / "workspace"


@pytest.fixture
def victim(place: Path) -> Path:
    """What belongs to root: a folder and a file in it."""
    folder = place / "victim"
    folder.mkdir(mode=0o755)
    (folder / "secret").write_text("of root alone")
    (folder / "secret").chmod(0o600)
    return folder


class AsAccount:
    """Runs commands as the account that a server runs as."""

    def __init__(self, account: Any) -> None:
        self.account = account

    def __call__(self, *command: str) -> int:
        """Exit status of the command."""
        arguments = [sys.executable, "-c", AS_ACCOUNT, str(self.account.gid), str(self.account.uid), *command]
        return subprocess.run(arguments, check=False, capture_output=True, cwd="/").returncode


@pytest.fixture(scope="module")
def as_account() -> Iterator[AsAccount]:
    with component_account(Path("/nowhere/planted"), "web") as account:
        yield AsAccount(account)


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


def test_servers_can_not_replace_the_folders_that_stackgen_made(
    workspace: Path, as_account: AsAccount
) -> None:
    for name in ("run", "run/web", "data", "data/db", "supervisor", "supervisor/state", "logs"):
        path = str(workspace / name)
        assert as_account("mv", path, f"{path}.old") != 0, name
        assert as_account("ln", "-s", "/etc", f"{path}.link") != 0 or name in ("run/web", "data/db"), name
    for closed in ("supervisor/processes.conf", "supervisor/state/s.sock", "logs/web.log"):
        assert as_account("touch", str(workspace / closed)) != 0
    assert as_account("touch", str(workspace / "run" / "web" / "scratch")) == 0
    assert as_account("ls", str(workspace)) != 0, "names are for those who know them"


ACTIONS = {
    "write": lambda files, path, account: files.write(path, "content", 0o600, account),
    "write below": lambda files, path, account: files.write(path / "inner", "content", 0o600, account),
    "new file": lambda files, path, _: files.new_file(path).__enter__().write(b"content"),
    "make folder": lambda files, path, account: files.make_folder(path, account),
    "make folder below": lambda files, path, account: files.make_folder(path / "inner", account),
    "give tree": lambda files, path, account: files.give_tree(path, account),
    "give tree above": lambda files, path, account: files.give_tree(path.parent, account),
    "read": lambda files, path, account: files.read(path, account),
    "read below": lambda files, path, account: files.read(path / "secret", account),
    "tail": lambda files, path, _: files.tail(path, 5),
    "tail below": lambda files, path, _: files.tail(path / "secret", 5),
    "remove": lambda files, path, _: files.remove_file(path),
    "remove below": lambda files, path, _: files.remove_file(path / "secret"),
    "remove tree": lambda files, path, _: files.remove_tree(path),
    "discard": lambda files, path, _: files.discard_planted(path),
    "remove tree below": lambda files, path, _: files.remove_tree(path / "inner"),
    "files below": lambda files, path, _: files.files_below(path),
    "take name": lambda files, path, account: files.take_name(path, account),
    "free name": lambda files, path, _: files.free_name(path),
}
PLANTED = {
    "link to folder": lambda as_account, path, victim: as_account("ln", "-s", str(victim), str(path)),
    "link to file": lambda as_account, path, victim: as_account(
        "ln", "-s", str(victim / "secret"), str(path)
    ),
    "link to nothing": lambda as_account, path, victim: as_account(
        "ln", "-s", str(victim / "new"), str(path)
    ),
    "pipe": lambda as_account, path, _: as_account("mkfifo", str(path)),
    # The account may not make this link where fs.protected_hardlinks is on; elsewhere it may.
    "hard link": lambda _, path, victim: os.link(victim / "secret", path),
    "folder with a link": lambda as_account, path, victim: (
        as_account("mkdir", str(path)) or as_account("ln", "-s", str(victim / "secret"), str(path / "secret"))
    ),
}


@pytest.mark.timeout(60)  # a pipe that is opened for reading waits for ever
@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_planted_changes_nothing_outside(
    files: Any, workspace: Path, victim: Path, as_account: AsAccount, action: str, planted: str
) -> None:
    path = workspace / "run" / "web" / "thing"
    PLANTED[planted](as_account, path, victim)
    assert path.is_symlink() or path.exists()
    before = seen(victim)
    results: list[Any] = []
    refused(lambda: results.append(ACTIONS[action](files, path, as_account.account)))
    assert {key: value[:2] for key, value in seen(victim).items()} == {k: v[:2] for k, v in before.items()}
    assert seen(victim) == before
    assert not any("of root alone" in str(result) for result in results)


@pytest.mark.parametrize("planted", PLANTED)
def test_a_name_in_a_folder_of_everybody_becomes_the_accounts(
    files: Any, place: Path, victim: Path, as_account: AsAccount, planted: str
) -> None:
    """A server makes a socket there, and could remove nothing of another user."""
    shared, before = place / "shared", seen(victim)
    shared.mkdir()
    shared.chmod(0o1777)
    path = shared / "server.sock"
    PLANTED[planted](as_account, path, victim)
    if planted != "hard link":
        os.chown(path, 4321, 4321, follow_symlinks=False)
    files.take_name(path, as_account.account)
    status = path.lstat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (as_account.account.uid, 0o600)
    assert (stat.S_ISREG(status.st_mode), status.st_size, status.st_nlink) == (True, 0, 1)
    assert as_account("rm", str(path)) == 0
    files.free_name(path)
    assert seen(victim) == before


def test_what_was_planted_before_a_folder_became_ours_is_discarded(
    files: Any, place: Path, victim: Path, as_account: AsAccount
) -> None:
    """Workspaces of former versions belong to the account, with all that it has put there."""
    run, before = files.make_folder(place / "former" / "run", as_account.account), seen(victim)
    files.make_folder(run / "kept", as_account.account)
    files.write(run / "kept.txt", "of a server", 0o600, as_account.account)
    for made in (("ln", "-s", str(victim), str(run / "web")), ("mkfifo", str(run / "pipe"))):
        assert as_account(*made) == 0
    os.link(victim / "secret", run / "hard")
    files.make_operator_folder(run)
    assert sorted(path.name for path in run.iterdir()) == ["kept", "kept.txt"]
    assert files.read(run / "kept.txt") == b"of a server"
    with pytest.raises(OSError, match="No such file"):
        files.write(run / "web" / "planted", "x", 0o600, None)
    assert seen(victim) == before


DEEP = """
import os, sys
os.chdir(sys.argv[1])
os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2]))
for _ in range(5000):
    os.mkdir("d"); os.chdir("d")
open("last", "w").close()
"""


def test_a_deep_folder_is_read_given_and_deleted_like_any_other(
    files: Any, place: Path, as_account: AsAccount
) -> None:
    former, tree = pwd.getpwnam("nobody"), place / "tree"
    tree.mkdir()
    os.chown(tree, former.pw_uid, former.pw_gid)
    command = [sys.executable, "-c", DEEP, str(tree), str(former.pw_uid), str(former.pw_gid)]
    subprocess.run(command, check=True, timeout=300)
    (last,) = files.files_below(tree)
    assert (last.count("d/"), last[-5:]) == (5000, "/last")
    files.give_tree(tree, as_account.account)
    assert as_account("sh", "-c", f"cd {tree} && find . -name last ! -user nobody | grep -q last") == 0
    files.remove_tree(tree)
    assert not tree.exists()


FILL = """
import os, sys
os.chdir(sys.argv[1]); os.setgid(4321); os.setuid(4321); number = 0
while True:
    number += 1
    try:
        os.close(os.open(f"{os.getpid()}-{number}", os.O_CREAT))
    except OSError as error:
        if error.errno != 28:
            break
"""


@pytest.mark.parametrize("below", [".", "inner"])
def test_a_folder_that_another_process_fills_is_deleted(files: Any, place: Path, below: str) -> None:
    tree = place / "tree"
    (tree / "inner").mkdir(parents=True)
    (tree / below).chmod(0o777)
    command = [sys.executable, "-c", FILL, str(tree / below)]
    makers = [subprocess.Popen(command) for _ in range(6)]
    try:
        eventually(lambda: len([*(tree / below).iterdir()]) > 100)
        files.remove_tree(tree)
        assert not tree.exists()
        assert all(maker.wait(60) >= 0 for maker in makers), "they can make no more"
    finally:
        for maker in makers:
            maker.kill()
            maker.wait()


ORDINARY = """
import os, sys
sys.path.insert(0, sys.argv[1])
os.environ["STACKGEN_DATA_HOME"], os.environ["STACKGEN_CACHE_HOME"] = sys.argv[2], sys.argv[2] + "/cache"
from pathlib import Path
from local_provider import workspace_files
from stackgen.engine import settings
os.setgroups([]); os.setgid(1234); os.setuid(1234); os.umask(0o022)
place = Path(sys.argv[2])
for make in (
    lambda: workspace_files.make_operator_folder(place / "supervisor", closed=True),
    lambda: workspace_files.make_folder(place, None),
    lambda: settings.engine_variables(place / "engine"),
):
    try:
        make()
        print("made")
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    "name",
    ["planted", "planted/inner", "link/inner", "team/planted", "team/own", "own", "of root/own", "new/inner"],
)
def test_an_ordinary_user_uses_no_folder_that_another_one_made_where_others_can(
    place: Path, name: str
) -> None:
    """In such a folder the other one can replace what runs, such as a server's start, and read what is secret."""
    scratch = place / "scratch"
    for folder, user, mode in (
        ("", 0, 0o1777),
        ("planted", 4321, 0o777),
        ("planted/inner", 4321, 0o777),
        ("team", 1234, 0o2770),
        ("team/planted", 4321, 0o777),
        ("team/own", 1234, 0o700),
        ("own", 1234, 0o755),
        ("of root", 0, 0o755),
        ("of root/own", 1234, 0o700),
        ("elsewhere", 1234, 0o755),
    ):
        (scratch / folder).mkdir()
        (scratch / folder).chmod(mode)
        os.chown(scratch / folder, user, user)
    (scratch / "link").symlink_to("elsewhere")
    os.lchown(scratch / "link", 4321, 4321)
    command = [sys.executable, "-c", ORDINARY, str(PROGRAM), str(scratch / name)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout.splitlines()
    if name.startswith("link") or "planted" in name:
        assert not [line for line in said if "belongs to another user" not in line], said
        assert [*(scratch / "elsewhere").iterdir()] == []
        assert sorted(path.name for path in (scratch / "planted").rglob("*")) == ["inner"]
    else:
        assert said == ["made"] * 3
        assert (scratch / name / "passphrase").stat().st_mode & 0o777 == 0o600


def test_files_of_the_account_are_read_whole(files: Any, workspace: Path, as_account: AsAccount) -> None:
    path, account = workspace / "run" / "web" / "notes", as_account.account
    files.write(path, "first\nsecond\n", 0o640, account)
    status = path.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (account.uid, 0o640)
    assert files.read(path, account) == b"first\nsecond\n"
    with pytest.raises(OSError, match="not a regular file of the server's account"):
        files.read(path)
    assert files.list_folder(path.parent) == ["notes"]


def test_a_folder_of_another_user_is_not_taken_over(files: Any, place: Path, as_account: AsAccount) -> None:
    def make_folder(path: Path) -> None:
        files.make_folder(path, as_account.account)

    def give_tree(path: Path) -> None:
        files.give_tree(path, as_account.account)

    other = place / "other"
    other.mkdir()
    os.chown(other, 4321, 4321)
    for make in (make_folder, files.make_operator_folder, give_tree):
        with pytest.raises(Exception, match="belongs to another user"):
            make(other)
    assert other.stat().st_uid == 4321
    ours = place / "ours"
    ours.mkdir()
    (ours / "kept").touch()
    for make in (make_folder, give_tree):
        with pytest.raises(Exception, match="belongs to another user"):
            make(ours)
    assert ours.stat().st_uid == 0


def test_data_of_another_account_of_servers_is_given_whole(
    files: Any, place: Path, victim: Path, as_account: AsAccount
) -> None:
    """Former versions ran every server as `nobody`; a component that is renamed has another account."""
    former, data, before = pwd.getpwnam("nobody"), place / "data", seen(victim)
    for path in (data, data / "inner"):
        path.mkdir()
        (path / "file").write_text("of a server")
        (path / "link").symlink_to(victim / "secret")
        os.mkfifo(path / "pipe")
    (data / "of root").touch()
    os.link(victim / "secret", data / "hard")
    for path in (data, data / "inner", data / "file", data / "inner" / "file", data / "inner" / "pipe"):
        os.chown(path, former.pw_uid, former.pw_gid)
    files.give_tree(data, as_account.account)
    given = sorted(
        str(p.relative_to(data)) for p in data.rglob("*") if p.lstat().st_uid == as_account.account.uid
    )
    assert given == ["file", "inner", "inner/file"]
    assert (data.stat().st_uid, stat.S_IMODE(data.stat().st_mode)) == (as_account.account.uid, 0o700)
    assert seen(victim) == before


def test_folders_do_not_depend_on_the_umask(files: Any, place: Path, as_account: AsAccount) -> None:
    before = os.umask(0o077)
    try:
        files.make_folder(place / "home" / "stacks" / "data", as_account.account)
    finally:
        os.umask(before)
    assert as_account("touch", str(place / "home" / "stacks" / "data" / "file")) == 0


@pytest.fixture
def ownership(monkeypatch: pytest.MonkeyPatch, place: Path) -> Any:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import ownership  # pyright: ignore

    (place / "home").mkdir()
    monkeypatch.setenv("STACKGEN_DATA_HOME", str(place / "home"))
    monkeypatch.delenv("STACKGEN_DATA_DIRECTORIES", raising=False)
    monkeypatch.setattr("pulumi.get_project", lambda: "mine")
    monkeypatch.setattr("pulumi.get_stack", lambda: "dev")
    return ownership


def test_a_spec_places_no_folder_outside_its_own(
    monkeypatch: pytest.MonkeyPatch, ownership: Any, place: Path
) -> None:
    home = place / "home"
    (home / "way-out").symlink_to(place)
    outside = [str(place / "x"), "/etc/cron.d", f"{home}/../x", f"{home}/way-out/x"]
    outside += [
        str(home),
        f"{home}/state",
        f"{home}/stacks",
        f"{home}/stacks/other/dev",
        f"{home}/stacks/mine/../other",
        f"{home}/stacks/mine",
    ]
    for chosen in outside:
        with pytest.raises(Exception, match=r"not below this stack's folder .* STACKGEN_DATA_DIRECTORIES="):
            ownership.workspace_directory(chosen)
    assert ownership.workspace_directory() == f"{home}/stacks/mine/dev"
    assert ownership.workspace_directory(f"{home}/stacks/mine/elsewhere") == f"{home}/stacks/mine/elsewhere"
    monkeypatch.setenv("STACKGEN_DATA_DIRECTORIES", f"/srv/other{os.pathsep}{place}/x")
    assert ownership.workspace_directory(f"{place}/x/claims") == f"{place}/x/claims"


def test_a_workspace_below_another_environments_is_refused_by_default_too(
    monkeypatch: pytest.MonkeyPatch, ownership: Any, place: Path
) -> None:
    own = place / "home" / "stacks" / "mine"
    own.mkdir(parents=True)
    monkeypatch.setenv("STACKGEN_DATA_DIRECTORIES", str(own))
    assert ownership.workspace_directory(str(own)) == str(own)
    ownership.claim(own, "mine/prod")
    with pytest.raises(Exception, match="is in the workspace of the environment mine/prod"):
        ownership.workspace_directory()


@pytest.mark.parametrize("below", ["", "data/db", "data"])
def test_a_workspace_is_not_another_environments(
    monkeypatch: pytest.MonkeyPatch, ownership: Any, workspace: Path, below: str
) -> None:
    """Its owner's file says so, and where it has none, what it holds does."""
    monkeypatch.setenv("STACKGEN_DATA_DIRECTORIES", str(workspace.parent))
    (workspace / "data" / "db" / "PG_VERSION").write_text("18")
    with pytest.raises(Exception, match=r"does not say whose it is; .* run `echo mine/dev > "):
        ownership.workspace_directory(str(workspace))
    ownership.claim(workspace, "other/dev")
    with pytest.raises(Exception, match=f"{workspace}.* is in the workspace of the environment other/dev"):
        ownership.workspace_directory(str(workspace / below))
    ownership.claim(workspace, "mine/dev")
    assert ownership.workspace_directory(str(workspace)) == str(workspace)
    ownership.release(workspace)
    assert (workspace / ownership.OWNER).exists(), "it holds data"
