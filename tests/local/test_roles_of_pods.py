"""What pods of PostgreSQL run to make the application's role, on a server of this machine instead of an image's."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stackgen.contracts.pgvector.dump import LOCK
from stackgen.toolchain.installers import make_environment
from tests.conftest import ROOT
from tests.local.former import Server, account, ask, former, free_port

pytestmark = pytest.mark.local
PROVIDERS = ROOT / "src" / "stackgen" / "providers"
SUPERUSERS, APPLICATIONS = "of-the-superuser", "of-the-application"


@pytest.fixture(scope="module")
def programs(open_folder: Path) -> Path:
    folder = open_folder / "programs"
    make_environment(folder, ["--no-deps", "-r", str(LOCK)])
    return next(folder.rglob("pginstall18/bin"))


@pytest.fixture
def scripts(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module with the scripts, and the folder that they stand in."""
    for place in ("kubernetes", "shared"):
        monkeypatch.syspath_prepend(str(PROVIDERS / place / "program"))
    found = importlib.import_module("kubernetes_platform.databases")
    folder = open_folder / "roles"
    folder.mkdir(exist_ok=True)
    for name, text in found.FILES.items():
        (folder / name).write_text(text)
    yield found, folder
    for name in list(sys.modules):
        if name.partition(".")[0] in ("kubernetes_platform", "database_roles"):
            del sys.modules[name]


def _own(folder: Path) -> Path:
    folder.mkdir()
    if who := account():
        os.chown(folder, who["user"], who["group"])
    return folder


def _in_pod(script: str, server: Server, code: int = 0, **variables: str) -> str:
    """As a container runs it: nothing but the image's programs, and the pod's variables; what it says."""
    environment = {
        "PATH": f"{server.programs}:{os.defpath}",
        "TMPDIR": str(server.cluster.parent),
        "PGDATA": str(server.cluster),
        "PGPORT": str(server.port),
        "POSTGRES_USER": "postgres",
        "POSTGRES_PASSWORD": SUPERUSERS,
        "APPLICATION_PASSWORD": APPLICATIONS,
        **variables,
    }
    done = subprocess.run(
        ["sh", "-c", script],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **account(),
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert APPLICATIONS not in said
    return said


def _rows(server: Server, user: str, password: str, sql: str) -> list[Any]:
    place: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "dbname": "knowledge",
        "autocommit": True,
    }
    with psycopg.connect(user=user, password=password, **place) as connection:
        return connection.execute(sql).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def _holds(server: Server, superuser: str) -> None:
    """The application owns its database and is confined; the superuser has a password of its own."""
    owner = "select pg_get_userbyid(datdba), rolsuper from pg_database, pg_roles "
    owner += "where datname = current_database() and rolname = current_user"
    assert _rows(server, "application", APPLICATIONS, owner) == [("application", False)]
    assert _rows(server, "application", APPLICATIONS, "select '[1]'::vector::text") == [("[1]",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _rows(server, "application", APPLICATIONS, "select rolpassword from pg_authid")
    assert _rows(
        server, superuser, SUPERUSERS, "select rolsuper from pg_roles where rolname = current_user"
    ) == [(True,)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        _rows(server, superuser, APPLICATIONS, "select 1")


def test_a_new_volume(programs: Path, scripts: Any, open_folder: Path) -> None:
    module, folder = scripts
    home = _own(open_folder / "new")
    server = Server(programs, home / "cluster", free_port(), "postgres")
    take_over = module.TAKE_OVER.format(former="app", folder=folder, arguments="knowledge vector")
    _in_pod(take_over, server)
    assert not server.cluster.exists(), "an image's entrypoint makes the data"
    server.initialise(SUPERUSERS)
    with server.started():
        make = module.MAKE_ROLES.format(folder=folder, arguments="knowledge vector")
        _in_pod(make, server, PGHOST="127.0.0.1", PGPASSWORD=SUPERUSERS)
        _holds(server, "postgres")
        place = f"host=127.0.0.1 port={server.port} dbname=knowledge"
        with psycopg.connect(f"{place} user=application password={APPLICATIONS}") as connection:
            connection.execute("alter role application password 'another'")  # and the transaction stays open
            said = _in_pod(make, server, code=3, PGHOST="127.0.0.1", PGPASSWORD=SUPERUSERS)
            assert "canceling statement due to lock timeout" in said
            connection.rollback()
    _in_pod(take_over, server)
    with server.started():
        _holds(server, "postgres")


def test_a_volume_of_a_former_version(programs: Path, scripts: Any, open_folder: Path) -> None:
    module, folder = scripts
    home = _own(open_folder / "former")
    with former(programs, home / "cluster", free_port(), "knowledge", APPLICATIONS, "app") as server:
        pass
    take_over = module.TAKE_OVER.format(
        former=module.FORMER_SUPERUSER, folder=folder, arguments="knowledge vector"
    )
    for _ in range(2):
        _in_pod(take_over, server)
        with server.started():
            _holds(server, "app")
            change = "update items set number = number + 1 returning text"
            assert ("row 1",) in _rows(server, "application", APPLICATIONS, change)


# What the role that owns a database can do to it without being a superuser, on PostgreSQL 18; all else is refused.
LOCKING_OUT = (
    "alter database knowledge set local_preload_libraries = 'x'",
    "alter role application set local_preload_libraries = 'x'",
    "alter role application in database knowledge set local_preload_libraries = 'x'",
    "alter database knowledge set password_encryption = 'md5'",
    "alter database knowledge set transaction_timeout = 1",
    "alter database knowledge set idle_session_timeout = 1",
    "alter database knowledge set role = 'application'",
    "alter database knowledge set default_table_access_method = 'x'",
    "alter database knowledge set quote_all_identifiers = on",
    "alter database knowledge set standard_conforming_strings = off",
    "alter database knowledge connection limit 0",
    "alter database knowledge allow_connections false",
    "revoke connect on database knowledge from public, application",
)
KEPT = (
    "alter database knowledge set work_mem = '8MB'",
    "alter role application set search_path = 'one two', public",
    "alter database knowledge set default_transaction_read_only = on",
)


UNDONE = "; ".join(
    f"alter database knowledge reset {name}"
    for name in (
        *("password_encryption", "transaction_timeout", "idle_session_timeout", "role"),
        *("default_table_access_method", "quote_all_identifiers", "standard_conforming_strings"),
    )
)


def test_an_application_locks_nobody_out(programs: Path, scripts: Any, open_folder: Path) -> None:
    """Such statements may be an attacker's, by way of the application; the next start undoes them."""
    module, folder = scripts
    server = Server(programs, _own(open_folder / "locked") / "cluster", free_port(), "postgres")
    server.initialise(SUPERUSERS)
    make = module.MAKE_ROLES.format(folder=folder, arguments="knowledge vector")
    with server.started():
        place = f"host=127.0.0.1 port={server.port} user=application password={APPLICATIONS}"
        _in_pod(make, server, PGHOST="127.0.0.1", PGPASSWORD=SUPERUSERS)
        with psycopg.connect(f"{place} dbname=knowledge", autocommit=True) as connection:
            for statement in KEPT:
                connection.execute(statement)
        for statement in LOCKING_OUT:
            with psycopg.connect(f"{place} dbname=postgres", autocommit=True) as connection:
                connection.execute(statement)
            _in_pod(make, server, PGHOST="127.0.0.1", PGPASSWORD=SUPERUSERS)
            _in_pod(make, server, PGHOST="127.0.0.1", PGPASSWORD=SUPERUSERS)
            ask(
                server, SUPERUSERS, "postgres", UNDONE
            )  # what ends the application's own sessions stays its affair
            assert _rows(server, "postgres", SUPERUSERS, "select current_user::text") == [("postgres",)]
            assert _rows(server, "application", APPLICATIONS, "show work_mem") == [("8MB",)], statement
            assert _rows(server, "application", APPLICATIONS, "show search_path") == [('"one two", public',)]
            assert _rows(server, "application", APPLICATIONS, "show default_transaction_read_only") == [
                ("on",)
            ]


IN_THE_WAY = (
    "create type public.vector as (a int)",
    "create table public.halfvec ()",
    "create view public.sparsevec as select 1",
)


@pytest.mark.parametrize("statement", IN_THE_WAY)
def test_an_application_stops_no_server_by_what_it_makes(
    programs: Path, scripts: Any, tmp_path_factory: pytest.TempPathFactory, open_folder: Path, statement: str
) -> None:
    """What stands in the extension's place is the application's affair: it connects, and can mend it."""
    module, folder = scripts
    home = open_folder / tmp_path_factory.mktemp("way").name
    server = Server(programs, _own(home) / "cluster", free_port(), "postgres")
    server.initialise(SUPERUSERS)
    make = module.MAKE_ROLES.format(folder=folder, arguments="knowledge vector")
    with server.started():
        _in_pod(make, server, PGHOST="127.0.0.1", PGPASSWORD=SUPERUSERS)
        place = f"host=127.0.0.1 port={server.port} user=application password={APPLICATIONS} dbname=knowledge"
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute("create schema mine; create table mine.precious as select 1 as number")
            for each in ("drop schema public cascade", "create schema public", statement):
                connection.execute(each)  # pyright: ignore[reportArgumentType, reportCallIssue]
        said = _in_pod(make, server, PGHOST="127.0.0.1", PGPASSWORD=SUPERUSERS)
        assert "warning: 'knowledge' is without the extension 'vector'" in said
        rows = _rows(server, "application", APPLICATIONS, "select number from mine.precious")
        assert rows == [(1,)]
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute("drop schema public cascade")
        assert "warning" not in _in_pod(make, server, PGHOST="127.0.0.1", PGPASSWORD=SUPERUSERS)
        _holds(server, "postgres")
