"""The move that a journal is of."""

from __future__ import annotations

from stackgen.swap.data_move import DataMove
from stackgen.swap.embedding_move import EmbeddingMove
from stackgen.swap.journal import Journal
from stackgen.swap.move import Move
from stackgen.swap.site import Site


def move_of(site: Site, journal: Journal) -> Move:
    """A move that copies data, or that makes embeddings anew where the journal has tables of them."""
    return (EmbeddingMove if journal.collections else DataMove)(site, journal)
