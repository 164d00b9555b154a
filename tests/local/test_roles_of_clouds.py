"""What the one-off task beside a cloud's database runs, on a server of this machine with an administrator like theirs.

Such an administrator may make roles and databases, and is no superuser.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stackgen.contracts.pgvector.dump import LOCK
from stackgen.toolchain.installers import make_environment
from tests.conftest import ROOT
from tests.local.former import MOVABLE, Server, account, ask, free_port

pytestmark = pytest.mark.local
SHARED = ROOT / "src" / "stackgen" / "providers" / "shared" / "program"
SERVICES, ADMINISTRATORS, APPLICATIONS = "of-the-service", "of-the-administrator", "of-the-application"
# RDS makes the database as its master user's; Cloud SQL as a group's that its users are members of.
RDS = "create database knowledge owner administrator"
CLOUD_SQL = """
    create role cloudsqlsuperuser nologin createdb createrole; grant cloudsqlsuperuser to administrator;
    create database knowledge owner cloudsqlsuperuser
"""
ALLOYDB = "select 'it makes none but postgres'"
REFUSED = (
    "copy (select 1) to program 'true'",
    "select pg_read_file('PG_VERSION')",
    "select rolpassword from pg_authid",
    "create role another",
    "create database another",
    "set role administrator",
    "alter role application superuser",
    "alter role administrator password 'x'",
    "drop extension vector",
)


@pytest.fixture(scope="module")
def programs(open_folder: Path) -> Path:
    folder = open_folder / "cloud-programs"
    make_environment(folder, ["--no-deps", "-r", str(LOCK)])
    control = next(folder.rglob("vector.control"))
    text = control.read_text(encoding="utf-8")
    control.unlink()  # it may be a link into a cache
    # A cloud lets its administrator create the extensions that it allows; PostgreSQL calls such an extension trusted.
    control.write_text(f"{text}\ntrusted = true\n", encoding="utf-8")
    return next(folder.rglob("pginstall18/bin"))


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.syspath_prepend(str(SHARED))
    yield importlib.import_module("database_roles").make_role_command("knowledge", "vector")
    del sys.modules["database_roles"]


@contextmanager
def _managed(programs: Path, folder: Path, made_by_the_cloud: str) -> Iterator[Server]:
    """A server as a cloud hands it over."""
    folder.mkdir()
    if who := account():
        os.chown(folder, who["user"], who["group"])
    service = Server(programs, folder / "cluster", free_port(), "service")
    service.initialise(SERVICES)
    with service.started():
        role = f"create role administrator login createdb createrole password '{ADMINISTRATORS}';"
        ask(
            service,
            SERVICES,
            "postgres",
            f"{role} {made_by_the_cloud}; alter system set log_statement = 'all'",
        )
        ask(service, SERVICES, "postgres", "select pg_reload_conf()")
        yield Server(programs, service.cluster, service.port, "administrator")


def _task(command: str, server: Server, code: int = 0, **variables: str) -> str:
    """As a container runs it: without a terminal, with nothing but the image's programs; what it says."""
    environment = {
        "PATH": f"{server.programs}:{os.defpath}",
        "TMPDIR": str(server.cluster.parent),
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "administrator",
        "PGPASSWORD": ADMINISTRATORS,
        "APPLICATION_PASSWORD": APPLICATIONS,
        **variables,
    }
    done = subprocess.run(
        ["sh", "-euc", command],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
        **account(),
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert APPLICATIONS not in said
    assert ADMINISTRATORS not in said
    return said


def _rows(server: Server, sql: str, user: str = "application", password: str = APPLICATIONS) -> list[Any]:
    place = f"host=127.0.0.1 port={server.port} dbname=knowledge"
    with psycopg.connect(place, user=user, password=password, autocommit=True) as connection:
        cursor = connection.execute(sql)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return cursor.fetchall() if cursor.description else []


def _state(server: Server) -> list[Any]:
    """All that the task may have changed, with the transaction that made each row."""
    tables = ("pg_authid", "pg_auth_members", "pg_database", "pg_extension", "pg_namespace", "pg_class")
    return [
        row
        for table in tables
        for row in _rows(
            server, f"select '{table}', xmin::text, oid from {table} order by oid", "service", SERVICES
        )
    ]


def _holds(server: Server) -> None:
    """The application owns its database, can work in it, and reaches nothing beyond."""
    owner = "select pg_get_userbyid(datdba), rolsuper, rolcreaterole, rolcreatedb from pg_database, pg_roles "
    owner += "where datname = current_database() and rolname = current_user"
    assert _rows(server, owner) == [("application", False, False, False)]
    assert _rows(server, "select '[1]'::vector::text") == [("[1]",)]
    _rows(server, "create table works (v vector(3)); create index on works using hnsw (v vector_l2_ops)")
    _rows(
        server, "create schema own; create table own.own (i int); drop schema own cascade; drop table works"
    )
    for statement in REFUSED:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)):
            _rows(server, statement)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        _rows(server, "select", "administrator", APPLICATIONS)
    assert _rows(server, "select 1", "administrator", ADMINISTRATORS) == [(1,)]


@pytest.mark.parametrize("cloud", [RDS, CLOUD_SQL, ALLOYDB], ids=["rds", "cloud-sql", "alloydb"])
def test_a_new_database(cloud: str, programs: Path, command: str, open_folder: Path, request: Any) -> None:
    with _managed(programs, open_folder / request.node.callspec.id, cloud) as server:
        _task(command, server)
        _holds(server)
        before = _state(server)
        _task(command, server)
        assert _state(server) == before, "a second run changes nothing"
        _task(command, server, APPLICATION_PASSWORD="another")
        assert _rows(server, "select 1", password="another") == [(1,)]
        log = server.cluster.with_name("log").read_text(encoding="utf-8")
        assert re.search(r"(?i)alter (user|role) \S+ password '\s*SCRAM-SHA-256\$", log)
        assert not re.search(f"'({APPLICATIONS}|another)'", log), "only the password's hash is sent"


@pytest.mark.parametrize("cloud", [RDS, CLOUD_SQL], ids=["rds", "cloud-sql"])
def test_data_that_the_administrator_made_is_handed_over(
    cloud: str, programs: Path, command: str, open_folder: Path, request: Any
) -> None:
    """Former versions gave applications the administrator's password."""
    with _managed(programs, open_folder / f"former-{request.node.callspec.id}", cloud) as server:
        ask(server, ADMINISTRATORS, "knowledge", MOVABLE)
        for _ in range(2):
            _task(command, server)
        _holds(server)
        assert ("row 1",) in _rows(server, "update items set number = number + 1 returning text")
        _rows(
            server, "alter table items add more int; drop materialized view counted; drop function answer()"
        )
        _rows(server, 'drop schema "Other ""Schema" cascade')
        left = "select relname from pg_class where relowner = 'administrator'::regrole and oid >= 16384"
        assert _rows(server, left) == []


def test_an_application_that_may_become_more_is_an_error(
    programs: Path, command: str, open_folder: Path
) -> None:
    with _managed(programs, open_folder / "more", CLOUD_SQL) as server:
        _task(command, server)
        ask(Server(programs, server.cluster, server.port, "service"), SERVICES, "postgres",
            "grant cloudsqlsuperuser to application")  # fmt: skip
        assert "may do more than it should" in _task(command, server, code=1)


def test_a_hostile_application_does_not_reach_the_administrator(
    programs: Path, command: str, open_folder: Path
) -> None:
    """It owns the database that the administrator's session of the next run is in."""
    with _managed(programs, open_folder / "hostile", RDS) as server:
        _task(command, server)
        _rows(server, "create function public.format(text, variadic text[]) returns text language plpgsql as "
              "'begin raise exception ''taken''; end'")  # fmt: skip
        _rows(
            server,
            "create table public.pg_roles as select 1 as x; alter database knowledge set search_path = public",
        )
        _rows(server, "alter database knowledge set default_transaction_read_only = on")
        _task(command, server)
        assert _rows(server, "show search_path") == [("public",)], "what an application sets stays"
