"""Locks, and what a full disk or a crash leaves in the state folder: read without an engine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import psutil
import pytest

from stackgen.engine import failures, healing, locks, settings
from stackgen.engine.locate import find_engine
from stackgen.errors import StackgenError
from tests.conftest import Cli

pytestmark = pytest.mark.unit

HERE = socket.gethostname()
OLD = datetime(2026, 11, 20, 8, tzinfo=UTC)


class State:
    """A state folder with the environment `dev` of the project `mini`."""

    def __init__(self, folder: Path) -> None:
        self.backend = f"file://{folder}"
        self.pulumi = folder / ".pulumi"
        self.locks = self.pulumi / "locks" / "organization" / "mini" / "dev"
        self.stacks = self.pulumi / "stacks" / "organization" / "mini"
        self.locks.mkdir(parents=True)
        self.stacks.mkdir(parents=True)

    def lock(self, name: str = "a.json", **values: object) -> Path:
        """A lock as Pulumi writes it, `values` instead of those of a dead process of this machine."""
        content = {"pid": _free_number(), "username": "ci", "hostname": HERE, "timestamp": _text(OLD)}
        file = self.locks / name
        file.write_text(json.dumps(content | values))
        return file

    def held(self) -> list[locks.Lock]:
        return locks.current_locks(self.backend, "mini", "dev")

    def clear(self) -> list[str]:
        return locks.clear_stale_locks(self.backend, "mini", "dev")

    def heal(self) -> list[str]:
        return healing.repair_state(self.backend, "mini", "dev")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def _text(moment: datetime) -> str:
    return (
        moment.isoformat().replace("+00:00", "123Z") if moment.microsecond else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    )


def _free_number() -> int:
    """A process number that is not in use."""
    return next(number for number in range(4_000_000, 3_000_000, -1) if not psutil.pid_exists(number))


def _aged(file: Path) -> Path:
    """As it is a minute later."""
    before = time.time() - 60
    os.utime(file, (before, before))
    return file


def _started(process: int) -> datetime:
    return datetime.fromtimestamp(psutil.Process(process).create_time(), UTC)


@pytest.mark.parametrize(
    ("host", "process", "since", "is_held"),
    [
        (HERE, None, OLD, False),  # its process is gone
        (HERE, os.getpid(), datetime.now(UTC), True),  # it runs
        (HERE, os.getpid(), _started(os.getpid()) + timedelta(seconds=1), True),
        (HERE, os.getpid(), _started(os.getpid()) - timedelta(hours=1), False),  # the number was given again
        (HERE, 1, OLD, False),  # before the machine was started
        ("runner-old", None, OLD, True),  # of another machine nothing is known
        ("runner-old", 1, OLD, True),
    ],
    ids=["gone", "runs", "started at once", "given again", "before the start", "elsewhere", "elsewhere, 1"],
)
def test_a_lock_is_removed_only_when_its_process_is_known_to_be_gone(
    state: State, host: str, process: int | None, since: datetime, is_held: bool
) -> None:
    number = _free_number() if process is None else process
    file = state.lock(hostname=host, pid=number, timestamp=_text(since))
    attributes = file.with_name("a.json.attrs")
    attributes.write_text("{}")
    _aged(attributes)
    assert [lock.process for lock in state.held()] == ([number] if is_held else [])
    said = state.clear()
    assert file.exists() == attributes.exists() == is_held
    assert said == ([] if is_held else ["removed the lock of an update that was killed"])


def test_a_process_of_pulumi_keeps_its_lock_whatever_the_clock_says(state: State) -> None:
    state.lock(pid=os.getpid(), timestamp=_text(OLD))
    with patch.object(psutil.Process, "name", return_value="pulumi"):
        assert len(state.held()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")
def test_another_users_process_of_that_name_keeps_no_lock(state: State) -> None:
    """Any user can wait for a number, and call what then has it `pulumi`."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        program = shutil.copy(shutil.which("sleep") or "sleep", f"{place}/pulumi")
        with subprocess.Popen([program, "600"], user=4321, group=4321, extra_groups=[], cwd="/") as process:
            try:
                assert psutil.Process(process.pid).name() == "pulumi"
                file = state.lock(pid=process.pid, timestamp=_text(datetime.now(UTC) + timedelta(hours=1)))
                assert state.held() == []
                os.chown(file, 4321, 4321)
                assert len(state.held()) == 1, "it is that user's own lock"
            finally:
                process.kill()


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": 4', b"null", b"[]", b"{}", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["a.json", "a.json.18ebadafde841179.tmp"])
def test_a_lock_that_was_not_written_to_its_end_is_removed(state: State, name: str, content: bytes) -> None:
    file = state.locks / name
    file.write_bytes(content)
    _aged(file)
    assert state.held() == []
    assert state.clear() == ["removed an unfinished lock, which a full disk or a crash leaves behind"]
    assert list(state.locks.iterdir()) == []
    assert state.clear() == []


def test_a_lock_that_is_being_written_is_waited_for(state: State) -> None:
    file = state.locks / "a.json.18ebadafde841179.tmp"
    file.touch()
    began = time.monotonic()
    assert len(state.clear()) == 1
    assert time.monotonic() - began > locks.SETTLE_SECONDS - 0.5


def test_the_message_names_process_host_user_time_file_and_the_way_out(state: State) -> None:
    file = state.lock(hostname="runner-old", pid=42)
    message = failures.lock_error(state.held()).render()
    assert message == (
        "error[stack-locked]: this environment is locked by another machine's update: process 42 of user ci "
        f"on host runner-old, since 2026-11-20 08:00:00 UTC; the lock is {file}\n"
        "  hint: this machine can't see whether it still runs: if it does not, remove the lock\n"
        f"  next: rm {file}"
    )
    assert state.clear() == []
    assert file.exists()


def test_the_message_about_an_update_of_this_machine_says_how_to_end_it(state: State) -> None:
    state.lock(pid=os.getpid(), timestamp=_text(datetime.now(UTC)))
    message = failures.lock_error(state.held()).render()
    assert f"process {os.getpid()} of user ci on host {HERE}, since" in message
    assert f"`kill -INT {os.getpid()}` cancels it" in message
    assert "rm " not in message


def test_what_pulumi_says_of_a_lock_is_said_the_same_way() -> None:
    said = (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete "
        "the lock file with `pulumi cancel`.\n  s3://bucket/.pulumi/locks/organization/mini/dev/x.json: created by "
        "ci@runner-old (pid 42) at 2026-11-20T08:00:00Z"
    )
    message = failures.engine_error("up", [], said).render()
    assert "process 42 of user ci on host runner-old, since 2026-11-20 08:00:00 UTC" in message
    assert "s3://bucket/.pulumi/locks/organization/mini/dev/x.json" in message
    assert "next: pulumi cancel" in message


def test_the_way_out_names_the_file_of_the_lock() -> None:
    """Pulumi writes it as a URL, with what it has added to the backend's own."""
    said = (
        "  file:///srv/our%20state/.pulumi/locks/organization/mini/dev/x.json?metadata=skip&no_tmp_dir=true: "
        "created by ci@runner-old (pid 42) at 2026-11-20T08:00:00Z"
    )
    message = failures.lock_error(locks.parse_locks(said)).render()
    assert message.endswith("next: rm '/srv/our state/.pulumi/locks/organization/mini/dev/x.json'")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("file:///srv/state", "file:///srv/state?metadata=skip"),
        ("file:///srv/state?no_tmp_dir=true", "file:///srv/state?no_tmp_dir=true&metadata=skip"),
        ("file:///srv/state?metadata=skip", "file:///srv/state?metadata=skip"),
        ("s3://state?region=eu-central-1", "s3://state?region=eu-central-1"),
        ("https://api.pulumi.com", "https://api.pulumi.com"),
    ],
)
def test_a_state_folder_is_used_without_files_of_attributes(tmp_path: Path, given: str, used: str) -> None:
    with patch.dict(os.environ, {"STACKGEN_DATA_HOME": str(tmp_path), "PULUMI_BACKEND_URL": given}):
        assert settings.engine_variables(tmp_path)["PULUMI_BACKEND_URL"] == used


def test_the_command_says_whose_lock_it_is(cli: Cli) -> None:
    """Before anything is installed or written."""
    (cli.folder / "stack.yaml").write_text(
        "apiVersion: stackgen/v1\nname: mini\ncomponents:\n  documents: {capability: object_store}\n"
        "environments:\n  dev: {provider: local}\n"
    )
    file = State(cli.folder / "data" / "state").lock(hostname="runner-old", pid=42)
    done = cli("up", "stack.yaml", "--yes", code=4)
    assert "process 42 of user ci on host runner-old, since 2026-11-20 08:00:00 UTC" in done.stderr
    assert f"rm {file}" in done.stderr
    assert file.exists()


WHOLE = '{"version": 3, "checkpoint": {"stack": "dev"}}\n'


@pytest.mark.parametrize("broken", ["", "{", WHOLE[:-10]])
def test_a_state_that_was_not_written_to_its_end_goes_back_to_pulumis_own_copy(
    state: State, broken: str
) -> None:
    file = state.stacks / "dev.json"
    file.write_text(broken)
    (state.stacks / "dev.json.bak").write_text(WHOLE)
    (said,) = state.heal()
    assert said.startswith(f"the state {file} was not whole; went back to Pulumi's copy of the step before")
    assert file.read_text() == WHOLE
    assert [kept.read_text() for kept in state.stacks.glob("dev.json.broken-*")] == [broken]
    assert state.heal() == []


@pytest.mark.parametrize("backup", [None, "", "{"])
def test_a_state_without_a_whole_copy_is_left_as_it_is(state: State, backup: str | None) -> None:
    file = state.stacks / "dev.json"
    file.write_text("")
    if backup is not None:
        (state.stacks / "dev.json.bak").write_text(backup)
    state.heal()
    assert sorted(path.name for path in state.stacks.iterdir()) == (
        ["dev.json"] if backup is None else ["dev.json", "dev.json.bak"]
    )


def test_unfinished_files_beside_a_whole_state_go(state: State) -> None:
    file = state.stacks / "dev.json"
    file.write_text(WHOLE)
    other = state.stacks / "prod.json.18ebadafde841179.tmp"
    leftovers = [state.stacks / "dev.json.18ebadafde841179.tmp", state.stacks / "dev.json.attrs"]
    leftovers.append(state.pulumi / "meta.yaml.18ebadafde841179.tmp")
    meta = state.pulumi / "meta.yaml"
    for path in (other, *leftovers, meta):
        path.touch()
        _aged(path)
    assert state.heal() == ["removed an empty description of the state folder; Pulumi writes it anew"]
    assert not any(path.exists() for path in (*leftovers, meta))
    assert file.read_text() == WHOLE
    assert other.exists()


def test_a_note_of_the_selected_stack_that_is_not_whole_goes(tmp_path: Path) -> None:
    folder = tmp_path / "workspaces"
    folder.mkdir()
    whole, broken, other = (
        folder / f"{name}-workspace.json" for name in ("mini-0123abcd", "mini-4567abcd", "other-4567abcd")
    )
    whole.write_text('{\n    "stack": "organization/mini/dev"\n}')
    for file in (broken, other):
        file.touch()
        _aged(file)
    healing.repair_workspaces(tmp_path, "mini")
    assert (whole.exists(), broken.exists(), other.exists()) == (True, False, True)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (
            'error: blob (key ".pulumi/locks/organization/tiny/dev/ID.json") (code=Unknown): write '
            "/srv/a b/state/.pulumi/locks/organization/tiny/dev/ID.json.18eb.tmp: no space left on device",
            "/srv/a b/state/.pulumi/locks/organization/tiny/dev",
        ),
        ("OSError: [Errno 28] No space left on device: '/srv/full/run/x'", "/srv/full/run"),
        ("write /srv/quota/x: disk quota exceeded", ""),
    ],
)
def test_a_full_disk_is_said_plainly(said: str, place: str) -> None:
    message = failures.engine_error(
        "up", [], f"pulumi up failed: code: 255 / stdout: / stderr: {said}"
    ).render()
    assert message.startswith("error[disk-full]: no space left on ")
    assert place in message
    assert "run the same command again" in message
    assert "stderr" not in message


def test_the_passphrase_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with patch.dict(os.environ, {"STACKGEN_DATA_HOME": str(tmp_path)}):
        os.environ.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
        file = Path(settings.engine_variables(tmp_path)["PULUMI_CONFIG_PASSPHRASE_FILE"])
        first = file.read_text()
        assert len(first) > 40
        assert file.stat().st_mode & 0o777 == 0o600
        settings.engine_variables(tmp_path)
        assert file.read_text() == first
        file.write_text("")  # a full disk, with an earlier version
        settings.engine_variables(tmp_path)
        assert len(file.read_text()) > 40
        file.write_text("")
        State(tmp_path / "state").stacks.joinpath("dev.json").write_text(WHOLE)
        with pytest.raises(StackgenError, match="is empty, and the state beside it was encrypted"):
            settings.engine_variables(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["passphrase", "state"]


@pytest.mark.parametrize(
    ("place", "is_used"), [("cache/engine/3.212.0-0123456789ab", False), ("opt/pulumi", True)]
)
def test_an_engine_of_an_earlier_version_on_path_is_not_used(
    tmp_path: Path, place: str, is_used: bool
) -> None:
    folder = tmp_path / place / "bin"
    folder.mkdir(parents=True)
    for name in ("pulumi", "pulumi-language-python"):
        (folder / name).write_text("#!/bin/sh\necho v3.212.0\n")
        (folder / name).chmod(0o755)
    shell = {
        "STACKGEN_CACHE_HOME": str(tmp_path / "cache"),
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
    }
    with patch.dict(os.environ, shell):
        assert (find_engine() is not None) == is_used
