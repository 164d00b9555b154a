"""Applications own their database and are no superusers of its server, also on data of former versions."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from stackgen.contracts.pgvector import PgvectorBinding, connect
from stackgen.errors import StackgenError
from stackgen.moving import embeddings, pgvector
from stackgen.moving.embeddings import Collection
from tests.conftest import Cli
from tests.local.former import OF_SUPERUSERS, account, another_database, ask, former, free_port, server
from tests.local.swapping import STACK, bindings, gone, up

pytestmark = [pytest.mark.local, pytest.mark.timeout(900)]
STORES = """\
  knowledge: {capability: vector_store, dimensions: 3}
  older: {capability: vector_store, dimensions: 3, settings: {version: "16"}}
  packaged: {capability: vector_store, dimensions: 3, implementation: local/embedded-postgres}
"""
REFUSED = (
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/stackgen-test'",
    "create temporary table read_in (line text); copy read_in from program 'id'",
    "select pg_read_file('PG_VERSION')",
    "select lo_import('/etc/hostname')",
    "select rolpassword from pg_authid",
    "alter system set work_mem = '5MB'",
    "alter role application superuser",
    "create role another",
    "create database another",
    "set role stackgen",
    "create function f() returns int language c as '$libdir/vector', 'vector_in'",
    "drop extension vector",
)
ALLOWED = (
    "create extension if not exists vector",
    "create schema own; create table own.own (embedding vector(3)); drop schema own cascade",
    "alter database {0} set work_mem = '8MB'; alter database {0} reset work_mem",
)
# As of an operator's database, or of a server before PostgreSQL 15: triggers can't be paused.
LIMITED = "create role limited login password 'limited'; create database limited owner limited;"
OWNED_BY_SUPERUSERS = """
    select o.owned from pg_roles r, lateral (
        select i.type || ' ' || i.identity as owned from (
            {every}
        ) e(classid, objid, owner), pg_identify_object(classid, objid, 0) i where e.owner = r.oid and e.objid >= 16384
        and i.identity !~ '^pg_(toast_)?temp_'
    ) o where r.rolsuper order by 1
"""
OWNERS = """
    select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and not c.relisshared
    and a.attname ~ '^(nsp|rel|pro|typ|opr|opc|opf|coll|con|dict|cfg|stx|srv|pub|fdw|lan|ext|evt|lom)owner$'
"""


def _binding(found: dict[str, Any], component: str) -> PgvectorBinding:
    return PgvectorBinding.model_validate(found[component]["pgvector"])


def _rows(binding: PgvectorBinding, sql: str, **other: Any) -> list[Any]:
    with connect(binding, autocommit=True, **other) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def _of_superusers(binding: PgvectorBinding) -> list[str]:
    """What superusers own in a database, whatever catalogue it stands in."""
    owners = _rows(binding, OWNERS)
    assert len(owners) >= 15, owners
    every = " union all ".join(
        f"select '{name}'::regclass, oid, {owner} from {name}" for name, owner in owners
    )
    return [name for (name,) in _rows(binding, OWNED_BY_SUPERUSERS.format(every=every))]


def _confined(binding: PgvectorBinding) -> None:
    assert binding.username == "application"
    for sql in REFUSED:
        with pytest.raises(psycopg.Error) as refused:
            _rows(binding, sql)
        assert isinstance(
            refused.value, (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject)
        ), sql
    attributes = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    roles = _rows(binding, f"select {attributes} from pg_roles where rolname = current_user")
    assert roles == [(False,) * 5]
    assert _rows(
        binding, "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
    ) == [(binding.username,)]


def _runs_its_own(binding: PgvectorBinding) -> None:
    for sql in ALLOWED:
        _rows(binding, sql.format(binding.database))


def _moved(source: PgvectorBinding, target: PgvectorBinding) -> None:
    pgvector.MOVER.copy(source, target, None, print)
    pgvector.MOVER.copy(source, target, None, print)
    assert not [part for part in pgvector.MOVER.compare(source, target, None).parts if not part.equal]


def _both_ways(old: PgvectorBinding, new: PgvectorBinding) -> None:
    """What a swap and its rollback do, and each side is closed for writing in between."""
    pgvector.freeze(old)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        _rows(old, "delete from items")
    _moved(old, new)
    pgvector.thaw(new)
    _rows(new, "insert into items (text) values ('afterwards')")
    pgvector.freeze(new)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        _rows(new, "delete from items")
    _moved(new, old)
    pgvector.thaw(old)
    assert ("afterwards",) in _rows(old, "select text from items")


HIDING = (
    "create type kind as (a int)",
    "create table docs (id int primary key, body text, t kind)",
    "create table times (t text)",
    "insert into times values ('noon')",
    "insert into docs select n, 'old', row(n)::kind from generate_series(1, 50) n",
    "create table rented (tenant text)",
    "insert into rented values ('one'), ('two')",
    "alter table rented enable row level security",
    "create policy own on rented using (tenant = current_setting('app.tenant', true))",
)


def _no_row_is_hidden(source: PgvectorBinding, target: PgvectorBinding) -> None:
    """By a column that is called like the row, or by a policy that holds for the table's owner too."""
    mover = pgvector.MOVER
    assert mover.content(source) == ""
    for sql in HIDING:
        _rows(source, sql)
    assert mover.content(source) == "public.docs"
    mover.copy(source, target, None, print)
    _rows(source, "update docs set body = 'new' where id < 20")
    _moved(source, target)
    assert _rows(target, "select count(*) from docs where body = 'new'") == [(19,)]
    assert _rows(target, "select count(*) from rented") == [(2,)]
    override = f"alter role application in database {source.database} {{}} default_transaction_read_only"
    _rows(source, override.format("set") + " = off")
    with pytest.raises(StackgenError, match="can't be closed for writing"):
        pgvector.freeze(source)
    _rows(source, override.format("reset"))
    pgvector.thaw(source)
    _rows(source, "alter table rented force row level security")
    for look in (
        lambda: mover.copy(source, target, None, print),
        lambda: mover.compare(source, target, None),
    ):
        with pytest.raises(
            StackgenError, match=r"not moved: public\.rented: row-level security is forced there"
        ):
            look()
    with (
        pytest.raises(StackgenError, match="row-level security policy"),
        pgvector.session(source) as connection,
    ):
        connection.execute("select * from public.rented").fetchall()


CHUNKS = Collection("public", "chunks", "content", "embedding")
EXCHANGED = (
    "create table chunks (number int primary key, content text, embedding vector(3))",
    "create table chunks__box2 (like chunks including all)",
    "insert into chunks values (1, 'first', '[1,0,0]')",
    "insert into chunks__box2 values (1, 'first', '[0,1,0]')",
)


def _no_table_is_replaced_by_embeddings(store: PgvectorBinding) -> None:
    """Not one of the application's, nor one that took a row though it was closed for writing."""
    for sql in EXCHANGED:
        _rows(store, sql)
    with pytest.raises(StackgenError, match=r"there is a table public\.chunks__box2, which the swap would"):
        embeddings.refuse_taken(store, [CHUNKS], 1, 2)
    embeddings.drop(store, [CHUNKS], 2, unused=True)
    _rows(store, f"comment on table chunks__box2 is '{embeddings.OURS}'")
    embeddings.refuse_taken(store, [CHUNKS], 1, 2)
    with pytest.raises(StackgenError, match="there is a table public"):
        embeddings.refuse_taken(store, [CHUNKS], 2, 3)
    with pytest.raises(StackgenError, match="is longer than 63 bytes"):
        embeddings.refuse_taken(store, [replace(CHUNKS, table="c" * 58)], 1, 2)
    _rows(store, "insert into chunks values (2, 'late', '[1,0,0]')")
    with pytest.raises(StackgenError, match=r"public\.chunks was written to after its store was closed"):
        embeddings.put_aside(store, [CHUNKS], 1, 2)
    assert _rows(store, "select number from chunks") == [(1,), (2,)]
    _rows(store, "delete from chunks where number = 2")
    embeddings.put_aside(store, [CHUNKS], 1, 2)
    embeddings.put_in_place(store, [CHUNKS], 2, "embedder", {})
    embeddings.drop(store, [CHUNKS], 1, unused=True)
    assert _rows(store, "select embedding::text from chunks__box1") == [("[1,0,0]",)]
    embeddings.drop(store, [CHUNKS], 1, unused=False)
    assert _rows(store, "select embedding::text from chunks") == [("[0,1,0]",)]
    _rows(store, "drop table chunks")


def test_an_application_is_no_superuser_and_takes_over_what_one_made(stack: Cli) -> None:
    up(stack, STORES)
    found = bindings(stack)
    for component in ("knowledge", "older", "packaged"):
        _confined(_binding(found, component))
        _runs_its_own(_binding(found, component))
    fresh = _binding(found, "packaged")
    only_extensions = _of_superusers(fresh)
    _no_row_is_hidden(_binding(found, "knowledge"), fresh)
    _no_table_is_replaced_by_embeddings(fresh)
    places: dict[str, tuple[Path, Path]] = {}
    for component in ("knowledge", "older"):
        new = _binding(found, component)
        programs, data = server(stack, "swapped", component)
        folder = stack.folder / f"former-{component}"
        folder.mkdir()
        if who := account():
            os.chown(folder, who["user"], who["group"])
        password = new.password.get_secret_value()
        with former(programs, folder / "cluster", free_port(), new.database, password) as running:
            old = new.model_copy(update={"port": running.port, "username": "stackgen"})
            _both_ways(old, fresh)
            ask(running, password, "postgres", LIMITED)
            ask(running, password, "limited", "create extension vector")
            limited = {"database": "limited", "username": "limited", "password": SecretStr("limited")}
            _moved(fresh, old.model_copy(update=limited))
            another_database(running, password)
            with pytest.raises(StackgenError, match="not moved: database limited: a swap moves "):
                pgvector.MOVER.copy(old, fresh, None, print)
            ask(running, password, new.database, OF_SUPERUSERS)
        places[component] = folder / "cluster", data

    stack("down", *STACK, "--yes")
    who = account()
    for made, place in places.values():
        shutil.rmtree(place)
        made.rename(place)
        if who:
            os.chown(
                place.parent, who["user"], who["group"]
            )  # former versions ran all servers as one account
    for _ in range(2):
        stack("up", *STACK, "--yes")
        for component in places:
            binding = _binding(bindings(stack), component)
            assert binding == _binding(found, component)
            _taken_over(binding, only_extensions)
            stack("verify", *STACK, "--component", component)
        stack("down", *STACK, "--yes")
    gone(stack)


def _taken_over(binding: PgvectorBinding, only_extensions: list[str]) -> None:
    _confined(binding)
    _runs_its_own(binding)
    assert set(_of_superusers(binding)) == {*only_extensions, "event trigger noticing"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(binding, user="stackgen")
    assert ("row 1",) in _rows(binding, "select text from items")
    assert _rows(binding, "select * from texts") == _rows(binding, "select text from items")
    _rows(binding, "refresh materialized view counted")
    _rows(binding, "insert into reading.notes values ('within reach')")
    assert _rows(binding, "select answer(), total(1), 1 === 1, convert_from(lo_get(4711), 'utf8')") == [
        (42, 1, True, "bytes")
    ]
    assert _rows(binding, "select nextval('numbers') > 41") == [(True,)]
    with connect(binding, dbname="other", autocommit=True) as connection:
        connection.execute("alter table kept add column if not exists more int")
        assert connection.execute("select value from kept").fetchall() == [(7,)]
