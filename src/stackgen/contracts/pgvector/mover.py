"""Moves databases: the schema by pg_dump, rows by COPY from one snapshot, only rows that differ.

A table is divided into buckets by a digest of its rows; a bucket with the same count and the same sum of digests on
both sides is not copied. So the first copy takes everything, and later ones little. All changes of the target are one
transaction. https://www.postgresql.org/docs/current/sql-copy.html
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stackgen.contracts.mover import Comparison, Memory, Mover, Part, Progress, move_error
from stackgen.contracts.pgvector import settings as pg_settings
from stackgen.contracts.pgvector.contract import PgvectorBinding, open_connection
from stackgen.contracts.pgvector.dump import dump_schema
from stackgen.contracts.pgvector.not_moved import refuse_left, refuse_prepared
from stackgen.contracts.pgvector.relations import (
    DIGEST,
    MADE_ANEW,
    NOT_EXTENSIONS,
    NOT_OURS,
    Relation,
    buckets,
    count_rows,
    relations,
    rows_part,
    views,
)
from stackgen.contracts.surroundings import shield_from_shell
from stackgen.subprocesses.pulse import patience

MARK = "stackgen: may be replaced, it was made of schema "
# Rows are compared as text, so both sides must write values alike.
SESSION = (
    "set statement_timeout = 0; set lock_timeout = '60s'; set timezone = 'UTC'; set datestyle = 'ISO'; "
    "set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 1; "
    "set default_transaction_read_only = off; set search_path = ''; set idle_in_transaction_session_timeout = 0; "
    "set standard_conforming_strings = on; set array_nulls = on; set xmloption = content; "
    "set default_transaction_isolation = 'read committed'; "  # what is read after a lock is what is there then
    "set row_security = off"  # an error where a policy would hide rows, which would count as not there
)
COLUMNS = """
    select a.attname from pg_catalog.pg_attribute a
    where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by a.attnum
"""
# Objects that depend directly on a schema, without extensions; indexes and row types are dropped with their tables.
MEMBERS = """
    select i.type, i.identity
    from pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
    where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = %s and d.deptype = 'n'
    and d.classid <> 'pg_catalog.pg_extension'::regclass
    and not exists (select from pg_catalog.pg_depend e
        where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e')
"""
# An extension that this role did not create, and may be unable to create again.
HOLDS_EXTENSIONS = """
    exists (select from pg_catalog.pg_extension e
        where e.extnamespace = n.oid and not pg_has_role(e.extowner, 'usage'))
"""
CONTENT = f"""
    select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm', 'v', 'f', 'S') and c.relpersistence <> 't' and n.nspname <> 'stackgen_store'
    and {NOT_OURS} and {NOT_EXTENSIONS} order by 1, 2
"""


@contextmanager
def session(binding: PgvectorBinding, *, snapshot: bool = False) -> Iterator[Any]:
    """Yield a connection in one transaction, committed at the end. snapshot: read-only, at one moment in time."""
    import psycopg

    try:
        with open_connection(binding, application_name="stackgen") as connection:
            connection.execute(SESSION)
            connection.commit()
            if snapshot:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
            yield connection
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error).splitlines()[0]
        raise move_error(f"{binding.host}:{binding.port}/{binding.database}: {reason}") from error


def copy_database(
    source: PgvectorBinding,
    target: PgvectorBinding,
    since: Memory | None,
    progress: Progress,
    *,
    serves: bool = False,
    used: bool = False,
    begun: str | None = None,
) -> Memory:
    """Make the target's database hold what the source's holds.

    The source refuses writes once bindings are switched, so there is nothing to copy `since`, or to a serving target.
    """
    del used, begun  # the target gets all rows or none
    if serves:
        return since or {}
    with session(source, snapshot=True) as here, session(target) as there:
        refuse_left(here)
        statements = dump_schema(source, here.info.server_version // 10000)
        digest = hashlib.sha256("".join(statements).encode()).hexdigest()
        paused = _pause_triggers(there)
        # single rows can't be replaced while triggers and references are active: everything is created again
        anew = not paused or _mark(there) != digest
        if anew:
            _make(there, statements[0])
            progress("made the tables")
        for table in relations(here, "r"):
            rows = _bring(table, here, there)
            if rows:
                progress(f"copied {rows} rows of {table.schema}.{table.name}")
        if anew:
            if paused:
                there.execute("set local session_replication_role = origin")
            with patience():  # indexes
                there.execute(statements[1])
            there.execute("set search_path = ''")
            progress("built the indexes")
            _set_mark(there, digest, _commented(here)[1])
        _derived(here, there)
        if changed := pg_settings.copy_settings(here, there):
            progress(f"changed {changed} settings of the database and the role")
    return {}


def compare_databases(
    source: PgvectorBinding, target: PgvectorBinding, since: Memory | None, settled: Memory | None = None
) -> Comparison:
    """Compare the number of rows of each table, and a sum of their digests."""
    del since, settled
    with session(source, snapshot=True) as here, session(target, snapshot=True) as there:
        refuse_left(here)
        parts: list[Part] = []
        present = relations(there, "r")
        for table in relations(here, "r"):
            at_target = buckets(there, table) if table in present else {}
            parts.append(rows_part(table, buckets(here, table), at_target))
        for table in relations(here, "S"):
            source_at, target_at = (_position(side, table) for side in (here, there))
            name, held = f"sequence {table.schema}.{table.name}", int(target_at is not None)
            parts.append(Part(name, 1, held, source_at or "", target_at or ""))
        parts += _views(here, there)
        given, taken = (pg_settings.settings(side) for side in (here, there))
        if given or taken:
            digests = (pg_settings.digest_settings(given), pg_settings.digest_settings(taken))
            parts.append(Part("settings of the database and the role", len(given), len(taken), *digests))
    return Comparison(tuple(parts))


def first_item(binding: PgvectorBinding) -> str:
    """Name a table of the application, such as `public.documents`; "" if there is none."""
    with session(binding, snapshot=True) as connection:
        found = connection.execute(CONTENT).fetchone()
    return "" if found is None else ".".join(found)


def count_items(binding: PgvectorBinding) -> dict[str, int]:
    """Return the number of rows of each table."""
    with session(binding, snapshot=True) as connection:
        tables = relations(connection, "r")
        return {f"rows of {table.schema}.{table.name}": count_rows(connection, table.sql) for table in tables}


def freeze(source: PgvectorBinding) -> None:
    """Refuse writes, and note the digest of the schema, so that the database can become a copy of its copy."""
    statements = dump_schema(source, _version(source))
    with session(source) as connection:
        refuse_prepared(connection)
        digest = hashlib.sha256("".join(statements).encode()).hexdigest()
        _set_mark(connection, digest, _commented(connection)[1])
    refuse_writes(source)


@shield_from_shell
def refuse_writes(source: PgvectorBinding) -> None:
    """Make new sessions read-only, and end the open ones: what they have not committed is rolled back."""
    with session(source) as connection:
        connection.execute(f"alter database {_name(source)} set default_transaction_read_only = on")
        connection.commit()
        since = connection.execute("select clock_timestamp()").fetchone()[0]
        deadline = time.monotonic() + 30
        while _end_sessions(connection, since):
            if time.monotonic() > deadline:
                raise move_error(f"sessions of {source.database} did not end within 30 s")
            time.sleep(0.1)
    with open_connection(source) as fresh:
        if fresh.execute("show default_transaction_read_only").fetchone() != ("on",):
            message = f"{source.database} can't be closed for writing: a setting of the role overrides the database's"
            role = f'"{source.username}"'
            raise move_error(
                message, f"alter role {role} in database {_name(source)} reset default_transaction_read_only"
            )


@shield_from_shell
def thaw(source: PgvectorBinding) -> None:
    """Allow writes again, and remove the note that the database is a copy."""
    with session(source) as connection:
        connection.execute(f"alter database {_name(source)} reset default_transaction_read_only")
        _comment(connection, _commented(connection)[1])


def _version(binding: PgvectorBinding) -> int:
    with session(binding) as connection:
        return connection.info.server_version // 10000


def _end_sessions(connection: Any, since: Any) -> int:
    found = connection.execute(
        "select count(pg_terminate_backend(pid)) from pg_catalog.pg_stat_activity where datname = current_database() "
        "and pid <> pg_backend_pid() and backend_type = 'client backend' and backend_start <= %s",
        [since],
    ).fetchone()[0]
    connection.commit()
    return found


def _name(binding: PgvectorBinding) -> str:
    return '"' + binding.database.replace('"', '""') + '"'


def _mark(connection: Any) -> str | None:
    """Return the digest of the schema that this mover created the database from; None for other databases."""
    return _commented(connection)[0]


def _commented(connection: Any) -> tuple[str | None, str]:
    """Return the digest in the comment of the database, and the comment of the application."""
    query = (
        "select coalesce(shobj_description(oid, 'pg_database'), '') from pg_catalog.pg_database "
        "where datname = current_database()"
    )
    text = connection.execute(query).fetchone()[0]
    if not text.startswith(MARK):
        return None, text
    first, _, own = text.partition("\n")
    return first.removeprefix(MARK), own


def _set_mark(connection: Any, digest: str, own: str) -> None:
    _comment(connection, f"{MARK}{digest}\n{own}".strip())


def _comment(connection: Any, text: str) -> None:
    query = "select format('comment on database %%I is %%L', current_database(), nullif(%s::text, ''))"
    connection.execute(connection.execute(query, [text]).fetchone()[0])


def _make(there: Any, statements: str) -> None:
    """Empty the target and create the tables; a target with data of its own is refused."""
    if _mark(there) is None and relations(there, "r"):
        first = relations(there, "r")[0]
        message = f"the new box holds data of its own ({first.schema}.{first.name}); it is not replaced"
        raise move_error(message, "empty it, or swap to a box of another number")
    with patience():
        _empty(there)
        there.execute(statements)
    there.execute("set search_path = ''")


def _empty(there: Any) -> None:
    """Drop all schemas; keep extensions that this role can't create again."""
    query = f"select n.oid, quote_ident(n.nspname), {HOLDS_EXTENSIONS} from pg_catalog.pg_namespace n where {NOT_OURS}"
    for schema_, name, kept in there.execute(query).fetchall():
        if not kept:
            there.execute(f"drop schema {name} cascade")
            continue
        for kind, identity in there.execute(MEMBERS, [schema_]).fetchall():
            word = {"composite type": "type", "statistics object": "statistics"}.get(kind, kind)
            there.execute(f"drop {word} if exists {identity} cascade")
    there.execute("create schema if not exists public")


def _pause_triggers(there: Any) -> bool:
    """Turn off triggers and references in this transaction; return False if the role is not allowed to.

    A superuser is allowed to, or a role with a grant that PostgreSQL 15 and later have.
    """
    import psycopg

    try:
        with there.transaction():
            there.execute("set local session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _bring(table: Relation, here: Any, there: Any) -> int:
    """Replace every bucket that differs; return the number of rows copied."""
    source, target = buckets(here, table), buckets(there, table)
    differing = sorted(name for name in {*source, *target} if source.get(name) != target.get(name))
    if not differing:
        return 0
    where, name = f"left({DIGEST}, 3) = any(%s)", _escaped(table.sql)
    if target:
        with patience():
            there.execute(f"delete from only {name} t where {where}", [differing])
    found = here.execute(COLUMNS, [table.sql]).fetchall()
    columns = ", ".join('"' + column.replace('"', '""') + '"' for (column,) in found)
    query = f"copy (select {_escaped(columns)} from only {name} t where {where}) to stdout"
    with (
        patience(),  # until the first row, and where triggers or references look at each
        here.cursor().copy(query, [differing]) as rows,
        there.cursor().copy(f"copy {table.sql} ({columns}) from stdin") as into,
    ):
        for block in rows:
            into.write(block)
    return sum(source[name][0] for name in differing if name in source)


def _escaped(names: str) -> str:
    """Escape % for a statement with parameters."""
    return names.replace("%", "%%")


def _derived(here: Any, there: Any) -> None:
    """Set the positions of sequences, and refresh materialized views."""
    for table in relations(here, "S"):
        last, called = here.execute(f"select last_value, is_called from {table.sql}").fetchone()
        there.execute("select setval(%s::regclass, %s, %s)", [table.sql, last, called])
    for view in views(there):
        with patience():
            there.execute(f"refresh materialized view {view.sql}")


def _views(here: Any, there: Any) -> list[Part]:
    """Compare materialized views. The target refreshes them, so they must hold what their queries return now.

    Raises StackgenError(move-failed) for a view with other rows, such as a count of rows that are deleted by now.
    """
    present, parts = views(there), list[Part]()
    for view, may_be_made_anew in views(here).items():
        if may_be_made_anew:
            continue
        part = rows_part(view, buckets(here, view), buckets(there, view) if view in present else {})
        if not part.equal:
            name = f"{view.schema}.{view.name}"
            message = f"not moved: materialized view {name}: its rows differ from what its query returns now"
            hint = (
                f"if its rows may be computed again, `comment on materialized view {view.sql} is '{MADE_ANEW}'`; "
                f"else keep them in a table, or refresh it while nothing is written"
            )
            raise move_error(message, hint)
        parts.append(part)
    return parts


def _position(connection: Any, table: Relation) -> str | None:
    if table not in relations(connection, "S"):
        return None
    return str(connection.execute(f"select last_value, is_called from {table.sql}").fetchone())


MOVER = Mover(
    tool="pg_dump for the schema, COPY for rows",
    carries=(
        "schemas",
        "tables with all rows",
        "indexes (rebuilt)",
        "constraints",
        "views (materialized ones are made anew, and hold the same rows)",
        "functions",
        "sequences",
        "settings of the database and of the application's role",
    ),
    leaves=(
        "roles and grants",
        "other databases, large objects (any stops the move)",
        "publications and subscriptions",
        "settings of the server, and those that only a superuser may give",
    ),
    copy=copy_database,
    compare=compare_databases,
    first_item=first_item,
    amounts=count_items,
    freeze=freeze,
    thaw=thaw,
)
