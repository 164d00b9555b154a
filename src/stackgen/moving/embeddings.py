"""Makes the embeddings of a table anew, in a second table beside it, and exchanges the two.

The second table is made like the first, with its indexes; rows are matched by everything but the embedding. While
the two are exchanged the table has no name: a query then fails, instead of comparing vectors of two models.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackgen.contracts.openai_embeddings import OpenaiEmbeddingsBinding, embed
from stackgen.contracts.pgvector import PgvectorBinding
from stackgen.contracts.surroundings import undisturbed
from stackgen.moving.model import Part, Progress, failed
from stackgen.moving.pgvector import session

BATCH = 32
SAMPLE = 8
ROUNDS = 20  # rounds of catching up with somebody who writes all the time
ALIKE = 0.999  # cosine of two embeddings of one text by one model
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
    union select 'a view on it' from pg_catalog.pg_depend d where d.refobjid = %(t)s::regclass
        and d.classid = 'pg_catalog.pg_rewrite'::regclass
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
        if not _exists(connection, '"stackgen_store"."embedding_identity"'):
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
        if not _exists(connection, collection.live):
            raise failed(f"there is no table {collection.db_schema}.{collection.table}")
        ties = [row[0] for row in connection.execute(TIES, {"t": collection.live}).fetchall()]
        if ties:
            name = f"{collection.db_schema}.{collection.table}"
            raise failed(f"{name} can't be exchanged for another table: it has {', '.join(sorted(ties))}")


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
                if not _exists(connection, collection.live) or not _exists(
                    connection, collection.named(name)
                ):
                    continue
                if not (may_be_ours and _is_ours(connection, collection.named(name))):
                    message = f"there is a table {collection.db_schema}.{name}, which the swap would replace"
                    raise failed(message, "give it another name, then go on")


@undisturbed
def in_place(store: PgvectorBinding, collection: Collection) -> bool:
    """Whether the table has its name, so that applications find it."""
    with session(store) as connection:
        return _exists(connection, collection.live)


@undisturbed
def bring(
    store: PgvectorBinding,
    model: OpenaiEmbeddingsBinding,
    collection: Collection,
    aside: str,
    dimensions: int,
    progress: Progress,
    *,
    written_to: bool,
) -> int:
    """Make `aside` hold the table's rows with the model's embeddings; how many texts were embedded.

    written_to: while applications write, what is left in the end is little, and not nothing.
    """
    refuse_ties(store, collection)
    with session(store) as connection:
        _make(connection, collection, aside, dimensions)
    done = 0
    for _ in range(ROUNDS):
        with session(store) as connection:
            missing = _missing(connection, collection, aside)
        if not missing:
            break
        for start in range(0, len(missing), BATCH):
            done += _embed_rows(store, model, collection, aside, missing[start : start + BATCH])
            progress(f"embedded {done} texts of {collection.table}")
        if written_to and len(missing) <= BATCH:
            break
    with session(store) as connection:
        _sequences(connection, collection, aside)
    return done


@undisturbed
def compare(
    store: PgvectorBinding, model: OpenaiEmbeddingsBinding, collection: Collection, aside: str
) -> Part:
    """Rows and a checksum over all but embeddings, and that a sample of embeddings is what the model makes now."""
    with session(store) as connection:
        (mine, first), (its, second) = (
            _digest(connection, collection, table) for table in (collection.live, collection.named(aside))
        )
        rows = connection.execute(
            f'select "{collection.text}", "{collection.embedding}"::text from {collection.named(aside)} '
            f'where "{collection.text}" is not null'
        ).fetchall()
    sample = random.Random(first).sample(rows, min(SAMPLE, len(rows)))  # noqa: S311 - a sample, no secret
    vectors = _embedded(model, [text for text, _ in sample])
    for (_, stored), made in zip(sample, vectors, strict=True):
        if stored is None or _cosine(json.loads(stored), made) < ALIKE:
            raise failed(f"an embedding in {aside} is not what the model makes of its text")
    return Part(f"rows of {collection.db_schema}.{collection.table}", mine, its, first, second)


@undisturbed
def put_aside(store: PgvectorBinding, collections: list[Collection], here: int, there: int) -> None:
    """Take the names of the box `here`'s tables away, in one transaction: no query reaches them until `put_in_place`.

    Raises StackgenError(move-failed) where one no longer holds the rows of the box `there`'s: a client that lets its
    own sessions write in spite of the freeze has changed it. Then every table keeps its name.
    """
    with session(store) as connection:
        for collection in collections:
            if not _exists(connection, collection.live):
                continue
            hidden, new = (collection.named(collection.aside(box)) for box in (here, there))
            connection.execute(f'alter table {collection.live} rename to "{collection.aside(here)}"')
            if _digest(connection, collection, hidden) != _digest(connection, collection, new):
                name = f"{collection.db_schema}.{collection.table}"
                raise failed(f"{name} was written to after its store was closed for writing")


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
            if _exists(connection, name) and not _exists(connection, collection.live):
                if _is_ours(connection, name):
                    connection.execute(f"comment on table {name} is null")
                connection.execute(f'alter table {name} rename to "{collection.table}"')
        _mark(connection, component, identity)


@undisturbed
def drop(store: PgvectorBinding, collections: list[Collection], box: int, *, unused: bool) -> None:
    """Delete a box's tables, never one that has its name. unused: only those that a swap has made and left."""
    with session(store) as connection:
        for collection in collections:
            aside = collection.named(collection.aside(box))
            if _exists(connection, aside) and (not unused or _is_ours(connection, aside)):
                _hand_over(connection, collection, aside)
                connection.execute(f"drop table {aside}")


def _mark(connection: Any, component: str, identity: Mapping[str, Any]) -> None:
    connection.execute(MARKER)
    connection.execute(
        "insert into stackgen_store.embedding_identity (component, identity) values (%s, %s::jsonb) "
        "on conflict (component) do update set identity = excluded.identity, since = now() "
        "where embedding_identity.identity <> excluded.identity",
        [component, json.dumps(identity)],
    )


def _exists(connection: Any, name: str) -> bool:
    return connection.execute("select to_regclass(%s) is not null", [name]).fetchone()[0]


def _is_ours(connection: Any, name: str) -> bool:
    found = connection.execute("select obj_description(%s::regclass, 'pg_class')", [name]).fetchone()
    return found[0] == OURS


def _digest(connection: Any, collection: Collection, table: str) -> tuple[int, str]:
    """Number of rows, and a sum over all of them but embeddings."""
    rows = ROWS.format(table=table, embedding=_literal(collection.embedding))
    query = f"select count(*), md5(coalesce(string_agg(d, '' order by d), '')) from ({rows}) as rows"
    return connection.execute(query).fetchone()


def _make(connection: Any, collection: Collection, aside: str, dimensions: int) -> None:
    """The second table, if it is not there: same columns in the same order, same indexes, embeddings as long as due."""
    name = collection.named(aside)
    if _exists(connection, name):
        return
    connection.execute(f"create table {name} (like {collection.live} including all)")
    connection.execute(f"comment on table {name} is '{OURS}'")
    kind = re.sub(r"\(\d+\)", f"({dimensions})", _kind(connection, collection, name))
    connection.execute(f'alter table {name} alter column "{collection.embedding}" type {kind}')


def _kind(connection: Any, collection: Collection, name: str) -> str:
    """Type of the embeddings in a table, such as public.vector(384)."""
    query = """
        select format_type(atttypid, atttypmod) from pg_catalog.pg_attribute
        where attrelid = %s::regclass and attname = %s
    """
    row = connection.execute(query, [name, collection.embedding]).fetchone()
    if row is None:
        raise failed(f"{collection.db_schema}.{collection.table} has no column '{collection.embedding}'")
    return row[0]


def _missing(connection: Any, collection: Collection, aside: str) -> list[tuple[str, str]]:
    """Rows of the table that the second one lacks, by place and digest; rows that it has too many are deleted."""
    places = {"embedding": _literal(collection.embedding)}
    mine = ROWS.format(table=collection.live, **places)
    its = ROWS.format(table=collection.named(aside), **places)
    connection.execute(
        f"delete from {collection.named(aside)} where ctid = any(array(select i.ctid from ({its}) i "
        f"left join ({mine}) m using (d, n) where m.d is null))"
    )
    return connection.execute(
        f"select m.ctid::text, m.d from ({mine}) m left join ({its}) i using (d, n) where i.d is null"
    ).fetchall()


def _embed_rows(
    store: PgvectorBinding,
    model: OpenaiEmbeddingsBinding,
    collection: Collection,
    aside: str,
    rows: list[tuple[str, str]],
) -> int:
    """Embed rows that are still as they were looked at, and put them into the second table."""
    digest = f"md5((to_jsonb(t.*) - {_literal(collection.embedding)})::text)"
    given = "unnest(%s::tid[], %s::text[]) as v(place, digest) on t.ctid = v.place and v.digest = "
    places, digests = ([row[i] for row in rows] for i in (0, 1))
    with session(store) as connection:
        found = connection.execute(
            f'select t.ctid::text, v.digest, t."{collection.text}" from {collection.live} t join {given}{digest}',
            [places, digests],
        ).fetchall()
    texts = [text for _, _, text in found if text is not None]
    vectors = iter(_embedded(model, texts))
    made = [None if text is None else str(next(vectors)) for _, _, text in found]
    with session(store) as connection:
        columns = [f'"{name}"' for name in _columns(connection, collection)]
        kind = _kind(connection, collection, collection.named(aside))
        made_of = {f'"{collection.embedding}"': f"v.made::{kind}"}
        values = [made_of.get(name, f"t.{name}") for name in columns]
        connection.execute(
            f"insert into {collection.named(aside)} ({', '.join(columns)}) overriding system value "
            f"select {', '.join(values)} from {collection.live} t "
            f"join unnest(%s::tid[], %s::text[], %s::text[]) as v(place, digest, made) "
            f"on t.ctid = v.place and v.digest = {digest}",
            [[place for place, _, _ in found], [digest for _, digest, _ in found], made],
        )
    return len(texts)


def _columns(connection: Any, collection: Collection) -> Iterator[str]:
    query = """
        select attname from pg_catalog.pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
    """
    yield from (row[0] for row in connection.execute(query, [collection.live]).fetchall())


def _sequences(connection: Any, collection: Collection, aside: str) -> None:
    """Identity columns go on where the first table's are."""
    query = """
        select attname from pg_catalog.pg_attribute where attrelid = %s::regclass and attidentity <> '' and attnum > 0
    """
    for (name,) in connection.execute(query, [collection.live]).fetchall():
        sequences = [
            connection.execute("select pg_get_serial_sequence(%s, %s)", [table, name]).fetchone()[0]
            for table in (collection.live, collection.named(aside))
        ]
        last, called = connection.execute(f"select last_value, is_called from {sequences[0]}").fetchone()
        connection.execute("select setval(%s::regclass, %s, %s)", [sequences[1], last, called])


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


def _embedded(model: OpenaiEmbeddingsBinding, texts: list[str]) -> list[list[float]]:
    from openai import OpenAIError

    try:
        return embed(model, texts) if texts else []
    except OpenAIError as error:
        raise failed(f"the model can't embed what is stored: {' '.join(str(error).split())[:200]}") from error


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _cosine(one: list[float], other: list[float]) -> float:
    if len(one) != len(other):
        return 0.0
    lengths = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0
