"""Servers and their tools that wait for ever, listen elsewhere, lead away, or use the operator's terminal."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from stackgen.engine.deployment import Resource
from stackgen.providers.local.operations import PROGRAM
from tests.accounts import component_account

pytestmark = pytest.mark.unit
LISTEN = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.create_server((sys.argv[1], 0), family=family)
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_a_tool_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import commands  # pyright: ignore
    from local_provider.failure import LocalFailure  # pyright: ignore

    began = time.monotonic()
    with pytest.raises(LocalFailure, match="store: sleep was not done after 1 s"):
        commands.helper(
            "store: sleep", ["sleep", "600"], dict(os.environ), account=None, folder=tmp_path, timeout=1
        )
    assert time.monotonic() - began < 300


def test_a_pipe_that_someone_keeps_open_keeps_no_tool_from_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any process of the account can open what the tool writes to, and outlive it."""
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import commands  # pyright: ignore

    keeper = "sleep 600 & echo $! > keeper; echo done"
    try:
        said = commands.helper(
            "store: sh", ["sh", "-c", keeper], dict(os.environ), account=None, folder=tmp_path, timeout=300
        )
        assert said == "done\n"
    finally:
        os.kill(int((tmp_path / "keeper").read_text()), signal.SIGKILL)


@pytest.mark.parametrize(
    ("address", "serves"), [("127.0.0.1", True), ("0.0.0.0", True), ("127.0.0.2", False), ("::1", False)]
)
def test_a_server_listens_where_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, address: str, serves: bool
) -> None:
    """Another user can take a port of 127.0.0.1 that the server has on another address only."""
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import listening  # pyright: ignore

    with subprocess.Popen(
        [sys.executable, "-c", LISTEN, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        if not port:
            pytest.skip(f"this machine has no address {address}")
        for health in ({"tcp": f"127.0.0.1:{port}"}, {"http": f"http://127.0.0.1:{port}/health"}):
            assert listening.serves(server.pid, health) == serves


JOINED = """
import os, socket, sys, time
os.setsid()
def become(group, user):
    os.setpgid(0, group)
    os.setgroups([]); os.setgid(user); os.setuid(user)
server = os.fork()
if server == 0:
    become(0, 4321)
    time.sleep(600)
while os.getpgid(server) != server:
    time.sleep(0.01)
if os.fork() == 0:
    place = socket.create_server(("127.0.0.1", 0))
    become(server, int(sys.argv[1]))
    print(server, place.getsockname()[1], flush=True)
    time.sleep(600)
time.sleep(600)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")
@pytest.mark.parametrize(("user", "serves"), [(4321, True), (4322, False)])
def test_another_users_process_in_a_servers_group_is_not_the_server(
    monkeypatch: pytest.MonkeyPatch, user: int, serves: bool
) -> None:
    """Servers of one supervisor share its session, in which any process can join any group."""
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import listening  # pyright: ignore

    command = [sys.executable, "-c", JOINED, str(user)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout is not None
        running = [psutil.Process(session.pid)]
        try:
            pid, port = map(int, session.stdout.readline().split())
            running += running[0].children()
            assert listening.serves(pid, {"tcp": f"127.0.0.1:{port}"}) == serves
        finally:
            for process in running:
                process.kill()


WITHOUT = """
import sys
sys.path.insert(0, sys.argv[1])
from local_provider import listening
pid, port = map(int, sys.argv[2:])
print(listening.serves(pid, {"tcp": f"127.0.0.1:{port}"}), listening.listeners()["127.0.0.1", port])
"""
LISTENS = """
import os, socket, sys
os.setgroups([]); os.setgid(4321); os.setuid(4321)
place = socket.create_server(("127.0.0.1", 0))
print(os.getpid(), place.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can act as other users"
)
@pytest.mark.parametrize("own", [True, False])
def test_root_of_a_container_sees_who_listens(own: bool) -> None:
    """Docker, Podman and containerd give root no right to look at what another user's process has open."""
    command = [sys.executable, "-I", "-c", LISTENS]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as server, subprocess.Popen(["sleep", "600"], user=4322) as other:  # pyright: ignore
        assert server.stdin
        assert server.stdout
        pid, port = server.stdout.readline().split()
        container = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", sys.executable]
        asked = [*container, "-c", WITHOUT, str(PROGRAM), pid if own else str(other.pid), port]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        other.kill()
        server.stdin.close()
        assert done.stdout == f"{own} {{4321}}\n"


STRANGER = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.headers.get("Authorization"), flush=True)
        self.send_error(500)
    def log_message(self, *_): pass
server = HTTPServer(("127.0.0.1", 0), Handler)
os.setgroups([]); os.setgid(4321); os.setuid(4321)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_another_users_server_is_sent_no_password_of_a_registry(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider.failure import LocalFailure  # pyright: ignore
    from local_provider.registered_model import resolve  # pyright: ignore

    with subprocess.Popen([sys.executable, "-c", STRANGER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        uri = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        registry = {"tracking-uri": uri, "username": "u", "password": "p"}
        try:
            with pytest.raises(LocalFailure, match=r"another process listens .* it is sent no password"):
                resolve("models:/risk@champion", registry, str(tmp_path))
        finally:
            server.kill()
        assert server.stdout.read() == ""


@contextmanager
def _answering(status: int, location: str = "") -> Iterator[tuple[str, list[str]]]:
    """A server's URL, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


def test_a_server_leads_us_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A health check or a registry that answers with a redirect would have root connect where it wants."""
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import health, registered_model  # pyright: ignore
    from local_provider.failure import LocalFailure  # pyright: ignore

    monkeypatch.setattr(registered_model, "of_servers", lambda *_: True)  # root's own process is none
    with _answering(200) as (target, reached), _answering(302, target) as (server, asked):
        assert not health.healthy({"http": f"{server}/health", "status": 200})
        with pytest.raises(LocalFailure, match="the registry answers 302"):
            registered_model.resolve("models:/risk@champion", {"tracking-uri": server}, "")
        assert len(asked) == 2
        assert reached == []


TERMINAL = ["sh", "-c", "exec 3<>/dev/tty"]


@pytest.mark.skipif(os.geteuid() != 0, reason="elsewhere all run as the user at the terminal")
def test_no_server_reaches_the_terminal_of_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can open it reads what is typed there, and where the kernel still allows it types commands."""
    monkeypatch.syspath_prepend(str(PROGRAM))
    from local_provider import commands  # pyright: ignore
    from local_provider.failure import LocalFailure  # pyright: ignore

    with component_account(tmp_path, "job") as account:
        child, terminal = pty.fork()
        if child == 0:  # a process that has a terminal
            outcome = 1
            try:
                subprocess.run(TERMINAL, check=True, cwd="/")
                commands.helper("job", TERMINAL, dict(os.environ), account=account, folder=Path("/"))
            except LocalFailure as failure:
                outcome = 0 if "/dev/tty" in str(failure) else 2
            finally:
                os._exit(outcome)
        _, status = os.waitpid(child, 0)
        os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0


KEYRING = """
import ctypes, json, subprocess, sys
sys.path.insert(0, sys.argv[1])
from local_provider.account import Account, run_apart, run_as
from local_provider.interpreters import interpreter
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(250, 1, None) < 0 or libc.syscall(248, b"user", b"of the operator", b"secret", 6, -3) < 0:
    sys.exit(77)
look = "import ctypes; print(ctypes.CDLL(None).syscall(250, 10, -3, b'user', b'of the operator', 0) > 0)"
command = [interpreter(), "-c", look]
ways = [command, run_as(Account("any", 4321, 4321), command), run_apart(command)]
print([subprocess.run(way, capture_output=True, text=True, check=True, cwd="/").stdout.strip() for way in ways])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")
@pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="the numbers of the system's calls are that machine's"
)
def test_no_process_of_a_stack_has_the_keys_of_the_operators_session() -> None:
    """A session's keyring goes along with exec and a change of the user."""
    done = subprocess.run(
        [sys.executable, "-c", KEYRING, str(PROGRAM)], capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("no key can be added to a session's keyring here")
    assert done.stdout.strip() == "['True', 'False', 'False']", done.stderr


ENDLESS = """
import ctypes, os, struct, sys, time
os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
libc = ctypes.CDLL(None)
libc.mmap.restype = libc.sbrk.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
size = 64 << 40
start = libc.mmap(None, size, 3, 0x4022, -1, 0)  # private, of no file, nothing of it in memory
words = open("/proc/self/stat").read().rpartition(")")[2].split()
place = lambda number: int(words[number - 3])  # as proc_pid_stat(5) counts
places = [*map(place, (26, 27, 45, 46, 47)), libc.sbrk(0), place(28)]
if sys.argv[2] == "environ":
    places += [place(48), place(49), start, start + size]
else:
    places += [start, start + size, place(50), place(51)]
known = struct.pack("11QQIi", *places, 0, 0, -1)
print(libc.prctl(35, 14, known, len(known), 0), flush=True)  # PR_SET_MM, PR_SET_MM_MAP
time.sleep(600)
"""
LOOK = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import psutil
from local_provider import orphans, proc_files
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
process = psutil.Process(int(sys.argv[2]))
orphans.end_orphans("/nowhere/endless")
print(orphans.servers("/nowhere/endless"), proc_files.name(process)[:6])
print({"environ": proc_files.variables, "cmdline": proc_files.words}[sys.argv[3]](process))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root looks at processes of other users")
@pytest.mark.skipif(
    sys.platform != "linux", reason="it is Linux that lets a process set what it was started with"
)
@pytest.mark.parametrize("kind", ["environ", "cmdline"])
def test_a_process_says_no_more_of_itself_than_one_can_be_started_with(kind: str) -> None:
    """Each `up` and `down` looks at the processes of all accounts of servers."""
    with component_account(Path("/nowhere/endless"), "web") as account:
        process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(account.uid), kind], stdout=subprocess.PIPE, text=True, env={}
        )
        try:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "0":
                pytest.skip("this kernel has no PR_SET_MM_MAP")
            command = [sys.executable, "-c", LOOK, str(PROGRAM), str(process.pid), kind]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
            lines = done.stdout.splitlines()
            assert [lines[0].split()[0], lines[1]] == ["{}", "{}" if kind == "environ" else "[]"], done.stderr
        finally:
            process.kill()
            process.wait()


def test_a_log_of_any_length_is_read_from_its_end(tmp_path: Path) -> None:
    """A job's output is the log's file itself, which it can make as long as it likes."""
    from stackgen.cli.logs import _tail  # pyright: ignore[reportPrivateUsage]
    from stackgen.providers.local import operations

    log = tmp_path / "job.log"
    with log.open("wb") as stream:
        stream.write(b"first\n")
        stream.truncate(8 * 1024**3)
        stream.seek(0, os.SEEK_END)
        stream.write(b"\nnext to last\nlast\n")
    assert _tail(operations, log, 2) == ["next to last", "last"]


def test_what_listens_in_the_place_of_a_server_that_did_not_start_is_sent_nothing() -> None:
    """It may be another component, which would get the server's password from `verify`."""
    from stackgen.providers.local import operations

    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as squatter:
        ports = [item.getsockname()[1] for item in (server, squatter)]
        health = {"tcp": f"127.0.0.1:{ports[0]}"}
        web = Resource(
            "urn::web", "pulumi-python:dynamic/local:Process", {"health": health, "name": "web"}, ""
        )
        found = operations.foreign([web], [("127.0.0.1", port) for port in ports])
    assert list(found) == [("127.0.0.1", ports[1])]
    assert "it is sent nothing" in found["127.0.0.1", ports[1]]


def test_a_model_server_leads_no_client_to_another_port() -> None:
    from openai import APIStatusError

    from stackgen.contracts.openai_chat.contract import OpenaiChatBinding, request_completion

    with _answering(200) as (target, reached), _answering(303, target) as (server, _):
        binding = OpenaiChatBinding(base_url=f"{server}/v1", api_key=SecretStr("sk-1"), model="m")
        with pytest.raises(APIStatusError):
            request_completion(binding)
        assert reached == []
