"""Two tables for one collection: the one that serves has the name, and the other one is beside it.

Nothing here makes an embedding; see `embeddings.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stackgen.contracts.mover import failed, fewer
from stackgen.contracts.pgvector.contract import PgvectorBinding
from stackgen.contracts.pgvector.mover import session
from stackgen.contracts.pgvector.relations import count_rows
from stackgen.contracts.surroundings import undisturbed
from stackgen.subprocesses.pulse import patience

LONGEST_NAME = 63  # bytes; PostgreSQL cuts what is longer, and then two names are one
OURS = "stackgen: embeddings are made anew in this table; it has not served yet"
MARKER = """
    create schema if not exists stackgen_store;
    create table if not exists stackgen_store.embedding_identity
        (component text primary key, identity jsonb not null, since timestamptz not null default now())
"""
# What an exchange of tables would tear: it belongs to the table itself, not to its name.
TIES = """
    select 'a foreign key' from pg_catalog.pg_constraint
        where contype = 'f' and %(t)s::regclass in (conrelid, confrelid)
    union select 'a trigger' from pg_catalog.pg_trigger where tgrelid = %(t)s::regclass and not tgisinternal
    union select 'row-level security' from pg_catalog.pg_class where oid = %(t)s::regclass and relrowsecurity
    union select 'partitions or children' from pg_catalog.pg_inherits where %(t)s::regclass in (inhrelid, inhparent)
    union select 'a view or function on it' from pg_catalog.pg_depend d where d.refobjid = %(t)s::regclass
        and d.classid in ('pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_proc'::regclass)
    union select 'a function or column of its row type' from pg_catalog.pg_type r
        join pg_catalog.pg_depend d on d.refobjid in (r.oid, r.typarray) and d.deptype = 'n'
        where r.typrelid = %(t)s::regclass
    union select 'a publication' from pg_catalog.pg_publication_rel where prrelid = %(t)s::regclass
    union select 'an index as its replica identity' from pg_catalog.pg_class
        where oid = %(t)s::regclass and relreplident = 'i'
    union select 'privileges on columns' from pg_catalog.pg_attribute
        where attrelid = %(t)s::regclass and attacl is not null
"""
# What `like` does not take over.
KIND = """
    select case relpersistence when 'u' then 'unlogged table' else 'table' end,
        coalesce('with (' || array_to_string(reloptions, ', ') || ')', '')
    from pg_catalog.pg_class where oid = %s::regclass
"""
PROPERTIES = """
    select format('alter table %%s replica identity %%s', %(name)s::text,
            case relreplident when 'f' then 'full' else 'nothing' end)
        from pg_catalog.pg_class where oid = %(t)s::regclass and relreplident in ('f', 'n')
    union all select format('grant %%s on table %%s to %%s', a.privilege_type, %(name)s::text,
            case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
        from pg_catalog.pg_class c, aclexplode(c.relacl) a where c.oid = %(t)s::regclass and a.grantee <> c.relowner
"""
ROWS = """
    select ctid, d, row_number() over (partition by d order by ctid) as n
    from (select ctid, md5((to_jsonb(t.*) - {embedding})::text) as d from {table} t) as digested
"""


@dataclass(frozen=True)
class Collection:
    """A table of texts and embeddings. Its columns' names are plain identifiers."""

    db_schema: str
    table: str
    text: str
    embedding: str

    def named(self, table: str) -> str:
        """A table's name for SQL."""
        return f'"{self.db_schema}"."{table}"'

    @property
    def live(self) -> str:
        """The table that applications know."""
        return self.named(self.table)

    def aside(self, box: int) -> str:
        """What the table is called while the model's box that made it does not serve."""
        return f"{self.table}__box{box}"


@undisturbed
def marker(store: PgvectorBinding, component: str) -> Mapping[str, Any] | None:
    """Identity of the embeddings that the store holds by `component`, as it was noted there."""
    with session(store) as connection:
        if not exists(connection, '"stackgen_store"."embedding_identity"'):
            return None
        query = "select identity from stackgen_store.embedding_identity where component = %s"
        row = connection.execute(query, [component]).fetchone()
        return row[0] if row is not None else None


@undisturbed
def mark(store: PgvectorBinding, component: str, identity: Mapping[str, Any]) -> None:
    """Note in the store whose embeddings it holds."""
    with session(store) as connection:
        _mark(connection, component, identity)


@undisturbed
def refuse_ties(store: PgvectorBinding, collection: Collection) -> None:
    """Raise StackgenError(move-failed) for a table that can't be exchanged for another."""
    with session(store) as connection:
        if not exists(connection, collection.live):
            raise failed(f"there is no table {collection.db_schema}.{collection.table}")
        ties = [row[0] for row in connection.execute(TIES, {"t": collection.live}).fetchall()]
        name = f"{collection.db_schema}.{collection.table}"
        if ties:
            raise failed(f"{name} can't be exchanged for another table: it has {', '.join(sorted(ties))}")
        with patience():
            alone = connection.execute(
                f"select count(*) from {collection.live} "
                f'where "{collection.embedding}" is not null and "{collection.text}" is null'
            ).fetchone()[0]
        if alone:
            message = f"{alone} rows of {name} have an embedding and no {collection.text} to make it anew of"
            raise failed(message, "move them to another table, which is no collection")


@undisturbed
def refuse_taken(store: PgvectorBinding, collections: list[Collection], here: int, there: int) -> None:
    """Raise StackgenError(move-failed) where a table has the name that one of the two boxes' tables is to get.

    The box `there` may have one that a swap has made and that has not served yet.
    """
    with session(store) as connection:
        for collection in collections:
            names = {collection.aside(here): False, collection.aside(there): True}
            for name, may_be_ours in names.items():
                if len(name.encode()) > LONGEST_NAME:
                    raise failed(f"the name '{name}' of a second table is longer than {LONGEST_NAME} bytes")
                if not exists(connection, collection.live) or not exists(connection, collection.named(name)):
                    continue
                if not (may_be_ours and _is_ours(connection, collection.named(name))):
                    message = f"there is a table {collection.db_schema}.{name}, which the swap would replace"
                    raise failed(message, "give it another name, then go on")


@undisturbed
def in_place(store: PgvectorBinding, collection: Collection, box: int) -> bool:
    """Whether the box's table has its name, so that applications find it.

    Raises StackgenError(move-failed) where another one has it, which an application made meanwhile.
    """
    with session(store) as connection:
        if exists(connection, collection.named(collection.aside(box))):
            _refuse_made_anew(connection, collection)
        return exists(connection, collection.live)


@undisturbed
def put_aside(store: PgvectorBinding, collections: list[Collection], here: int, there: int) -> None:
    """Take the names of the box `here`'s tables away, in one transaction: no query reaches them until `put_in_place`.

    Raises StackgenError(move-failed) where one no longer holds the rows of the box `there`'s: a client that lets its
    own sessions write in spite of the freeze has changed it. Then every table keeps its name.
    """
    with session(store) as connection:
        for collection in collections:
            if not exists(connection, collection.live):
                continue
            hidden, new = (collection.named(collection.aside(box)) for box in (here, there))
            connection.execute(f'alter table {collection.live} rename to "{collection.aside(here)}"')
            if digest(connection, collection, hidden) != digest(connection, collection, new):
                name = f"{collection.db_schema}.{collection.table}"
                message = f"{name} was written to after its store was closed for writing"
                raise failed(message, "stop the client that lets its own sessions write, then go on")


@undisturbed
def put_in_place(
    store: PgvectorBinding,
    collections: list[Collection],
    box: int,
    component: str,
    identity: Mapping[str, Any],
) -> None:
    """Give the names to a box's tables and note whose embeddings they are, in one transaction."""
    with session(store) as connection:
        for collection in collections:
            name = collection.named(collection.aside(box))
            if exists(connection, name):
                _refuse_made_anew(connection, collection)
                _restore_comment(connection, name)
                connection.execute(f'alter table {name} rename to "{collection.table}"')
        _mark(connection, component, identity)


def _refuse_made_anew(connection: Any, collection: Collection) -> None:
    """Raise StackgenError(move-failed) where an application has made the table that had no name."""
    if exists(connection, collection.live):
        message = (
            f"a client has made {collection.db_schema}.{collection.table} while its table had another name"
        )
        hint = "bring its rows elsewhere and drop it; stop the client that lets its own sessions write; then go on"
        raise failed(message, hint)


@undisturbed
def drop(store: PgvectorBinding, collections: list[Collection], box: int, *, unused: bool) -> None:
    """Delete a box's tables, never one that has its name. unused: only those that a swap has made and left."""
    with session(store) as connection:
        for collection in collections:
            aside = collection.named(collection.aside(box))
            if exists(connection, aside) and (not unused or _is_ours(connection, aside)):
                _refuse_only_rows(connection, collection, aside, unused=unused)
                _hand_over(connection, collection, aside)
                connection.execute(f"drop table {aside}")


def _refuse_only_rows(connection: Any, collection: Collection, aside: str, *, unused: bool) -> None:
    """Raise StackgenError(move-failed) where the table that serves lost its rows, or a half of them.

    An application may have made it anew, and filled it with something else.
    """
    if unused:
        return
    serving, before = (
        count_rows(connection, name) if exists(connection, name) else 0 for name in (collection.live, aside)
    )
    if (before and not serving) or fewer({"rows": serving}, {"rows": before}):
        name, former = (table.replace('"', "") for table in (collection.live, aside))
        message = f"{name} holds {serving} rows, and {former}, which served before, {before}"
        raise failed(message, f"bring its rows to {name}, or drop {former} yourself; then go on")


def _mark(connection: Any, component: str, identity: Mapping[str, Any]) -> None:
    connection.execute(MARKER)
    connection.execute(
        "insert into stackgen_store.embedding_identity (component, identity) values (%s, %s::jsonb) "
        "on conflict (component) do update set identity = excluded.identity, since = now() "
        "where embedding_identity.identity <> excluded.identity",
        [component, json.dumps(identity)],
    )


def exists(connection: Any, name: str) -> bool:
    return connection.execute("select to_regclass(%s) is not null", [name]).fetchone()[0]


def _is_ours(connection: Any, name: str) -> bool:
    return _comment_of(connection, name).startswith(OURS)


def _comment_of(connection: Any, name: str) -> str:
    query = "select coalesce(obj_description(%s::regclass, 'pg_class'), '')"
    return connection.execute(query, [name]).fetchone()[0]


def _restore_comment(connection: Any, name: str) -> None:
    """A table that serves has the comment of the one that it was made of."""
    comment = _comment_of(connection, name)
    if comment.startswith(OURS):
        said = comment.removeprefix(OURS).strip()
        connection.execute(f"comment on table {name} is {literal(said) if said else 'null'}")


def digest(connection: Any, collection: Collection, table: str) -> tuple[int, str]:
    """Number of rows, and a sum over all of them but embeddings."""
    rows = ROWS.format(table=table, embedding=literal(collection.embedding))
    query = f"select count(*), md5(coalesce(string_agg(d, '' order by d), '')) from ({rows}) as rows"
    with patience():
        return connection.execute(query).fetchone()


def make(connection: Any, collection: Collection, aside: str, dimensions: int) -> None:
    """The second table, if it is not there: same columns in the same order, same indexes, embeddings as long as due."""
    name = collection.named(aside)
    if exists(connection, name):
        return
    kind, options = connection.execute(KIND, [collection.live]).fetchone()
    connection.execute(f"create {kind} {name} (like {collection.live} including all) {options}")
    comment = f"{OURS}\n{_comment_of(connection, collection.live)}"
    connection.execute(f"comment on table {name} is {literal(comment)}")
    for (statement,) in connection.execute(PROPERTIES, {"t": collection.live, "name": name}).fetchall():
        connection.execute(statement)
    kind = re.sub(r"\(\d+\)", f"({dimensions})", type_of(connection, collection, name))
    connection.execute(f'alter table {name} alter column "{collection.embedding}" type {kind}')


def type_of(connection: Any, collection: Collection, name: str) -> str:
    """Type of the embeddings in a table, such as public.vector(384)."""
    query = """
        select format_type(atttypid, atttypmod) from pg_catalog.pg_attribute
        where attrelid = %s::regclass and attname = %s
    """
    row = connection.execute(query, [name, collection.embedding]).fetchone()
    if row is None:
        raise failed(f"{collection.db_schema}.{collection.table} has no column '{collection.embedding}'")
    return row[0]


def _hand_over(connection: Any, collection: Collection, aside: str) -> None:
    """Sequences that the table in place counts with must not go with the one that is dropped."""
    query = """
        select s.oid::regclass::text, a.attname from pg_catalog.pg_depend d
        join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
        join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.refobjid = %s::regclass and d.deptype = 'a'
    """
    for sequence, column in connection.execute(query, [aside]).fetchall():
        connection.execute(f'alter sequence {sequence} owned by {collection.live}."{column}"')


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
