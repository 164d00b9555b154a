"""Databases: the schema by pg_dump, rows by COPY out of one snapshot, only where the two sides differ.

A table is cut into buckets by a digest of its rows; a bucket that has the same count and the same sum of digests on
both sides is left alone. So the first copy takes everything, and later ones little. Everything that is done to the
target is one transaction. https://www.postgresql.org/docs/current/sql-copy.html
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stackgen.contracts.mover import Comparison, Memory, Mover, Part, Progress, failed
from stackgen.contracts.pgvector import settings as pg_settings
from stackgen.contracts.pgvector.contract import PgvectorBinding, connect
from stackgen.contracts.pgvector.dump import schema
from stackgen.contracts.pgvector.not_moved import refuse_left, refuse_prepared
from stackgen.contracts.pgvector.relations import (
    DIGEST,
    MADE_ANEW,
    NOT_EXTENSIONS,
    NOT_OURS,
    Table,
    buckets,
    count_rows,
    relations,
    rows_part,
    views,
)
from stackgen.contracts.surroundings import undisturbed
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
# Of a schema, apart from extensions: what depends on it directly; tables' indexes, row types and the like go with them.
MEMBERS = """
    select i.type, i.identity
    from pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
    where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = %s and d.deptype = 'n'
    and d.classid <> 'pg_catalog.pg_extension'::regclass
    and not exists (select from pg_catalog.pg_depend e
        where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e')
"""
# An extension that this role did not make, and may be unable to make again.
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
    """A connection in one transaction, committed at the end; a snapshot sees one moment throughout."""
    import psycopg

    try:
        with connect(binding, application_name="stackgen") as connection:
            connection.execute(SESSION)
            connection.commit()
            if snapshot:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
            yield connection
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error).splitlines()[0]
        raise failed(f"{binding.host}:{binding.port}/{binding.database}: {reason}") from error


def copy(
    source: PgvectorBinding,
    target: PgvectorBinding,
    since: Memory | None,
    progress: Progress,
    *,
    serves: bool = False,
    used: bool = False,
    begun: str | None = None,
) -> Memory:
    """Make the target's database hold what the source's holds. The source refuses writes once bindings are
    switched, so there is nothing to bring over `since`, nor to one that serves.
    """
    del used, begun  # rows come to the target all or none
    if serves:
        return since or {}
    with session(source, snapshot=True) as here, session(target) as there:
        refuse_left(here)
        statements = schema(source, here.info.server_version // 10000)
        digest = hashlib.sha256("".join(statements).encode()).hexdigest()
        paused = _pause_triggers(there)
        # rows can't be replaced one by one where triggers and references watch: all is made anew
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
        if changed := pg_settings.bring(here, there):
            progress(f"changed {changed} settings of the database and the role")
    return {}


def compare(
    source: PgvectorBinding, target: PgvectorBinding, since: Memory | None, settled: Memory | None = None
) -> Comparison:
    """Rows per table, and a sum over digests of all rows."""
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
            digests = (pg_settings.digest(given), pg_settings.digest(taken))
            parts.append(Part("settings of the database and the role", len(given), len(taken), *digests))
    return Comparison(tuple(parts))


def content(binding: PgvectorBinding) -> str:
    """A table or the like of an application's, such as `public.documents`; "" if there is none."""
    with session(binding, snapshot=True) as connection:
        found = connection.execute(CONTENT).fetchone()
    return "" if found is None else ".".join(found)


def amounts(binding: PgvectorBinding) -> dict[str, int]:
    """Number of rows of each table."""
    with session(binding, snapshot=True) as connection:
        tables = relations(connection, "r")
        return {f"rows of {table.schema}.{table.name}": count_rows(connection, table.sql) for table in tables}


def freeze(source: PgvectorBinding) -> None:
    """Refuse writes, and note what the database is made of: it may be made a copy of its own copy."""
    statements = schema(source, _version(source))
    with session(source) as connection:
        refuse_prepared(connection)
        digest = hashlib.sha256("".join(statements).encode()).hexdigest()
        _set_mark(connection, digest, _commented(connection)[1])
    refuse_writes(source)


@undisturbed
def refuse_writes(source: PgvectorBinding) -> None:
    """New sessions can only read, and those that are open end: what they had not committed is undone."""
    with session(source) as connection:
        connection.execute(f"alter database {_name(source)} set default_transaction_read_only = on")
        connection.commit()
        since = connection.execute("select clock_timestamp()").fetchone()[0]
        deadline = time.monotonic() + 30
        while _end_sessions(connection, since):
            if time.monotonic() > deadline:
                raise failed(f"sessions of {source.database} don't end")
            time.sleep(0.1)
    with connect(source) as fresh:
        if fresh.execute("show default_transaction_read_only").fetchone() != ("on",):
            message = f"{source.database} can't be closed for writing: a setting of the role goes before the database's"
            role = f'"{source.username}"'
            raise failed(
                message, f"alter role {role} in database {_name(source)} reset default_transaction_read_only"
            )


@undisturbed
def thaw(source: PgvectorBinding) -> None:
    """Take writes again; the database is nobody's copy."""
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
    """Digest of the schema that the database was made of, if it was made here."""
    return _commented(connection)[0]


def _commented(connection: Any) -> tuple[str | None, str]:
    """Our digest in the comment of the database, and the application's own words."""
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
    """Empty the target and make the tables; a target that holds something of its own is not emptied."""
    if _mark(there) is None and relations(there, "r"):
        first = relations(there, "r")[0]
        message = f"the new box holds data of its own ({first.schema}.{first.name}); it is not replaced"
        raise failed(message, "empty it, or swap to a box of another number")
    with patience():
        _empty(there)
        there.execute(statements)
    there.execute("set search_path = ''")


def _empty(there: Any) -> None:
    """Drop all schemas; of those with an extension that this role can't make again, all but the extension."""
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
    """Rows come without triggers and in no order among tables, where the role may ask for that.

    It may if it is a superuser, or by a grant that PostgreSQL 15 and later have.
    """
    import psycopg

    try:
        with there.transaction():
            there.execute("set local session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _bring(table: Table, here: Any, there: Any) -> int:
    """Replace every bucket that differs; the number of rows that were copied."""
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
    """For a statement with parameters, in which % is no letter."""
    return names.replace("%", "%%")


def _derived(here: Any, there: Any) -> None:
    """What follows from rows: sequences' positions, materialised views."""
    for table in relations(here, "S"):
        last, called = here.execute(f"select last_value, is_called from {table.sql}").fetchone()
        there.execute("select setval(%s::regclass, %s, %s)", [table.sql, last, called])
    for view in views(there):
        with patience():
            there.execute(f"refresh materialized view {view.sql}")


def _views(here: Any, there: Any) -> list[Part]:
    """Materialized views are made anew, so their rows must be what their queries give now.

    Raises StackgenError(move-failed) for one that holds something else, such as a count of rows that are gone.
    """
    present, parts = views(there), list[Part]()
    for view, may_be_made_anew in views(here).items():
        if may_be_made_anew:
            continue
        part = rows_part(view, buckets(here, view), buckets(there, view) if view in present else {})
        if not part.equal:
            message = f"not moved: materialized view {view.schema}.{view.name}: it holds what its query gives no more"
            hint = (
                f"if its rows may be made anew, `comment on materialized view {view.sql} is '{MADE_ANEW}'`; else keep "
                f"them in a table, or refresh it while nothing is written"
            )
            raise failed(message, hint)
        parts.append(part)
    return parts


def _position(connection: Any, table: Table) -> str | None:
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
    copy=copy,
    compare=compare,
    content=content,
    amounts=amounts,
    freeze=freeze,
    thaw=thaw,
)
