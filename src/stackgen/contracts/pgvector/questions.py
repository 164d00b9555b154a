"""Golden questions of pgvector: nearest rows of a table, by the embedding of a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from stackgen.contracts.openai_embeddings.contract import embed
from stackgen.contracts.pgvector.contract import open_connection
from stackgen.contracts.questions import Column, Drift, Finding, NoAnswer, Pairs, Questions, Share, Text
from stackgen.spec.stack import Name

ROUNDED = 6  # decimals of a similarity


class Search(Questions):
    """Searches for the nearest rows of a table, by the embedding of a text, as an application does."""

    key: ClassVar[str] = "searches"
    about: ClassVar[str] = "Nearest rows."
    asks: ClassVar[Mapping[str, str]] = {"store": "pgvector", "model": "openai-embeddings"}
    tolerances: ClassVar[frozenset[str]] = frozenset({"overlap", "drift"})

    store: Name = Field(description="Component that keeps the table, by the pgvector contract.")
    model: Name = Field(description="Component that embeds the texts, by the openai-embeddings contract.")
    table: Column = Field(description="Name of the table.")
    db_schema: Column = Field(default="public", alias="schema", description="Schema of the table.")
    embedding: Column = Field(default="embedding", description="Column with the embedding.")
    ids: list[Column] = Field(min_length=1, max_length=8, description="Columns that tell rows apart.")
    top: int = Field(default=5, ge=1, le=100, description="How many rows are asked for.")
    texts: list[Text] = Field(min_length=1, max_length=1000, description="What is searched for.")
    overlap: Share = Field(default=1.0, description="Least mean share of the rows that must be found again.")
    drift: Drift = Field(
        default=0.01, description="Largest change of a row's cosine similarity, of rows found again."
    )

    def answers(self, bindings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the nearest rows of each text, with cosine similarities; rows at equal distance are sorted by id."""
        from psycopg.sql import SQL, Identifier

        columns = SQL(", ").join(SQL("{}::text").format(Identifier(name)) for name in self.ids)
        query = SQL(
            "select {columns}, 1 - ({embedding} <=> %(vector)s::vector) from {table} "
            "order by {embedding} <=> %(vector)s::vector limit %(top)s"
        ).format(
            columns=columns,
            embedding=Identifier(self.embedding),
            table=Identifier(self.db_schema, self.table),
        )
        with open_connection(bindings["store"]) as connection:
            for text in self.texts:
                (vector,) = embed(bindings["model"], [text])
                rows = connection.execute(query, {"vector": str(vector), "top": self.top}).fetchall()
                if not rows:
                    raise NoAnswer(f"{self.db_schema}.{self.table} has no row, so nothing would be compared")
                rows = sorted(rows, key=lambda row: (-row[-1], row[:-1]))
                yield {
                    "text": text,
                    "ids": [list(row[:-1]) for row in rows],
                    "similarities": [round(float(row[-1]), ROUNDED) for row in rows],
                }

    def findings(self, group: str, pairs: Pairs) -> Iterator[Finding]:
        """Measure the share of rows that are returned again, and the change of their similarities."""
        shares: list[float] = []
        drift, lost, moved = 0.0, list[str](), list[str]()
        for old, new in pairs:
            before = {tuple(ids): s for ids, s in zip(old["ids"], old["similarities"], strict=True)}
            after = {tuple(ids): s for ids, s in zip(new["ids"], new["similarities"], strict=True)}
            both = before.keys() & after.keys()
            longest = max(len(before), len(after))
            shares.append(len(both) / longest if longest else 1.0)
            if shares[-1] < 1:
                gone = ", ".join(" ".join(map(str, ids)) for ids in before if ids not in after)
                lost.append(f"'{old['text']}': {len(both)} of {longest} found again; gone: {gone or 'none'}")
            change = max((abs(before[ids] - after[ids]) for ids in both), default=0.0)
            if change > self.drift:
                moved.append(f"'{old['text']}': similarity changes by up to {change:.4f}")
            drift = max(drift, change)
        mean = sum(shares) / len(shares)
        yield Finding(group, f"top-{self.top} overlap", mean, self.overlap, False, len(pairs), tuple(lost))
        yield Finding(group, "similarity drift", drift, self.drift, True, len(pairs), tuple(moved))


QUESTIONS = Search
