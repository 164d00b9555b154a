"""The real Pulumi engine with a real program: preview, up, refresh, destroy, interruption, contention."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock, patch

import psutil
import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.disk.writing import write_program
from stackgen.engine import leftovers, program_environment
from stackgen.engine.command import EngineCommand
from stackgen.engine.deployment import Deployment
from stackgen.engine.locate import ensure_engine, find_engine
from stackgen.engine.settings import engine_variables
from stackgen.errors import StackgenError
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import load_spec
from tests.catalog.test_shelf import throw_away
from tests.conftest import Cli
from tests.waiting import eventually

pytestmark = pytest.mark.engine

NAP = """
apiVersion: stackgen/v1
name: nap
components:
  nap: {{capability: job, source: code, command: [sleep, "{seconds}"]}}
environments:
  dev: {{provider: local}}
"""


@pytest.fixture
def place(open_folder: Path) -> Iterator[Path]:
    """A folder and a data home of the test's own; what a failed test leaves running is ended."""
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    with patch.dict(os.environ, {"STACKGEN_DATA_HOME": str(folder / "data")}):  # undoes what the engine sets
        for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_HOME"):
            os.environ.pop(name, None)
        yield folder
    for process in psutil.process_iter():
        try:
            if process.environ().get("STACKGEN_WORKSPACE", "").startswith(str(folder)):
                process.kill()
        except psutil.Error:
            continue


@pytest.fixture
def deployment(place: Path) -> Deployment:
    """A program with a workspace and a throw-away implementation, written but not deployed."""
    shelf, spec = throw_away(place)
    program = build_program(plan_environment(load_spec(spec), "dev", Shelf([shelf])))
    write_program(program)
    ensure_engine(print)
    return Deployment(program.folder, "throw-away", "dev")


def test_an_engine_is_there_and_says_where_from() -> None:
    engine = ensure_engine(print)
    assert find_engine() == engine
    assert engine.origin in ("path", "official", "built")
    assert engine.executable.exists()


def test_a_new_implementation_goes_as_far_as_a_preview(deployment: Deployment, place: Path) -> None:
    outcome = deployment.preview()
    created = {step.name: step.type for step in outcome.steps if step.op == "create"}
    assert created["documents"] == "stackgen:object_store:LocalFolder"
    assert created["workspace-supervisor"].endswith(":Supervisor")
    assert not (place / "data" / "stacks").exists()


def test_a_proxy_is_not_asked_for_the_engine(deployment: Deployment) -> None:
    program_environment.prepare_for_program(
        deployment.program, print
    )  # packages may need the proxy that this machine has
    dead = "http://127.0.0.1:9"
    with patch.dict(os.environ, {"https_proxy": dead, "http_proxy": dead, "HTTPS_PROXY": dead}):
        for name in ("no_proxy", "NO_PROXY"):
            os.environ.pop(name, None)
        assert "documents" in {step.name for step in deployment.preview().steps}


def test_from_up_to_destroy(deployment: Deployment, place: Path) -> None:
    before = (deployment.program / "Pulumi.yaml").read_bytes()
    assert deployment.up().outputs["bindings"] == {"documents": {"s3": {"bucket": 'it\'s "here"'}}}
    workspace = place / "data" / "stacks" / "throw-away" / "dev"
    supervisor = int((workspace / "supervisor" / "state" / "supervisord.pid").read_text())
    with patch.object(EngineCommand, "run", autospec=True, side_effect=EngineCommand.run) as run:
        assert _changed(deployment.up()) == set()
    assert _readings(run) == 1  # of two readings that an update lies between none is true
    assert not list((place / "data" / "state").rglob("*.attrs"))  # an empty one stops who reads meanwhile
    with patch.object(EngineCommand, "run", autospec=True, side_effect=EngineCommand.run) as run:
        outputs = _again(deployment).outputs()
    assert outputs["bindings"] == {"documents": {"s3": {"bucket": 'it\'s "here"'}}}
    assert _readings(run) == len(run.mock_calls) == 1

    os.kill(supervisor, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(supervisor)] if psutil.pid_exists(supervisor) else [], timeout=5)
    assert _changed(deployment.up()) == {"workspace-supervisor"}

    engine = ensure_engine()
    shell = {**os.environ, **engine_variables(engine.folder)}
    pulumi = [str(engine.executable), "--non-interactive"]
    for words in (["install"], ["stack", "select", "--create", "dev"]):  # as README says
        subprocess.run([*pulumi, *words], cwd=deployment.program, env=shell, capture_output=True, check=True)
    done = subprocess.run(
        [*pulumi, "up", "--yes"],
        cwd=deployment.program,
        env=shell,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "unchanged" in done.stdout
    assert (deployment.program / "Pulumi.yaml").read_bytes() == before

    deployment.destroy()
    assert not (place / "data" / "stacks").exists()
    assert not (deployment.program / "Pulumi.dev.yaml").exists()


def _changed(outcome: object) -> set[str]:
    steps = getattr(outcome, "steps")  # noqa: B009
    return {step.name for step in steps if step.op not in ("same", "refresh", "read")}


def _readings(run: Mock) -> int:
    """How often outputs were read."""
    return sum(call.args[1][:2] == ["stack", "output"] for call in run.mock_calls)


def nap(place: Path, seconds: int) -> Cli:
    (place / "stack.yaml").write_text(NAP.format(seconds=seconds))
    (place / "code").mkdir(exist_ok=True)
    (place / "code" / "requirements.txt").touch()
    return Cli(place, place / "data")


def _wait_for_job(place: Path) -> None:
    log = place / "data" / "stacks" / "nap" / "dev" / "logs" / "nap.log"
    deadline = time.monotonic() + 90
    while not log.exists():
        assert time.monotonic() < deadline, "the job has not begun"
        time.sleep(0.1)


def test_a_second_up_of_the_same_environment_is_refused(place: Path) -> None:
    cli = nap(place, 12)
    first = cli.start("up", "stack.yaml", "--yes")
    _wait_for_job(place)
    running = (place / "dev").stat().st_ino
    (place / "code" / "more.py").write_text("more = True\n")
    (place / "stack.yaml").write_text(NAP.format(seconds=13))
    second = cli("up", "stack.yaml", "--yes", code=4)
    assert (place / "dev").stat().st_ino == running, "the program of an update that runs was replaced"
    assert "error[stack-locked]: another update of this environment is running" in second.stderr
    first.communicate(timeout=120)
    assert first.returncode == 0
    cli("down", "stack.yaml", "--delete-data", "--yes")


@pytest.mark.parametrize(
    "how", ["ctrl-c", pytest.param("kill-9-command", marks=pytest.mark.nightly), "kill-9-engine"]
)
def test_an_interrupted_up_leaves_nothing_running_and_is_healed_by_the_next(place: Path, how: str) -> None:
    cli = nap(place, 600)
    process = cli.start("up", "stack.yaml", "--yes", group=True)
    _wait_for_job(place)
    if how == "ctrl-c":
        _require_own_callers(process)
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        _, err = process.communicate(timeout=60)
        assert process.returncode == 8, err
        assert "error[cancelled]: up was cancelled" in err
    elif how == "kill-9-command":
        process.kill()
    else:
        _engine(process).kill()
    assert _gone(place, 5), _running(place)
    locks = list((place / "data" / "state" / ".pulumi" / "locks").rglob("*.json"))
    assert bool(locks) == (how == "kill-9-engine"), "an engine that is cancelled gives its lock back"
    if how == "kill-9-engine":
        _, err = process.communicate(timeout=60)
        assert process.returncode == 4
        assert "error[engine-killed]: the engine was ended from outside (signal 9, SIGKILL) during up" in err
        assert "run the same command again" in err
        assert "Warning" not in err
    nap(place, 1)
    assert "is up" in cli("up", "stack.yaml", "--yes").stderr
    cli("down", "stack.yaml", "--delete-data", "--yes")
    assert not (place / "data" / "stacks").exists()


def test_what_an_engine_left_behind_is_ended_by_the_next_command() -> None:
    """Servers of earlier versions did not end by themselves, and the first process of the machine got them."""
    bin_folder = ensure_engine().folder / "bin"
    variables = {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "HOME": "/"}
    begin = f"{sys.executable} -u -m pulumi.dynamic 127.0.0.1:9 >/dev/null 2>&1 & echo $!"
    done = subprocess.run(
        ["setsid", "sh", "-c", begin], env=variables, capture_output=True, text=True, check=True
    )
    left = psutil.Process(int(done.stdout))
    own = subprocess.Popen([sys.executable, "-u", "-m", "pulumi.dynamic", "127.0.0.1:9"], env=variables)
    said: list[str] = []
    try:
        eventually(lambda: left.ppid() == 1, 30)
        leftovers.end_leftovers(said.append)
        assert own.poll() is None, "a server whose engine runs was ended"
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
    finally:
        own.kill()
        own.wait()
    assert said == ["ended 1 of the engine's servers that an interrupted command had left"]


@pytest.mark.nightly
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_a_disk_that_was_full_during_an_update_is_healed_by_the_next(deployment: Deployment) -> None:
    disk = deployment.program / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=True)
    try:
        with patch.dict(os.environ, {"PULUMI_BACKEND_URL": f"file://{disk}"}):
            _again(deployment).up()
            _fill(disk / "filler")
            with pytest.raises(StackgenError) as failed:
                _again(deployment).up()
            assert [problem.code for problem in failed.value.problems] == ["disk-full"]
            assert f"no space left on the disk that holds {disk}" in failed.value.problems[0].message
            (disk / "filler").unlink()
            _again(deployment).up()
            _again(deployment).destroy()
            assert not list((disk / ".pulumi" / "locks").rglob("*.*"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _again(deployment: Deployment) -> Deployment:
    """The same, as the next command has it."""
    return Deployment(deployment.program, deployment.project, deployment.name, print)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(b"x" * 4096)


ASK = """
import os, sys, grpc, grpc._channel
os.setgroups([])
os.setuid(int(sys.argv[1]))
methods = ("/grpc.health.v1.Health/Check", "/pulumirpc.ResourceProvider/GetPluginInfo",
           "/pulumirpc.LanguageRuntime/GetPluginInfo", "/pulumirpc.Events/StreamEvents")
for port in sys.argv[2:]:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        for method in methods:
            try:
                channel.unary_unary(method)(b"", timeout=10)
                print(port)
            except grpc.RpcError:
                continue
"""


def _require_own_callers(process: subprocess.Popen[str]) -> None:
    """Every server of the engine answers its own user, and no other."""
    engine = _engine(process)
    ports = {
        str(connection.laddr.port)
        for member in (psutil.Process(process.pid), engine, *engine.children(recursive=True))
        for connection in member.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and "STACKGEN_WORKSPACE" not in _variables(member)
    }
    assert len(ports) >= 5, "events, the engine, its monitor, the language host, the dynamic providers"
    assert _answering(os.geteuid(), ports) == ports
    if os.geteuid() == 0:
        assert _answering(65534, ports) == set()


def _answering(user: int, ports: set[str]) -> set[str]:
    command = [sys.executable, "-c", ASK, str(user), *ports]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def _engine(process: subprocess.Popen[str]) -> psutil.Process:
    """The `pulumi` that a command of ours runs."""
    return next(child for child in psutil.Process(process.pid).children() if child.name() == "pulumi")


def _running(place: Path) -> list[list[str]]:
    """Command lines of what a command with the data home in `place` has started, but not the supervisor's servers."""
    found: list[list[str]] = []
    for process in psutil.process_iter():
        variables = _variables(process)
        if (
            variables.get("STACKGEN_DATA_HOME") == str(place / "data")
            or variables.get("STACKGEN_PROCESS") == "nap"
        ):
            with suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append([process.name(), *process.cmdline()[:5]])
    return found


def _gone(place: Path, limit: float) -> bool:
    deadline = time.monotonic() + limit
    while _running(place):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _variables(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}
