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

from stackgen.contracts.pgvector import embedding_tables as exchange
from stackgen.contracts.pgvector import mover as pgvector
from stackgen.contracts.pgvector.contract import PgvectorBinding, open_connection
from stackgen.contracts.pgvector.embedding_tables import EmbeddingTable
from stackgen.contracts.pgvector.relations import MADE_ANEW
from stackgen.errors import StackgenError
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
    with open_connection(binding, autocommit=True, **other) as connection:
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
    _rows(new, "refresh materialized view counted")
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
    'create table "rates %s" ("of %(n)s" int)',
    'insert into "rates %s" values (1)',
    "create table rented (tenant text)",
    "insert into rented values ('one'), ('two')",
    "alter table rented enable row level security",
    "create policy own on rented using (tenant = current_setting('app.tenant', true))",
    'alter database knowledge set search_path = public, "$user", "it\'s"',
    "alter role application set work_mem = 65536; alter role application set jit = false",
    "alter role application in database knowledge set datestyle = 'SQL, DMY'",
)
SETTINGS = [('public, "$user", "it\'s"', "64MB", "SQL, DMY")]


def _no_row_is_hidden(source: PgvectorBinding, target: PgvectorBinding) -> None:
    """By a column that is called like the row, or by a policy that holds for the table's owner too."""
    mover = pgvector.MOVER
    assert mover.first_item(source) == ""
    _rows(source, "comment on database knowledge is 'Ann''s'")
    for sql in HIDING:
        _rows(source, sql)
    assert mover.first_item(source) == "public.docs"
    assert mover.amounts(source)["rows of public.docs"] == 50
    mover.copy(source, target, None, print)
    assert mover.amounts(target) == mover.amounts(source)
    _rows(source, "update docs set body = 'new' where id < 20")
    _rows(source, 'insert into "rates %s" values (2)')
    _moved(source, target)
    assert _rows(target, "select count(*) from docs where body = 'new'") == [(19,)]
    assert _rows(target, "select count(*) from rented") == [(2,)]
    shown = "current_setting('search_path'), current_setting('work_mem'), current_setting('datestyle')"
    assert _rows(target, f"select {shown}") == _rows(source, f"select {shown}") == SETTINGS
    _rows(source, "alter database knowledge reset search_path; alter role application reset all")
    _rows(source, "alter role application in database knowledge reset all")
    assert [part.name for part in mover.compare(source, target, None).parts if not part.equal]
    _moved(source, target)
    assert _rows(target, "select count(*) from pg_db_role_setting where setrole = current_user::regrole") == [
        (0,)
    ]
    override = f"alter role application in database {source.database} {{}} default_transaction_read_only"
    _rows(source, override.format("set") + " = off")
    with pytest.raises(StackgenError, match="can't be closed for writing"):
        pgvector.freeze(source)
    _rows(source, override.format("reset"))
    pgvector.thaw(source)
    said = "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
    assert _rows(source, said) == [("Ann's",)]
    assert _rows(target, said)[0][0].splitlines()[1:] == ["Ann's"]  # after the mark of a copy
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


CHUNKS = EmbeddingTable("public", "chunks", "content", "embedding")
EXCHANGED = (
    "create unlogged table chunks (number int primary key, content text, embedding vector(3)) with (fillfactor=70)",
    "comment on table chunks is 'it''s theirs'; alter table chunks replica identity full",
    "grant select on chunks to public",
    "create table chunks__box2 (like chunks including all)",
    "insert into chunks values (1, 'first', '[1,0,0]')",
    "insert into chunks__box2 values (1, 'first', '[0,1,0]')",
)


def _rows_of_views_stay(source: PgvectorBinding, target: PgvectorBinding) -> None:
    """Also of a view on a view that comes before it by name, and never in silence."""
    for sql in (
        "alter table rented no force row level security",
        "create table counted (n int); insert into counted select generate_series(1, 9)",
        "create materialized view zero as select count(*) as n from counted",
        "create materialized view all_of as select n from zero",
        "create materialized view empty as select n from counted with no data",
    ):
        _rows(source, sql)
    _moved(source, target)
    _rows(source, "insert into counted values (10)")
    _rows(source, "refresh materialized view zero; refresh materialized view all_of")
    _moved(source, target)
    assert _rows(target, "select n from all_of") == [(10,)]
    _rows(source, "delete from counted where n > 5")
    pgvector.MOVER.copy(source, target, None, print)
    with pytest.raises(StackgenError, match=r"not moved: materialized view public\.zero: its rows differ"):
        pgvector.MOVER.compare(source, target, None)
    for name in ("zero", "all_of"):
        _rows(source, f"comment on materialized view {name} is '{MADE_ANEW}'")
    _moved(source, target)
    assert _rows(target, "select n from all_of") == [(5,)]


PROPERTIES = """
    select relpersistence, reloptions, relreplident, relacl::text like '%=r/application%',
        obj_description(oid, 'pg_class') from pg_class where relname = 'chunks'
"""
TIES = {
    "create function found() returns setof chunks language sql as 'select * from chunks'": "a function or column of",
    "insert into chunks values (9, null, '[1,0,0]')": "1 rows of public.chunks have an embedding and no content to",
}


def _what_can_not_be_exchanged(store: PgvectorBinding) -> None:
    for sql, message in TIES.items():
        _rows(store, sql)
        with pytest.raises(StackgenError, match=message):
            exchange.refuse_ties(store, CHUNKS)
        _rows(store, "drop function if exists found; delete from chunks where number = 9")


def _no_table_is_replaced_by_embeddings(store: PgvectorBinding) -> None:
    """Not one of the application's, nor one that took a row though it was closed for writing."""
    for sql in EXCHANGED:
        _rows(store, sql)
    _what_can_not_be_exchanged(store)
    with pytest.raises(StackgenError, match=r"there is a table public\.chunks__box2, which the swap would"):
        exchange.refuse_taken(store, [CHUNKS], 1, 2)
    exchange.drop_tables(store, [CHUNKS], 2, unused=True)
    before = _rows(store, PROPERTIES)
    _rows(store, "drop table chunks__box2")
    with pgvector.session(store) as connection:
        exchange.create_table(connection, CHUNKS, "chunks__box2", 3)
    _rows(store, "insert into chunks__box2 values (1, 'first', '[0,1,0]')")
    exchange.refuse_taken(store, [CHUNKS], 1, 2)
    with pytest.raises(StackgenError, match="there is a table public"):
        exchange.refuse_taken(store, [CHUNKS], 2, 3)
    with pytest.raises(StackgenError, match="is longer than 63 bytes"):
        exchange.refuse_taken(store, [replace(CHUNKS, table="c" * 58)], 1, 2)
    _rows(store, "insert into chunks values (2, 'late', '[1,0,0]')")
    with pytest.raises(StackgenError, match=r"public\.chunks was written to after its store was closed"):
        exchange.put_aside(store, [CHUNKS], 1, 2)
    assert _rows(store, "select number from chunks") == [(1,), (2,)]
    _rows(store, "delete from chunks where number = 2")
    exchange.put_aside(store, [CHUNKS], 1, 2)
    _rows(store, "create table chunks (like chunks__box1)")  # by an application that finds none
    with pytest.raises(StackgenError, match=r"a client has made public\.chunks while its table had another"):
        exchange.put_in_place(store, [CHUNKS], 2, "embedder", {})
    with pytest.raises(StackgenError, match=r"public\.chunks holds 0 rows, and public\.chunks__box1, which"):
        exchange.drop_tables(store, [CHUNKS], 1, unused=False)
    _rows(store, "drop table chunks")
    exchange.put_in_place(store, [CHUNKS], 2, "embedder", {})
    exchange.drop_tables(store, [CHUNKS], 1, unused=True)
    assert _rows(store, "select embedding::text from chunks__box1") == [("[1,0,0]",)]
    exchange.drop_tables(store, [CHUNKS], 1, unused=False)
    assert _rows(store, "select embedding::text from chunks") == [("[0,1,0]",)]
    assert _rows(store, PROPERTIES) == before
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
    _rows_of_views_stay(_binding(found, "knowledge"), fresh)
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
            with pytest.raises(StackgenError, match="not moved: database limited: it would be deleted "):
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
        open_connection(binding, user="stackgen")
    assert ("row 1",) in _rows(binding, "select text from items")
    assert _rows(binding, "select * from texts") == _rows(binding, "select text from items")
    _rows(binding, "refresh materialized view counted")
    _rows(binding, "insert into reading.notes values ('within reach')")
    assert _rows(binding, "select answer(), total(1), 1 === 1, convert_from(lo_get(4711), 'utf8')") == [
        (42, 1, True, "bytes")
    ]
    assert _rows(binding, "select nextval('numbers') > 41") == [(True,)]
    with open_connection(binding, dbname="other", autocommit=True) as connection:
        connection.execute("alter table kept add column if not exists more int")
        assert connection.execute("select value from kept").fetchall() == [(7,)]
