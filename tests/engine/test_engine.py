"""The real Pulumi engine with a real program: preview, up, refresh, destroy, interruption, contention."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import psutil
import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.engine.deployment import Deployment
from stackgen.engine.locate import ensure, find
from stackgen.engine.settings import environment
from stackgen.planning.plan import plan
from stackgen.rendering.program import build
from stackgen.rendering.writing import write
from stackgen.spec.loading import load
from tests.catalog.test_shelf import throw_away
from tests.conftest import Cli

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
    program = build(plan(load(spec), "dev", Shelf([shelf])))
    write(program)
    ensure(print)
    return Deployment(program.folder, "throw-away", "dev")


def test_an_engine_is_there_and_says_where_from() -> None:
    engine = ensure(print)
    assert find() == engine
    assert engine.origin in ("path", "official", "built")
    assert engine.executable.exists()


def test_a_new_implementation_goes_as_far_as_a_preview(deployment: Deployment, place: Path) -> None:
    outcome = deployment.preview()
    created = {step.name: step.type for step in outcome.steps if step.op == "create"}
    assert created["documents"] == "stackgen:object_store:LocalFolder"
    assert created["workspace-supervisor"].endswith(":Supervisor")
    assert not (place / "data" / "stacks").exists()


def test_from_up_to_destroy(deployment: Deployment, place: Path) -> None:
    before = (deployment.program / "Pulumi.yaml").read_bytes()
    assert deployment.up().outputs["bindings"] == {"documents": {"s3": {"bucket": 'it\'s "here"'}}}
    workspace = place / "data" / "stacks" / "throw-away" / "dev"
    supervisor = int((workspace / "supervisor" / "supervisord.pid").read_text())
    assert _changed(deployment.up()) == set()

    os.kill(supervisor, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(supervisor)] if psutil.pid_exists(supervisor) else [], timeout=5)
    assert _changed(deployment.up()) == {"workspace-supervisor"}

    engine = ensure()
    shell = {**os.environ, **environment(engine.folder)}
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


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill-9"])
def test_an_interrupted_up_is_healed_by_the_next(place: Path, how: signal.Signals) -> None:
    cli = nap(place, 600)
    process = cli.start("up", "stack.yaml", "--yes")
    _wait_for_job(place)
    if how == signal.SIGINT:
        _send(process.pid, how)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 8, err
        assert "cancelled" in err
    else:
        for child in (*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)):
            child.kill()
        process.communicate(timeout=60)
    nap(place, 1)
    assert "is up" in cli("up", "stack.yaml", "--yes").stderr
    cli("down", "stack.yaml", "--delete-data", "--yes")
    assert not (place / "data" / "stacks").exists()


def _send(pid: int, number: signal.Signals) -> None:
    """What a terminal does on Ctrl-C: the signal goes to the whole group."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        if "STACKGEN_WORKSPACE" not in _variables(process):
            process.send_signal(number)


def _variables(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}
