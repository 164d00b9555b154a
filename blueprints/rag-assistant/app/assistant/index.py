"""The indexing job: documents into the object store, their chunks and embeddings into the vector store."""

import json
import os
from pathlib import Path
from typing import Any

from assistant.chunking import Chunk, chunks
from assistant.clients import database, models, objects
from assistant.telemetry import tracer

DOCUMENTS = Path(__file__).parents[1] / "documents"
PREFIX = "policies/"
BATCH = 32

TABLES = """
create table if not exists embedding_identity (model text not null, dimensions int not null);
create table if not exists chunks (
    digest text primary key,
    source text not null,
    heading text not null,
    content text not null,
    metadata jsonb not null,
    embedding vector({dimensions}) not null
);
create index if not exists chunks_embedding on chunks using hnsw (embedding vector_cosine_ops);
"""


def upload() -> dict[str, str]:
    """Put the documents where everybody finds them; return what is there by name."""
    store, bucket = objects(), os.environ["S3_BUCKET"]
    for path in sorted(DOCUMENTS.glob("*.md")):
        store.put_object(
            Bucket=bucket, Key=PREFIX + path.name, Body=path.read_bytes(), ContentType="text/markdown"
        )
    found = store.list_objects_v2(Bucket=bucket, Prefix=PREFIX)["Contents"]
    keys = [item["Key"] for item in found]
    return {
        key.removeprefix(PREFIX): store.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        for key in keys
    }


def embed(texts: list[str]) -> list[list[float]]:
    """Vectors of `texts`, a batch at a time."""
    client, model = models(), os.environ["OPENAI_EMBEDDING_MODEL"]
    found: list[list[float]] = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        answer = client.embeddings.create(model=model, input=batch, encoding_format="float")
        found += [item.embedding for item in answer.data]
    return found


def store(found: list[Chunk]) -> int:
    """Add new chunks and remove those that are gone, in one transaction; the number that was embedded."""
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('chunks')")
        known: set[str] = set()
        if cursor.fetchone() != (None,):
            cursor.execute("select digest from chunks")
            known = {row[0] for row in cursor.fetchall()}
        new = [chunk for chunk in found if chunk.digest not in known]
        vectors = embed([chunk.content for chunk in new])
        if vectors:
            _same_space(cursor, len(vectors[0]))
        rows = [
            (
                c.digest,
                c.source,
                c.heading,
                c.content,
                json.dumps({"product": c.source.split("-")[0]}),
                str(v),
            )
            for c, v in zip(new, vectors, strict=True)
        ]
        cursor.executemany("insert into chunks values (%s, %s, %s, %s, %s, %s)", rows)
        cursor.execute("delete from chunks where digest <> all(%s)", [[chunk.digest for chunk in found]])
    return len(new)


def _same_space(cursor: Any, dimensions: int) -> None:
    """Vectors of two models don't compare: refuse to mix them."""
    cursor.execute(TABLES.format(dimensions=dimensions))
    cursor.execute("select model, dimensions from embedding_identity")
    present, mine = cursor.fetchone(), (os.environ["OPENAI_EMBEDDING_MODEL"], dimensions)
    if present is None:
        cursor.execute("insert into embedding_identity values (%s, %s)", mine)
    elif present != mine:
        raise SystemExit(
            f"the index was made with {present}, and {mine} would not compare: reindex into a new table"
        )


def main() -> None:
    """Run the job and say what it did."""
    with tracer().start_as_current_span("index"):
        documents = upload()
        found = [chunk for name, text in documents.items() for chunk in chunks(name, text)]
        new = store(found)
    print(f"{len(documents)} documents, {len(found)} chunks, {new} embedded now")


if __name__ == "__main__":
    main()
