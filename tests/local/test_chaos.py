"""Random faults under applications that keep writing: nothing acknowledged is lost or doubled, one `up` heals.

STACKGEN_CHAOS_ROUNDS and STACKGEN_CHAOS_SEED say how many faults, and which; a failure names both.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from stackgen.contracts.mlflow.contract import MlflowBinding
from stackgen.contracts.mlflow.server import Side, use_quiet_client
from stackgen.contracts.s3.contract import S3Binding, client
from tests.conftest import Cli
from tests.local import processes
from tests.local.applications import Application, Bindings, database, objects, runs, version
from tests.local.processes import servers, supervisor, variable
from tests.local.swapping import STACK, STEPS, bindings, gone, kill, swap, up

pytestmark = [pytest.mark.local, pytest.mark.nightly, pytest.mark.timeout(6 * 3600)]
ROUNDS = int(os.environ.get("STACKGEN_CHAOS_ROUNDS", "100"))
SEED = int(os.environ.get("STACKGEN_CHAOS_SEED", str(time.time_ns() % 1_000_000)))
DISK = "size=4g"
COMPONENTS = (
    "  knowledge: {{capability: vector_store, dimensions: 3, settings: {{max_connections: {connections}}}}}\n"
    "  documents: {{capability: object_store}}\n"
    "  registry: {{capability: model_registry}}\n"
)
WORDS = ("swap", "stack.yaml", "knowledge", "-e", "dev", "--yes")


class Writer(Application):
    """An application that also outlives the stack: without bindings it tries again."""

    def bindings(self) -> Bindings:
        done = self.cli("bindings", *STACK, "--show-secrets", "--json", code=None)
        if done.returncode:
            raise ConnectionError(done.stderr)
        return json.loads(done.stdout)["result"]


def pairs(found: Bindings) -> Callable[[int], None]:
    """One transaction writes to a table with a key and to one without."""
    connection = database(found)
    connection.execute("create table if not exists keyed (number int primary key)")
    connection.execute("create table if not exists plain (number int)")
    connection.commit()

    def write(number: int) -> None:
        connection.execute("insert into keyed values (%s)", [number])
        connection.execute("insert into plain values (%s)", [number])
        connection.commit()

    return write


@dataclass
class World:
    """The stack, and what decides which fault comes next."""

    cli: Cli
    disk: Path
    chance: random.Random
    connections: int = 50
    past: list[str] = field(default_factory=list[str])

    def up(self, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.cli("up", *STACK, "--yes", code=code)

    def change(self) -> None:
        """Give the next `up` something to do: the database restarts."""
        spec = self.cli.folder / "stack.yaml"
        text = spec.read_text()
        self.connections, before = 130 - self.connections, self.connections
        spec.write_text(text.replace(f"max_connections: {before}", f"max_connections: {self.connections}"))

    def supervised(self) -> psutil.Process:
        """One of the processes that the supervisor has started."""
        return self.chance.choice(supervisor(self.disk).children())

    def moment(self, seconds: float) -> float:
        return self.chance.uniform(0.2, seconds)


def kill_a_server(world: World) -> None:
    world.supervised().kill()


def stop_a_server(world: World) -> None:
    found = world.supervised()
    tree = [found, *found.children(recursive=True)]
    for process in tree:
        process.suspend()
    time.sleep(world.moment(10))  # the fault itself
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            process.resume()


def kill_the_supervisor(world: World) -> None:
    supervisor(world.disk).kill()


def reboot(world: World) -> None:
    processes.reboot(world.disk)


def stop_and_start(world: World) -> None:
    world.cli("down", *STACK, "--yes")


def interrupt_an_up(world: World) -> None:
    if world.chance.random() < 0.5:
        stop_and_start(world)
    world.change()
    process = world.cli.start("up", *STACK, "--yes", group=True)
    with suppress(subprocess.TimeoutExpired):
        process.wait(world.moment(15))  # the fault comes at any moment of it
    how = world.chance.choice(["Ctrl-C", "kill -9", "kill -9 of the engine"])
    world.past.append(how)
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        if how == "Ctrl-C":
            os.killpg(process.pid, signal.SIGINT)
        elif how == "kill -9":
            process.kill()
        else:
            for engine in psutil.Process(process.pid).children():
                engine.kill()
    _, err = process.communicate(timeout=300)
    assert "Traceback" not in err


def fill_the_disk(world: World) -> None:
    filler = world.disk / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(1 << 20))
    world.change()
    done = world.up(code=None)
    assert "Traceback" not in done.stderr
    filler.unlink()


def kill_a_swap(world: World) -> None:
    step = world.chance.choice(STEPS)
    edge = world.chance.choice(["before", "after"])
    restart = world.chance.choice([stop_and_start, kill_the_supervisor, reboot])
    word = world.chance.choice(["--apply", "--rollback"])
    other = 16 if version(bindings(world.cli)) == 18 else 18
    world.past.append(f"{edge} {step}, {restart.__name__}, {word}")
    box = ("--to", "local/postgresql", "--set", f'settings.version="{other}"')
    kill(world.cli, edge, step, *WORDS, "--apply", *box)
    restart(world)
    world.up()
    swap(world.cli, "knowledge", word)
    if "beside" not in (world.cli.folder / "stack.yaml").read_text():
        return
    if word == "--apply" and world.chance.random() < 0.5:
        swap(world.cli, "knowledge", "--rollback")
    swap(world.cli, "knowledge", "--retire")


FAULTS: tuple[Callable[[World], None], ...] = (
    *(kill_a_server, kill_a_server, stop_a_server, kill_the_supervisor, reboot, stop_and_start),
    *(interrupt_an_up, interrupt_an_up, fill_the_disk, kill_a_swap),
)


@pytest.fixture
def world(stack: Cli) -> Iterator[World]:
    """A stack on a small disk of its own."""
    disk = stack.folder / "data"
    disk.mkdir()
    with _mounted(disk):
        yield World(stack, disk, random.Random(SEED))  # noqa: S311


@contextmanager
def _mounted(disk: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("mounts a small disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{DISK},mode=0755", "tmpfs", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_faults_at_random_lose_double_and_leave_nothing(world: World) -> None:
    up(world.cli, COMPONENTS.format(connections=world.connections))
    with use_quiet_client():
        writers = [Writer(world.cli, pairs), Writer(world.cli, objects, 0.2), Writer(world.cli, runs, 1)]
        for writer in writers:
            writer.start()
        try:
            for number in range(ROUNDS):
                _round(world, writers, number)
        except BaseException:
            print(f"STACKGEN_CHAOS_SEED={SEED}", *world.past, sep="\n")
            raise
        rows, things, trainings = (writer.end() for writer in writers)
        print(
            {
                "seed": SEED,
                "faults": Counter(fault.split()[1] for fault in world.past if fault[0].isdigit()),
                "rows": len(rows),
                "objects": len(things),
            }
        )
        _nothing_is_lost(world.cli, rows, things, trainings)
    gone(world.cli)


def _round(world: World, writers: list[Writer], number: int) -> None:
    for writer in writers:
        writer.goes_on(300)
    fault = world.chance.choice(FAULTS)
    world.past.append(f"{number} {fault.__name__}")
    print(world.past[-1], flush=True)
    fault(world)
    world.up()
    for writer in writers:
        writer.goes_on(300)
    assert "nothing changed" in world.up().stderr
    parent = supervisor(world.disk)
    left = [p for p in servers(world.disk) if p != parent and parent not in p.parents()]
    assert left == [], "servers run beside the supervisor"
    _no_engine_is_left(world)


def _no_engine_is_left(world: World) -> None:
    """Of the engine, nothing runs whose command has ended."""
    deadline = time.monotonic() + 60
    while orphans := [p for p in psutil.process_iter() if _is_orphan(p, world.disk)]:
        assert time.monotonic() < deadline, orphans
        time.sleep(0.5)


def _is_orphan(process: psutil.Process, disk: Path) -> bool:
    with suppress(psutil.Error):
        ours = variable(process, "STACKGEN_DATA_HOME") == str(disk)
        return ours and process.ppid() == 1 and not variable(process, "STACKGEN_WORKSPACE")
    return False


def _nothing_is_lost(cli: Cli, rows: list[int], things: list[int], trainings: list[int]) -> None:
    found = bindings(cli)
    with database(found) as connection:
        keyed, plain = (_stored(connection, table) for table in ("keyed", "plain"))
    assert keyed == plain
    assert set(plain) >= set(rows)
    assert max(plain.values()) == 1
    binding = S3Binding.model_validate(found["documents"]["s3"])
    pages = client(binding).get_paginator("list_objects_v2").paginate(Bucket=binding.bucket)
    keys = {item["Key"] for page in pages for item in page["Contents"]}
    assert keys >= {f"items/{number}" for number in things}
    side = Side(MlflowBinding.model_validate(found["registry"]["mlflow"]))
    names = Counter(run.info.run_name for run in side.runs.values())
    assert set(names) >= {f"run {number}" for number in trainings}
    assert max(names.values()) == 1


def _stored(connection: Any, table: str) -> Counter[int]:
    return Counter(row[0] for row in connection.execute(f"select number from {table}").fetchall())
