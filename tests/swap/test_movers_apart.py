"""A server whose answer has no end, or never comes, takes neither the memory nor the time of whoever swaps its box."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from stackgen.contracts import contract, find_mover
from stackgen.contracts.isolation import isolate
from stackgen.contracts.mover import Comparison, Part
from stackgen.contracts.pgvector.embedding_tables import EmbeddingTable
from stackgen.contracts.s3.contract import S3Binding
from stackgen.errors import ExitCode, StackgenError
from stackgen.subprocesses import calling
from tests.contracts.test_endless_answers import OTHER_CLIENTS, endless
from tests.swap import work_of_movers as work

pytestmark = pytest.mark.sweep
__all__ = ["endless"]
ROOT = Path(__file__).parents[2]
MEASURED = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the memory of a process is not known here"
)
SECRET = "canary-0123456789"
BINDING = S3Binding.model_validate(
    {**OTHER_CLIENTS["s3"], "endpoint": "http://h:1", "secret-access-key": SECRET}
)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def bound(name: str, url: str) -> Any:
    values = {key: value.format(url=url) for key, value in OTHER_CLIENTS[name].items()}
    return contract(name).binding.model_validate(values)


def refused(function: Callable[[], Any]) -> str:
    """What a StackgenError(move-failed) says."""
    with pytest.raises(StackgenError) as caught:
        function()
    assert [problem.code for problem in caught.value.problems] == ["move-failed"]
    assert caught.value.exit_code == ExitCode.DEPLOYMENT
    return caught.value.problems[0].message


SWAP = """
import json, resource, sys
from stackgen.subprocesses import calling
from stackgen.contracts import contract
from stackgen.errors import StackgenError
from stackgen.contracts import find_mover
name, method, values = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
box = contract(name).binding.model_validate(values)
arguments = {"first_item": (box,), "copy": (box, box, None, print), "compare": (box, box, None)}[method]
try:
    getattr(find_mover(name, "documents"), method)(*arguments)
except StackgenError as error:
    print(error)
own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # ru_maxrss has the parent's
print(int(own.split()[1]) // 1024)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


@MEASURED
@pytest.mark.parametrize(
    ("name", "method"), [("s3", "first_item"), ("s3", "copy"), ("s3", "compare"), ("mlflow", "copy")]
)
def test_an_answer_without_an_end_takes_limited_memory(
    endless: tuple[str, dict[str, int]], name: str, method: str
) -> None:
    url, _ = endless
    values = {key: value.format(url=url) for key, value in OTHER_CLIENTS[name].items()}
    done = subprocess.run(
        [sys.executable, "-c", SWAP, name, method, json.dumps(values)],
        env={**os.environ, calling.MEMORY_VARIABLE: "0.25"},
        capture_output=True,
        text=True,
        check=True,
    )
    message, own, of_movers = done.stdout.splitlines()
    place = url.removeprefix("http://")
    assert message == (
        f"'documents', {name} at {place}: what the servers answer takes more than 0.25 GiB of memory; "
        "the rest was not read"
    )
    assert int(own) < 200, done.stdout
    assert int(of_movers) < 1024, done.stdout
    assert "Traceback" not in done.stderr


class _Dripping(BaseHTTPRequestHandler):
    """Sends a byte of a body every tenth of a second, of as many as are wanted."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" ")
                time.sleep(0.1)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def dripping() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("_Server", (_Dripping,), {"asked": asked})) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.mark.parametrize("name", OTHER_CLIENTS)
def test_an_answer_that_comes_a_byte_at_a_time_is_not_waited_for(
    dripping: tuple[str, list[str]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = dripping
    monkeypatch.setattr(calling, "MAX_SILENCE_SECONDS", 15.0)
    found = find_mover(name, "documents")
    assert found is not None
    box = bound(name, url)
    message = refused(lambda: found.copy(box, box, None, print))
    place = url.removeprefix("http://")
    assert message == f"'documents', {name} at {place}: there was no progress for 15 s, so the move was ended"
    assert asked


def test_a_call_means_the_same_as_in_this_process() -> None:
    items = [EmbeddingTable("public", "chunks", "content", "embedding")]
    found = isolate(work.compares)(BINDING, items, {"a": "b"}, late=True)
    assert found == Comparison((Part('"public"."chunks"', len(SECRET), 1, SECRET, ""),), 0, {"a": "b"})


def test_the_process_has_a_cleaned_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    found = isolate(work.surroundings)(BINDING)
    assert "AWS_PROFILE" not in found
    assert {"AWS_CONFIG_FILE", "NETRC", "PATH"} <= set(found)


def test_progress_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    isolate(work.reports)(said.append)
    assert said == ["half", "whole"]


def test_problems_come_as_they_were_raised() -> None:
    with pytest.raises(StackgenError) as caught:
        isolate(work.refuses)()
    assert caught.value.problems == work.PROBLEMS
    assert caught.value.exit_code == ExitCode.POLICY
    with pytest.raises(ModuleNotFoundError) as missing:
        isolate(work.lacks)()
    assert missing.value.name == "boto3"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (work.breaks, "ZeroDivisionError: by zero"),
        (work.dies, "it was ended by the system, or by its own code"),
    ],
)
def test_what_fails_is_one_sentence(
    function: Callable[[S3Binding], None], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    message = refused(lambda: isolate(function, "documents")(BINDING))
    assert message == f"'documents', s3 at h:1: the process that moves data ended without a result: {said}"
    assert "Traceback" not in capfd.readouterr().err


@MEASURED
@pytest.mark.parametrize("mebibytes", [40, 200])
def test_a_result_that_is_too_large_is_not_read(mebibytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """40: more than this process reads of it; 200: more than the mover's own has the memory to write."""
    monkeypatch.setenv(calling.MEMORY_VARIABLE, "0.25")
    message = refused(lambda: isolate(work.returns, "documents")(mebibytes * 1024**2))
    assert "takes more than 0.25 GiB of memory" in message


@MEASURED
def test_too_much_memory_has_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(calling.MEMORY_VARIABLE, "0.5")
    with pytest.raises(StackgenError) as caught:
        isolate(work.fills)(BINDING)
    (problem,) = caught.value.problems
    assert problem.message.startswith("s3 at h:1: what the servers answer takes more than 0.5 GiB of memory")
    assert problem.hint is not None
    assert "`export STACKGEN_MOVE_MEMORY=1`, and go on" in problem.hint
    for text in ("much", "0", "nan", "-1"):
        monkeypatch.setenv(calling.MEMORY_VARIABLE, text)
        with pytest.raises(StackgenError, match="which is no number of GiB") as caught:
            isolate(work.fills)(BINDING)
        assert caught.value.problems[0].code == "move-memory"


def test_silence_ends_a_move_and_progress_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(calling, "MAX_SILENCE_SECONDS", 5.0)
    start = time.monotonic()
    message = refused(lambda: isolate(work.is_silent, "box")(BINDING, 1000.0))
    assert message == "'box', s3 at h:1: there was no progress for 5 s, so the move was ended"
    assert time.monotonic() - start < 60
    assert isolate(work.goes_on)(12.0) == "done"
    assert isolate(work.is_patient)(12.0) == "done"
    assert isolate(work.receives)(str(tmp_path), 12.0, 256 * 1024) == "done"
    assert "no progress" in refused(lambda: isolate(work.receives)(str(tmp_path), 1000.0, 100))


PARENT = """
import sys
from stackgen.contracts.isolation import isolate
from tests.swap import work_of_movers as work
isolate(work.has_a_child)(sys.argv[1], lambda text: print(text, flush=True))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path, how: signal.Signals) -> None:
    tidied = tmp_path / "tidied"
    command = [sys.executable, "-c", PARENT, str(tidied)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        numbers = [int(word) for word in parent.stdout.readline().split()]
        assert len(numbers) == 2
        assert all(psutil.pid_exists(number) for number in numbers)
        parent.send_signal(how)
        parent.wait(30)
    deadline = time.monotonic() + 30
    while any(_runs(number) for number in numbers):
        assert time.monotonic() < deadline, numbers
        time.sleep(0.05)
    assert tidied.exists(), "it had no time to tidy up"


def _runs(number: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    return False
