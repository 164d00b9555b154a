"""What a mover may do, well or badly, in the process that `test_movers_apart.py` has started for it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from stackgen.contracts.mover import Comparison, Memory, Part, Progress
from stackgen.contracts.pgvector.embedding_tables import EmbeddingTable
from stackgen.contracts.s3.contract import S3Binding
from stackgen.errors import ExitCode, Position, Problem, StackgenError
from stackgen.subprocesses import pulse

PROBLEMS = (
    Problem(
        "one", "first\nand more", Position("stack.yaml", 3, 4, "text"), "mend it", ("a", "b"), "stackgen up"
    ),
    Problem("two", "second ü"),
)


def compares(
    binding: S3Binding, items: list[EmbeddingTable], since: Memory | None, *, late: bool
) -> Comparison:
    assert binding.secret_access_key is not None
    secret = binding.secret_access_key.get_secret_value()
    mine = b"".join(Path(f"/proc/self/{name}").read_bytes() for name in ("cmdline", "environ"))
    parts = [Part(item.live, len(secret), int(late), secret, "") for item in items]
    return Comparison((*parts,), int(secret.encode() in mine), since or {})


def surroundings(binding: S3Binding) -> list[str]:
    return sorted(os.environ)


def reports(progress: Progress) -> None:
    print("what a library prints is no answer")
    progress("half")
    progress("whole")


def refuses() -> None:
    raise StackgenError(PROBLEMS, ExitCode.POLICY)


def lacks() -> None:
    raise ModuleNotFoundError("No module named 'boto3'", name="boto3")


def breaks(binding: S3Binding) -> None:
    raise ZeroDivisionError("by\nzero")


def dies(binding: S3Binding) -> None:
    os._exit(7)


def fills(binding: S3Binding) -> None:
    held: list[bytes] = []
    try:
        while True:
            held.append(os.urandom(1024) * 1024)
    except MemoryError as error:
        raise OSError("a library's words") from error


def returns(size: int) -> str:
    """A result of so many bytes; it is written once more, and for that the memory may be too small."""
    return "x" * size


def is_silent(binding: S3Binding, seconds: float) -> None:
    time.sleep(seconds)


def goes_on(seconds: float) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.1)
        pulse.beat()
    return "done"


def is_patient(seconds: float) -> str:
    with pulse.patience():
        time.sleep(seconds)
    return "done"


def receives(folder: str, seconds: float, size: int) -> str:
    """A client that writes so many bytes every tenth of a second into a file, and says nothing."""
    end = time.monotonic() + seconds
    with pulse.growing(folder), Path(folder, "file").open("wb", buffering=0) as file:
        while time.monotonic() < end:
            time.sleep(0.1)
            file.write(b"x" * size)
    return "done"


def has_a_child(tidied: str, progress: Progress) -> None:
    child = subprocess.Popen(["sleep", "1000"])
    try:
        progress(f"{os.getpid()} {child.pid}")
        time.sleep(1000)
    finally:
        Path(tidied).touch()
