"""The accounts that components run as are made once, are of one group, and go as a whole."""

from __future__ import annotations

import grp
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stackgen.providers.local.operations import PROGRAM
from tests.waiting import eventually

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes accounts"),
]
WORKSPACE = "/nowhere/accounts"
MAKE = """
import sys
sys.path.insert(0, sys.argv[1])
from local_provider.account import account_name
from local_provider.service_accounts import service_account
found = service_account(account_name(sys.argv[2], sys.argv[3]))
print(found.uid, found.gid)
"""


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(PROGRAM))
    monkeypatch.delenv("STACKGEN_SERVICE_USER", raising=False)
    from local_provider import service_accounts  # pyright: ignore

    yield service_accounts
    for each in service_accounts.accounts_of(WORKSPACE):
        service_accounts.delete_account(each)


def account_name(workspace: str, component: str | None = None) -> str:
    from local_provider.account import account_name as name  # pyright: ignore

    return str(name(workspace, component))


def test_updates_that_run_at_once_make_each_account_once(accounts: Any) -> None:
    names = ["web", "web", "store", "store", "chat", "chat"]
    made = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, str(PROGRAM), WORKSPACE, name], stdout=subprocess.PIPE, text=True
        )
        for name in names
    ]
    found = dict[str, set[str]]()
    for name, process in zip(names, made, strict=True):
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        found.setdefault(name, set()).add(out)
    assert all(len(numbers) == 1 for numbers in found.values()), found
    assert len(set.union(*found.values())) == 3
    every = [entry.pw_name for entry in pwd.getpwall()]
    assert len(every) == len(set(every))
    assert accounts.accounts_of(WORKSPACE)[-1].name == account_name(WORKSPACE).partition(":")[0]


def test_accounts_of_one_environment_are_one_group_and_go_with_it(accounts: Any, tmp_path: Path) -> None:
    web, other = (accounts.service_account(account_name(WORKSPACE, name)) for name in ("web", "other"))
    assert web.gid == other.gid
    assert account_name(WORKSPACE) == ":".join([grp.getgrgid(web.gid).gr_name] * 2)
    shell = pwd.getpwnam(web.name)
    assert (shell.pw_dir, shell.pw_shell) == ("/nonexistent", "/usr/sbin/nologin")
    accounts.delete_unused_accounts(Path(WORKSPACE))
    assert accounts.accounts_of(WORKSPACE) == []
    assert accounts.existing_account(web.name) is None


def test_names_are_legal_and_differ(accounts: Any) -> None:
    long = [f"a-component-whose-name-is-long-{number}" for number in range(50)]
    names = {account_name(WORKSPACE, name) for name in [*long, "web", "db"]}
    names |= {account_name(f"{WORKSPACE}/{name}", "web") for name in long}
    assert len(names) == 102
    every = {name for pair in names for name in pair.split(":")}
    assert len(every) == 102 + 51, "each environment's group too"
    assert {len(name) for name in every} == {32}, "as long as a name may be, so that none can be aimed at"


@pytest.mark.parametrize("name", ["root", "nobody", "no-such-account"])
def test_servers_run_as_no_other_account(accounts: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("STACKGEN_SERVICE_USER", name)
    assert account_name(WORKSPACE, "web") == name
    with pytest.raises(Exception, match=r"is root|is shared with other daemons|there is no account"):
        accounts.service_account(name)


def test_a_number_is_not_given_twice(accounts: Any) -> None:
    """What a deleted account has left, such as a setuid file, must not become another one's."""
    numbers = set[int]()
    for _ in range(3):
        account = accounts.service_account(account_name(WORKSPACE, "web"))
        numbers |= {account.uid, account.gid}
        for each in accounts.accounts_of(WORKSPACE):
            accounts.delete_account(each)
    assert len(numbers) == 6
    assert min(numbers) > 60000 or "4294967295" not in Path("/proc/self/uid_map").read_text()


def test_an_account_leaves_nothing_with_the_system_and_room_for_others(accounts: Any) -> None:
    """By setuid programs an account places jobs and mounts that outlive it; by its processes it would stop `down`."""
    account = accounts.service_account(account_name(WORKSPACE, "web"))
    from local_provider.account import run_apart, run_as  # pyright: ignore

    for start in (lambda command: run_as(account, command), run_apart):
        command = start(["cat", "/proc/self/status", "/proc/self/limits"])
        said = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=True).stdout
        assert "NoNewPrivs:\t1" in said
        limits = re.search(r"^Max processes +(\d+) +(\d+)", said, re.MULTILINE)
        assert limits is not None
        assert 0 < int(limits[1]) == int(limits[2]) <= 8192
    entries = [line.split(":") for line in Path("/etc/shadow").read_text().splitlines()]
    expired = {
        entry[0] for entry in entries if entry[7] == "1"
    }  # since 1970-01-02: cron starts nothing for it
    assert {each.name for each in accounts.accounts_of(WORKSPACE)} <= expired


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        ({}, 8192),
        ({"": "max", "a/b": "2000"}, 1750),
        ({"a": "400", "a/b": "100000"}, 336),
        ({"a": "100"}, 50),
    ],
)
def test_an_account_gets_a_share_of_what_a_control_group_allows(
    accounts: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limits: dict[str, str], most: int
) -> None:
    from local_provider import process_limit  # pyright: ignore

    own = Path("/proc/self/cgroup").read_text()
    for folder, text in limits.items():
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / "pids.max").write_text(f"{text}\n")
    read = Path.read_text
    monkeypatch.setattr(process_limit, "GROUPS", tmp_path)
    monkeypatch.setattr(
        Path,
        "read_text",
        lambda path, **how: "0::/a/b\n" if str(path) == "/proc/self/cgroup" else read(path, **how),
    )
    assert own
    assert process_limit.most_processes() == most


HIDDEN = ["env", "-i", "setsid", "sleep", "600"]


def test_what_hides_of_an_account_ends_with_it(accounts: Any) -> None:
    """Such a process has no variable of ours, no session and no group of a server's."""
    wanted = account_name(WORKSPACE, "web")
    account = accounts.service_account(wanted)
    for end in (
        lambda: accounts.end_processes_of(WORKSPACE),
        lambda: accounts.delete_unused_accounts(Path(WORKSPACE)),
    ):
        hidden = subprocess.Popen(HIDDEN, cwd="/", user=account.uid, group=account.gid, extra_groups=[])
        try:
            end()
            assert hidden.wait(60) == -signal.SIGKILL
        finally:
            hidden.kill()
            hidden.wait()
    assert accounts.accounts_of(WORKSPACE) == []
    assert accounts.service_account(wanted).name == account.name, "it can be made anew"


@pytest.mark.parametrize(
    ("name", "supervised", "ends"),
    [("web", False, True), ("web", True, False), ("web-metrics", False, False)],
)
def test_what_hides_of_a_component_ends_when_its_server_stops(
    accounts: Any, monkeypatch: pytest.MonkeyPatch, name: str, supervised: bool, ends: bool
) -> None:
    """It would get what the next start gives to the account. Servers of the same account that are supervised stay."""
    from local_provider import strays, supervisord  # pyright: ignore

    account = accounts.service_account(account_name(WORKSPACE, "web"))
    hidden = subprocess.Popen(HIDDEN, cwd="/", user=account.uid, group=account.gid, extra_groups=[])
    running = [{"pid": hidden.pid if supervised else 0}]
    monkeypatch.setattr(supervisord, "call", lambda *_: running)
    try:
        strays.end_strays({"workspace": WORKSPACE, "name": name, "account": account_name(WORKSPACE, "web")})
        assert (hidden.poll() is not None) == ends
    finally:
        hidden.kill()
        hidden.wait()
        for each in accounts.accounts_of(WORKSPACE):
            accounts.delete_account(each)


COMET = """
import os, sys, time
account, group = map(int, sys.argv[2:])
os.setgroups([]); os.setgid(group); os.setuid(account)
while True:
    time.sleep(0.003)
    if os.fork():
        os._exit(0)
    os.utime(sys.argv[1])
"""


COMETS = [sys.executable, "-I", "-S", "-c", COMET]


@pytest.mark.parametrize("supervised", [False, True])
def test_what_starts_another_and_ends_all_the_time_ends_too(
    accounts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, supervised: bool
) -> None:
    """No list of processes has it for long; a server of the same account that is supervised goes on."""
    from local_provider import strays, supervisord  # pyright: ignore

    wanted = account_name(WORKSPACE, "web")
    account = accounts.service_account(wanted)
    server = subprocess.Popen(
        ["sleep", "600"],
        cwd="/",
        start_new_session=True,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
    )
    beat = tmp_path / "beat"
    beat.touch()
    os.chown(beat, account.uid, account.gid)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    monkeypatch.setattr(supervisord, "call", lambda *_: [{"pid": server.pid if supervised else 0}])
    try:
        subprocess.run([*COMETS, str(beat), str(account.uid), str(account.gid)], check=True)
        eventually(lambda: beat.stat().st_mtime > time.time() - 1)
        strays.end_strays({"workspace": WORKSPACE, "name": "web", "account": wanted})
        last = beat.stat().st_mtime_ns
        assert (server.poll() is None) == supervised
        if supervised:
            eventually(lambda: psutil.Process(server.pid).status() == psutil.STATUS_SLEEPING)
        time.sleep(0.3)  # a hundred beats
        assert beat.stat().st_mtime_ns == last
    finally:
        for each in accounts.accounts_of(WORKSPACE):
            accounts.delete_account(each)
        server.wait()


def test_a_process_of_the_account_can_not_end_what_ends_it(accounts: Any) -> None:
    """Who sends the signal has another real and saved user; root's processes get none of it."""
    account = accounts.service_account(account_name(WORKSPACE, "web"))
    program = accounts._SEND.replace("os.kill(-1, number)", "print(*os.getresuid(), flush=True); input()")
    numbers = map(str, (9, account.uid, accounts._new_number()))
    command = [sys.executable, "-I", "-S", "-c", program, *numbers]
    sender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert sender.stdout is not None
        real, effective, saved = map(int, sender.stdout.readline().split())
        assert effective == account.uid
        assert real == saved
        assert real not in (0, account.uid)
        kill = ["/bin/sh", "-c", f"kill -9 {sender.pid}"]
        assert subprocess.run(kill, cwd="/", user=account.uid, group=account.gid, check=False).returncode
        assert sender.poll() is None
    finally:
        sender.kill()
        sender.wait()
        for each in accounts.accounts_of(WORKSPACE):
            accounts.delete_account(each)


def test_a_group_that_was_left_is_taken(accounts: Any) -> None:
    group = account_name(WORKSPACE).partition(":")[0]
    subprocess.run(["groupadd", "--gid", "59871", group], check=True)
    try:
        account = accounts.service_account(account_name(WORKSPACE, "web"))
        assert account.gid == 59871
        assert [each.name for each in accounts.accounts_of(WORKSPACE)] == [account.name, group]
    finally:
        for each in accounts.accounts_of(WORKSPACE):
            accounts.delete_account(each)
        subprocess.run(["groupdel", group], check=False, capture_output=True)
