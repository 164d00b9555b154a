"""Two tables for one collection: the serving table has its name, and the second one has a name of its own.

Nothing here makes an embedding; see `embeddings.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stackgen.contracts.mover import describe_large_losses, move_error
from stackgen.contracts.pgvector.contract import PgvectorBinding
from stackgen.contracts.pgvector.mover import session
from stackgen.contracts.pgvector.relations import count_rows
from stackgen.contracts.surroundings import shield_from_shell
from stackgen.subprocesses.pulse import patience

LONGEST_NAME = 63  # bytes; PostgreSQL cuts what is longer, and then two names are one
OURS = "stackgen: embeddings are made anew in this table; it has not served yet"
MARKER = """
    create schema if not exists stackgen_store;
    create table if not exists stackgen_store.embedding_identity
        (component text primary key, identity jsonb not null, since timestamptz not null default now())
"""
# Objects that an exchange would break: they belong to the table itself, not to its name.
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
# Properties that `like` does not copy.
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
class EmbeddingTable:
    """A table of texts and embeddings. The names of its columns are plain identifiers."""

    db_schema: str
    table: str
    text: str
    embedding: str

    def qualify(self, table: str) -> str:
        """Return the name of a table for SQL, with the schema."""
        return f'"{self.db_schema}"."{table}"'

    @property
    def live(self) -> str:
        """Name of the serving table, for SQL."""
        return self.qualify(self.table)

    def aside_name(self, box: int) -> str:
        """Return the name of the table of a model's box that does not serve."""
        return f"{self.table}__box{box}"


@shield_from_shell
def read_identity(store: PgvectorBinding, component: str) -> Mapping[str, Any] | None:
    """Return the identity of the embeddings by `component`, as noted in the store; None without a note."""
    with session(store) as connection:
        if not exists(connection, '"stackgen_store"."embedding_identity"'):
            return None
        query = "select identity from stackgen_store.embedding_identity where component = %s"
        row = connection.execute(query, [component]).fetchone()
        return row[0] if row is not None else None


@shield_from_shell
def write_identity(store: PgvectorBinding, component: str, identity: Mapping[str, Any]) -> None:
    """Note in the store the identity of the embeddings that it holds."""
    with session(store) as connection:
        _mark(connection, component, identity)


@shield_from_shell
def refuse_ties(store: PgvectorBinding, collection: EmbeddingTable) -> None:
    """Raise StackgenError(move-failed) for a table that can't be exchanged for another one."""
    with session(store) as connection:
        if not exists(connection, collection.live):
            raise move_error(f"there is no table {collection.db_schema}.{collection.table}")
        ties = [row[0] for row in connection.execute(TIES, {"t": collection.live}).fetchall()]
        name = f"{collection.db_schema}.{collection.table}"
        if ties:
            raise move_error(f"{name} can't be exchanged for another table: it has {', '.join(sorted(ties))}")
        with patience():
            alone = connection.execute(
                f"select count(*) from {collection.live} "
                f'where "{collection.embedding}" is not null and "{collection.text}" is null'
            ).fetchone()[0]
        if alone:
            message = f"{alone} rows of {name} have an embedding and no {collection.text} to embed again"
            raise move_error(message, "move them to another table, which is not among `collections`")


@shield_from_shell
def refuse_taken(store: PgvectorBinding, collections: list[EmbeddingTable], here: int, there: int) -> None:
    """Raise StackgenError(move-failed) if another table has a name that the swap needs for one of the two boxes.

    The box `there` may have a table that a swap has created and that has not served yet.
    """
    with session(store) as connection:
        for collection in collections:
            names = {collection.aside_name(here): False, collection.aside_name(there): True}
            for name, may_be_ours in names.items():
                if len(name.encode()) > LONGEST_NAME:
                    raise move_error(
                        f"the name '{name}' of a second table is longer than {LONGEST_NAME} bytes"
                    )
                if not exists(connection, collection.live) or not exists(
                    connection, collection.qualify(name)
                ):
                    continue
                if not (may_be_ours and _is_ours(connection, collection.qualify(name))):
                    message = f"there is a table {collection.db_schema}.{name}, which the swap would replace"
                    raise move_error(message, "give it another name, then go on")


@shield_from_shell
def is_in_place(store: PgvectorBinding, collection: EmbeddingTable, box: int) -> bool:
    """Return True if the box's table has the name that applications use.

    Raises StackgenError(move-failed) if an application has created another table of this name meanwhile.
    """
    with session(store) as connection:
        if exists(connection, collection.qualify(collection.aside_name(box))):
            _refuse_made_anew(connection, collection)
        return exists(connection, collection.live)


@shield_from_shell
def put_aside(store: PgvectorBinding, collections: list[EmbeddingTable], here: int, there: int) -> None:
    """Rename the tables of the box `here`, in one transaction: no query reaches them until `put_in_place`.

    Raises StackgenError(move-failed) if a table no longer holds the rows of the table of the box `there`: a client
    has written to it in spite of the freeze. Then every table keeps its name.
    """
    with session(store) as connection:
        for collection in collections:
            if not exists(connection, collection.live):
                continue
            hidden, new = (collection.qualify(collection.aside_name(box)) for box in (here, there))
            connection.execute(f'alter table {collection.live} rename to "{collection.aside_name(here)}"')
            if digest_rows(connection, collection, hidden) != digest_rows(connection, collection, new):
                name = f"{collection.db_schema}.{collection.table}"
                message = f"{name} was written to after its store was closed for writing"
                raise move_error(message, "stop the client that writes in spite of the freeze, then go on")


@shield_from_shell
def put_in_place(
    store: PgvectorBinding,
    collections: list[EmbeddingTable],
    box: int,
    component: str,
    identity: Mapping[str, Any],
) -> None:
    """Give the tables of a box their names and note the identity of their embeddings, in one transaction."""
    with session(store) as connection:
        for collection in collections:
            name = collection.qualify(collection.aside_name(box))
            if exists(connection, name):
                _refuse_made_anew(connection, collection)
                _restore_comment(connection, name)
                connection.execute(f'alter table {name} rename to "{collection.table}"')
        _mark(connection, component, identity)


def _refuse_made_anew(connection: Any, collection: EmbeddingTable) -> None:
    """Raise StackgenError(move-failed) if an application has created a table while the name was free."""
    if exists(connection, collection.live):
        message = (
            f"a client has made {collection.db_schema}.{collection.table} while its table had another name"
        )
        hint = "move its rows to another table and drop it; stop the client that created it; then go on"
        raise move_error(message, hint)


@shield_from_shell
def drop_tables(store: PgvectorBinding, collections: list[EmbeddingTable], box: int, *, unused: bool) -> None:
    """Delete tables of a box that do not serve. unused: only tables that a swap created and that never served."""
    with session(store) as connection:
        for collection in collections:
            aside = collection.qualify(collection.aside_name(box))
            if exists(connection, aside) and (not unused or _is_ours(connection, aside)):
                _refuse_only_rows(connection, collection, aside, unused=unused)
                _hand_over(connection, collection, aside)
                connection.execute(f"drop table {aside}")


def _refuse_only_rows(connection: Any, collection: EmbeddingTable, aside: str, *, unused: bool) -> None:
    """Raise StackgenError(move-failed) if the serving table lost its rows, or half of them.

    An application may have created it again, and filled it with other rows.
    """
    if unused:
        return
    serving, before = (
        count_rows(connection, name) if exists(connection, name) else 0 for name in (collection.live, aside)
    )
    if (before and not serving) or describe_large_losses({"rows": serving}, {"rows": before}):
        name, former = (table.replace('"', "") for table in (collection.live, aside))
        message = f"{name} holds {serving} rows, and {former}, which served before, {before}"
        raise move_error(message, f"move its rows to {name}, or drop {former}; then go on")


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
    """Give a serving table the comment of the table that it was created from."""
    comment = _comment_of(connection, name)
    if comment.startswith(OURS):
        said = comment.removeprefix(OURS).strip()
        connection.execute(f"comment on table {name} is {literal(said) if said else 'null'}")


def digest_rows(connection: Any, collection: EmbeddingTable, table: str) -> tuple[int, str]:
    """Return the number of rows, and a digest over all columns but embeddings."""
    rows = ROWS.format(table=table, embedding=literal(collection.embedding))
    query = f"select count(*), md5(coalesce(string_agg(d, '' order by d), '')) from ({rows}) as rows"
    with patience():
        return connection.execute(query).fetchone()


def create_table(connection: Any, collection: EmbeddingTable, aside: str, dimensions: int) -> None:
    """Create the second table if it does not exist: same columns and indexes, with embeddings of the given length."""
    name = collection.qualify(aside)
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


def type_of(connection: Any, collection: EmbeddingTable, name: str) -> str:
    """Return the type of the embeddings in a table, such as public.vector(384)."""
    query = """
        select format_type(atttypid, atttypmod) from pg_catalog.pg_attribute
        where attrelid = %s::regclass and attname = %s
    """
    row = connection.execute(query, [name, collection.embedding]).fetchone()
    if row is None:
        raise move_error(f"{collection.db_schema}.{collection.table} has no column '{collection.embedding}'")
    return row[0]


def _hand_over(connection: Any, collection: EmbeddingTable, aside: str) -> None:
    """Give sequences that the serving table uses to it, so that they are not dropped with the other table."""
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
