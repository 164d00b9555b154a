"""The engine's Python servers: who may call them, what they load, and that they end with what started them."""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import psutil
import pytest

from stackgen.engine.locate import ensure_engine
from tests.conftest import ROOT
from tests.waiting import eventually

pytestmark = pytest.mark.engine

GUARD = ROOT / "src" / "stackgen" / "engine" / "host" / "pulumi_guard" / "program.py"
STRANGER = 65534
CALL = """
import os, sys, grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, provider_pb2, provider_pb2_grpc
kind, address, user, wish = sys.argv[1:]
os.setgroups([])
os.setuid(int(user))
channel = grpc.insecure_channel(address)
try:
    if kind == "host":
        info = language_pb2.ProgramInfo(root_directory=wish, program_directory=wish, entry_point=".")
        info.options["virtualenv"] = "v"
        answer = language_pb2_grpc.LanguageRuntimeStub(channel).Run(
            language_pb2.RunRequest(info=info, pwd=wish, project="p", stack="s"), timeout=20)
    else:
        properties = struct_pb2.Struct()
        properties["__provider"] = wish
        answer = provider_pb2_grpc.ResourceProviderStub(channel).Create(
            provider_pb2.CreateRequest(properties=properties), timeout=20)
    print("answered", answer)
except grpc.RpcError as error:
    print(error.code().name, error.details())
"""


class Server:
    """One of the launchers, started as the engine starts it: the leader of a group of its own."""

    def __init__(self, launcher: str, program: Path) -> None:
        self.kind = "host" if "language" in launcher else "provider"
        self.process = subprocess.Popen(
            [str(ensure_engine(print).folder / "bin" / launcher), "127.0.0.1:9"],
            cwd=program,
            env={**os.environ, "PULUMI_RUNTIME_VIRTUALENV": sys.prefix},
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        assert self.process.stdout is not None
        self.address = f"127.0.0.1:{int(self.process.stdout.readline())}"

    def answer(self, wish: str, user: int, address: str = "") -> str:
        """What it answers to a process of `user` that wants `wish` run (host) or loaded (provider)."""
        command = [sys.executable, "-c", CALL, self.kind, address or self.address, str(user), wish]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated program, as far as the provider's server looks at it."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "stackgen.lock.json").write_text("{}")
    (folder / "here").mkdir()
    (folder / "here" / "__init__.py").touch()
    (folder / "here" / "provider.py").write_text(
        "from pulumi.dynamic import CreateResult, ResourceProvider\n"
        "class Own(ResourceProvider):\n"
        "    def create(self, props): return CreateResult('made')\n"
        "def other(*words): open('loaded', 'w').write('x')\n"
    )
    return folder


@pytest.fixture(scope="module")
def host(program: Path) -> Iterator[Server]:
    started = Server("pulumi-language-python", program)
    yield started
    started.process.kill()
    started.process.communicate()


@pytest.fixture(scope="module")
def provider(program: Path) -> Iterator[Server]:
    started = Server("pulumi-resource-pulumi-python", program)
    yield started
    started.process.kill()
    started.process.communicate()


@pytest.fixture(params=["host", "provider"])
def server(request: pytest.FixtureRequest) -> Server:
    """The language host, then the server of dynamic providers."""
    return request.getfixturevalue(request.param)


class Harmful:
    """What a stranger would send: a pickle that runs a command when it is loaded."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.system, (f"id > {self.file}",)


def _wish(server: Server, folder: Path) -> tuple[str, Path]:
    """Something that leaves a file behind where the server does it."""
    proof = folder / "proof"
    if server.kind == "provider":
        return base64.b64encode(pickle.dumps(Harmful(proof))).decode(), proof
    (folder / "v" / "bin").mkdir(parents=True)
    python = folder / "v" / "bin" / "python"
    python.write_text(f"#!/bin/sh\nid > {proof}\n")
    python.chmod(0o755)
    return str(folder), proof


@pytest.mark.skipif(os.geteuid() != 0, reason="acts as another user")
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_a_process_of_another_user_is_refused(server: Server, tmp_path: Path, family: str) -> None:
    wish, proof = _wish(server, tmp_path)
    port = server.address.partition(":")[2]
    address = server.address if family == "ipv4" else f"ipv6:[::ffff:127.0.0.1]:{port}"
    assert server.answer(wish, STRANGER, address).startswith("UNAVAILABLE")
    assert not proof.exists()


RELAY = """
import os, socket, struct, sys, threading
port = int(sys.argv[1])
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
trap = socket.create_server(("127.0.0.2", port))
front = socket.create_server(("127.0.0.1", 0))
print(front.getsockname()[1], flush=True)
lured, (_, theirs) = trap.accept()
own = socket.socket(socket.AF_INET6)
own.setsockopt(socket.IPPROTO_IP, 51, struct.pack("=I", theirs | theirs << 16))  # IP_LOCAL_PORT_RANGE
own.connect(("::ffff:127.0.0.1", port))
print(theirs, flush=True)
caller, _ = front.accept()
def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
threading.Thread(target=pump, args=(caller, own), daemon=True).start()
pump(own, caller)
"""


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="acts as another user, on Linux")
def test_a_caller_that_uses_a_port_of_ours_is_refused(server: Server, tmp_path: Path) -> None:
    """Root is lured to the server's port of another address; the stranger calls from root's own port."""
    wish, proof = _wish(server, tmp_path)
    port = server.address.partition(":")[2]
    command = [sys.executable, "-c", RELAY, port, str(STRANGER)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdout is not None
        try:
            front = relay.stdout.readline().strip()
            with socket.create_connection(("127.0.0.2", int(port)), timeout=60):
                if not relay.stdout.readline():
                    pytest.skip("this kernel lets no caller choose its port in that way")
                said = server.answer(wish, os.geteuid(), f"127.0.0.1:{front}")
        finally:
            relay.kill()
    assert said.startswith("UNAVAILABLE"), said
    assert not proof.exists()


def test_a_process_of_the_same_user_is_answered(server: Server, tmp_path: Path) -> None:
    wish, proof = _wish(server, tmp_path)
    if server.kind == "host":
        assert server.answer(wish, os.geteuid()).startswith("answered")
        assert proof.exists()
    else:
        assert "is not a provider class of this program" in server.answer(wish, os.geteuid())
        assert not proof.exists()


def _by_name(module: str, name: str) -> str:
    """A pickle of an instance of a class, or of a call of a function, by its name alone."""
    text = f"c{module}\n{name}\n(tR."
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("module", "name", "loaded"),
    [
        ("here.provider", "Own", True),
        ("here.provider", "other", False),
        ("os", "getcwd", False),
        ("pulumi.dynamic", "ResourceProvider", False),
        ("dill._dill", "_create_code", False),
        ("no_such_module", "Anything", False),
    ],
)
def test_only_provider_classes_of_the_program_are_loaded(
    provider: Server, program: Path, module: str, name: str, loaded: bool
) -> None:
    answer = provider.answer(_by_name(module, name), os.geteuid())
    assert answer.startswith("answered") == loaded, answer
    assert loaded or f"{module}.{name} is not a provider class of this program" in answer
    assert not (program / "loaded").exists()


def test_what_pulumi_sends_for_a_provider_of_the_program_is_loaded(provider: Server, program: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-c", "from here.provider import Own; from pulumi.dynamic.dynamic import *;"
         "provider = Own(); provider.plain = {'a': [1, None, 'b']}; print(serialize_provider(provider))"],
        cwd=program, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert provider.answer(made.stdout.strip(), os.geteuid()).startswith("answered")


def test_another_program_may_send_providers_as_code(tmp_path: Path) -> None:
    """Pulumi's own way, for programs that stackgen did not write."""
    made = subprocess.run(
        [sys.executable, "-c", "from pulumi.dynamic import CreateResult, ResourceProvider\n"
         "class Own(ResourceProvider):\n    def create(self, props): return CreateResult('made')\n"
         "from pulumi.dynamic.dynamic import serialize_provider\nprint(serialize_provider(Own()))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    server = Server("pulumi-resource-pulumi-python", tmp_path)
    try:
        assert server.answer(made.stdout.strip(), os.geteuid()).startswith("answered")
    finally:
        server.process.kill()
        server.process.communicate()


MODULES = {
    "__main__.py": "import used\nprint('main')\nimport added\nimport linked.part\nimport space.part\n"
    "try:\n    import late\nexcept ImportError:\n    print('none')\n"
    "import pkgutil\nprint(*sorted(item.name for item in pkgutil.iter_modules(['used', '.']) if item.name != 'late'))\n"
    "from current import part\nfrom current.further import more\n"
    "import sys\nsys.path.append('../other')\nimport elsewhere\n",
    "used/__init__.py": "from .deep import word\nprint(word)\n",
    "used/deep.py": "word = 'us\xe9d'\n",
    "added.py": "print('added')\n",
    "linked/part.py": "print('part')\n",
    "space/part.py": "print(__file__.rpartition('/')[2])\n",
    "space/further/more.py": "print('more')\n",
}


def _another(program: Path) -> None:
    for path in MODULES:
        (program / path).write_text("print('another')\n")
    (program / "late.py").write_text("print('late')\n")


def _links(program: Path) -> None:
    for path in ("__main__.py", "used/deep.py"):
        (program / path).unlink()
        (program / path).symlink_to(program / "added.py")


def _compiled(program: Path) -> None:
    suffix = EXTENSION_SUFFIXES[0]
    for path in ("added", "late"):
        (program / f"{path}{suffix}").write_bytes(b"not run")


def _packages(program: Path) -> None:
    for name in ("added", "late"):
        (program / name).mkdir()
        (program / name / "__init__.py").write_text("print('another')\n")


@pytest.mark.parametrize("change", [None, _another, _links, _compiled, _packages, shutil.rmtree])
@pytest.mark.parametrize("through_link", [False, True])
def test_a_reviewed_program_runs_as_it_was_reviewed(
    tmp_path: Path, change: Callable[[Path], None] | None, through_link: bool
) -> None:
    program, script, reviewed = tmp_path / "program", tmp_path / "run.py", tmp_path / "reviewed.json"
    outside = tmp_path / "outside"
    for folder in (program, outside, tmp_path / "other", program / "used", program / "space" / "further"):
        folder.mkdir(parents=True)
    (program / "linked").symlink_to(outside)
    (program / "current").symlink_to("space")
    (tmp_path / "other" / "elsewhere.py").write_text("print('elsewhere')\n")
    for path, text in MODULES.items():
        (program / path).write_text(text, encoding="utf-8")
    sources = {path: text.encode().decode("latin-1") for path, text in MODULES.items()}
    reviewed.write_text(json.dumps({"sources": sources, "links": {"current": "space"}}))
    (tmp_path / "link").symlink_to(program)
    script.write_text("import runpy, sys\nrunpy.run_path(sys.argv[1], run_name='__main__')\n")
    if change is not None:
        change(program)
        program.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, str(GUARD), str(script), str(tmp_path / "link" if through_link else program)],
        cwd=program,
        env={**os.environ, "STACKGEN_PARENT": str(os.getpid()), "STACKGEN_REVIEWED": str(reviewed)},
        capture_output=True,
        text=True,
        check=False,
    )
    listed = ["__main__", "added", "deep", "used"]
    more = ["part.py", "more", "elsewhere"]
    assert done.stdout.split() == ["us\xe9d", "main", "added", "part", "part.py", "none", *listed, *more], (
        done.stderr
    )


STUB = """#!{python}
import signal, sys, time
if sys.argv[1:2] == ["version"]:
    sys.exit(print("v3.212.0"))
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append("x"))
print("begun", flush=True)
open("begun", "w").close()
while len(heard) < int(sys.argv[1]):
    time.sleep(0.01)
    open("heard", "w").write(str(len(heard)))
open("heard", "w").write(str(len(heard)))
sys.exit(3)
"""
COMMAND = """
import sys
import time
from pathlib import Path
from stackgen.engine.command import EngineCommand
try:
    EngineCommand(Path.cwd(), lambda text: print(text, flush=True)).run([sys.argv[1]], ".", {})
except KeyboardInterrupt:
    print("interrupted", Path("heard").read_text(), flush=True)
"""


class Interrupted:
    """A process that runs a `pulumi` which needs `often` interrupts to end."""

    def __init__(self, folder: Path, often: int) -> None:
        (folder / "bin").mkdir()
        (folder / "bin" / "pulumi").write_text(STUB.format(python=sys.executable))
        (folder / "bin" / "pulumi").chmod(0o755)
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(often)], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        eventually((folder / "heard").exists)
        (self.engine,) = psutil.Process(self.process.pid).children()

    def ends(self) -> list[str]:
        """Its lines; waits for its end."""
        lines = self.process.communicate(timeout=60)[0].splitlines()
        eventually(lambda: not self.engine.is_running())
        return lines


def test_an_interrupt_reaches_the_engine_once_and_its_end_is_waited_for(tmp_path: Path) -> None:
    command = Interrupted(tmp_path, 1)
    command.process.send_signal(signal.SIGINT)
    assert command.ends() == [
        "cancelling: waiting for what has begun; Ctrl-C again to leave it",
        "interrupted 1",
    ]


def test_a_second_interrupt_reaches_the_engine_too(tmp_path: Path) -> None:
    command = Interrupted(tmp_path, 2)
    command.process.send_signal(signal.SIGINT)
    eventually(lambda: (tmp_path / "heard").read_text() == "1")
    command.process.send_signal(signal.SIGINT)
    assert command.ends()[-1] == "interrupted 2"


def test_the_engine_hears_of_it_when_the_command_is_killed(tmp_path: Path) -> None:
    command = Interrupted(tmp_path, 1)
    command.process.kill()
    assert command.ends() == []
