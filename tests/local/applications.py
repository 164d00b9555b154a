"""Applications that keep writing and reading while something happens to their stack, and what they have stored."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from stackgen.contracts.mlflow.contract import MlflowBinding
from stackgen.contracts.mlflow.server import Side
from stackgen.contracts.pgvector.contract import PgvectorBinding, open_connection
from stackgen.contracts.s3.contract import S3Binding, client
from tests.conftest import Cli
from tests.local.swapping import bindings

Bindings = dict[str, Any]


class Application(threading.Thread):
    """Writes numbered items one after the other, and remembers which were acknowledged.

    open_(bindings) → write(number); pause: seconds between two. After a failure it takes its bindings anew, as one
    that is restarted would.
    """

    def __init__(
        self, cli: Cli, open_: Callable[[dict[str, Any]], Callable[[int], None]], pause: float = 0.05
    ) -> None:
        super().__init__(daemon=True)
        self.cli = cli
        self.open = open_
        self.pause = pause
        self.committed: list[int] = []
        self.failures: list[str] = []
        self.wrong: list[str] = []
        self.over = threading.Event()
        self.restarted = threading.Event()

    def run(self) -> None:
        write: Callable[[int], None] | None = None
        number = 0
        while not self.over.is_set():
            number += 1
            if self.restarted.is_set():
                self.restarted.clear()
                write = None
            try:
                write = write or self.open(self.bindings())
                write(number)
                self.committed.append(number)
                time.sleep(self.pause)
            except AssertionError as error:
                self.wrong.append(str(error))
                write = None
            except Exception as error:  # whatever the client's library says
                self.failures.append(f"{type(error).__name__}: {error}")
                write = None
                time.sleep(0.5)

    def bindings(self) -> Bindings:
        """How to connect, as an application that starts now is configured."""
        return bindings(self.cli)

    def goes_on(self, seconds: float = 60) -> None:
        """Wait until something more is committed."""
        before, deadline = len(self.committed), time.monotonic() + seconds
        while len(self.committed) == before:
            assert time.monotonic() < deadline, self.failures[-3:]
            time.sleep(0.1)

    def end(self) -> list[int]:
        """Stop; what was acknowledged."""
        self.over.set()
        self.join(60)
        assert not self.wrong, self.wrong
        return self.committed


def database(found: Bindings) -> psycopg.Connection[Any]:
    return open_connection(PgvectorBinding.model_validate(found["knowledge"]["pgvector"]))


def rows(found: Bindings) -> Callable[[int], None]:
    connection = database(found)
    connection.execute("create table if not exists items (number int primary key, embedding vector(3))")
    connection.commit()

    def write(number: int) -> None:
        connection.execute("insert into items values (%s, %s)", [number, f"[{number},1,0]"])
        connection.commit()
        count = connection.execute("select count(*) from items where number = %s", [number]).fetchone()
        assert count == (1,), f"row {number} was committed and can't be read"

    return write


def numbers(found: Bindings) -> set[int]:
    with database(found) as connection:
        return {row[0] for row in connection.execute("select number from items").fetchall()}


def write_in_spite(found: Bindings, sql: str) -> None:
    """As a client that lets its own sessions write to a database that is closed for writing."""
    with database(found) as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.commit()
        connection.execute(sql.encode())


def version(found: Bindings) -> int:
    with database(found) as connection:
        return connection.info.server_version // 10000


def objects(found: Bindings) -> Callable[[int], None]:
    binding = S3Binding.model_validate(found["documents"]["s3"])
    connection = client(binding)

    def write(number: int) -> None:
        content = str(number).encode() * 100
        connection.put_object(
            Bucket=binding.bucket, Key=f"items/{number}", Body=content, Metadata={"n": str(number)}
        )

    return write


def runs(found: Bindings) -> Callable[[int], None]:
    side = Side(MlflowBinding.model_validate(found["registry"]["mlflow"]))

    def write(number: int) -> None:
        run = side.client.create_run("0", run_name=f"run {number}")
        side.client.log_metric(run.info.run_id, "number", number)
        side.client.update_run(run.info.run_id, "FINISHED")

    return write
