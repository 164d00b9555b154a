"""Creates the embeddings of a table again, in a second table, and exchanges the two tables.

The second table has the same columns and indexes; rows are matched by all columns but the embedding. During the
exchange no table has the name: a query fails then, instead of comparing vectors of two models.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from stackgen.contracts.mover import Part, Progress, move_error
from stackgen.contracts.openai_embeddings.contract import OpenaiEmbeddingsBinding, embed
from stackgen.contracts.pgvector.contract import PgvectorBinding
from stackgen.contracts.pgvector.embedding_tables import (
    ROWS,
    EmbeddingTable,
    create_table,
    digest_rows,
    literal,
    refuse_ties,
    type_of,
)
from stackgen.contracts.pgvector.mover import session
from stackgen.contracts.surroundings import shield_from_shell
from stackgen.subprocesses.pulse import patience

BATCH = 32
SAMPLE = 8
ROUNDS = 20  # rounds of catching up with a client that writes all the time
ALIKE = 0.999  # cosine of two embeddings of one text by one model


@shield_from_shell
def fill_second_table(
    store: PgvectorBinding,
    model: OpenaiEmbeddingsBinding,
    collection: EmbeddingTable,
    aside: str,
    dimensions: int,
    progress: Progress,
    *,
    written_to: bool,
) -> int:
    """Fill the table `aside` with the rows and the model's embeddings; return the number of texts embedded.

    written_to: True while applications write: then a few rows may be missing in the end.
    """
    refuse_ties(store, collection)
    with session(store) as connection:
        create_table(connection, collection, aside, dimensions)
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


@shield_from_shell
def compare_tables(
    store: PgvectorBinding, model: OpenaiEmbeddingsBinding, collection: EmbeddingTable, aside: str
) -> Part:
    """Compare rows and a checksum over all columns but embeddings, and check a sample of embeddings with the model."""
    with session(store) as connection:
        (live_rows, first), (aside_rows, second) = (
            digest_rows(connection, collection, table)
            for table in (collection.live, collection.qualify(aside))
        )
        with patience():
            sample = connection.execute(
                f'select "{collection.text}", "{collection.embedding}"::text from {collection.qualify(aside)} '
                f'where "{collection.text}" is not null order by md5(ctid::text || %s::text) limit {SAMPLE}',
                [first],
            ).fetchall()
    vectors = _embedded(model, [text for text, _ in sample])
    for (_, stored), made in zip(sample, vectors, strict=True):
        if stored is None or _cosine(json.loads(stored), made) < ALIKE:
            raise move_error(
                f"an embedding in {aside} differs from the one that the model makes of the text now"
            )
    return Part(f"rows of {collection.db_schema}.{collection.table}", live_rows, aside_rows, first, second)


def _missing(connection: Any, collection: EmbeddingTable, aside: str) -> list[tuple[str, str]]:
    """Return rows that the second table lacks, by place and digest; delete rows that only the second table has."""
    places = {"embedding": literal(collection.embedding)}
    live_rows = ROWS.format(table=collection.live, **places)
    aside_rows = ROWS.format(table=collection.qualify(aside), **places)
    with patience():
        connection.execute(
            f"delete from {collection.qualify(aside)} where ctid = any(array(select a.ctid from ({aside_rows}) a "
            f"left join ({live_rows}) l using (d, n) where l.d is null))"
        )
        return connection.execute(
            f"select l.ctid::text, l.d from ({live_rows}) l left join ({aside_rows}) a using (d, n) "
            "where a.d is null"
        ).fetchall()


def _embed_rows(
    store: PgvectorBinding,
    model: OpenaiEmbeddingsBinding,
    collection: EmbeddingTable,
    aside: str,
    rows: list[tuple[str, str]],
) -> int:
    """Embed rows that have not changed since they were read, and insert them into the second table."""
    digest = f"md5((to_jsonb(t.*) - {literal(collection.embedding)})::text)"
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
        kind = type_of(connection, collection, collection.qualify(aside))
        made_of = {f'"{collection.embedding}"': f"v.made::{kind}"}
        values = [made_of.get(name, f"t.{name}") for name in columns]
        connection.execute(
            f"insert into {collection.qualify(aside)} ({', '.join(columns)}) overriding system value "
            f"select {', '.join(values)} from {collection.live} t "
            f"join unnest(%s::tid[], %s::text[], %s::text[]) as v(place, digest, made) "
            f"on t.ctid = v.place and v.digest = {digest}",
            [[place for place, _, _ in found], [digest for _, digest, _ in found], made],
        )
    return len(texts)


def _columns(connection: Any, collection: EmbeddingTable) -> Iterator[str]:
    query = """
        select attname from pg_catalog.pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
    """
    yield from (row[0] for row in connection.execute(query, [collection.live]).fetchall())


def _sequences(connection: Any, collection: EmbeddingTable, aside: str) -> None:
    """Set the sequences of identity columns to the values of the first table."""
    query = """
        select attname from pg_catalog.pg_attribute where attrelid = %s::regclass and attidentity <> '' and attnum > 0
    """
    for (name,) in connection.execute(query, [collection.live]).fetchall():
        sequences = [
            connection.execute("select pg_get_serial_sequence(%s, %s)", [table, name]).fetchone()[0]
            for table in (collection.live, collection.qualify(aside))
        ]
        last, called = connection.execute(f"select last_value, is_called from {sequences[0]}").fetchone()
        connection.execute("select setval(%s::regclass, %s, %s)", [sequences[1], last, called])


def _embedded(model: OpenaiEmbeddingsBinding, texts: list[str]) -> list[list[float]]:
    from openai import OpenAIError

    try:
        return embed(model, texts) if texts else []
    except OpenAIError as error:
        raise move_error(
            f"the model can't embed what is stored: {' '.join(str(error).split())[:200]}"
        ) from error


def _cosine(one: list[float], other: list[float]) -> float:
    if len(one) != len(other):
        return 0.0
    lengths = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0
