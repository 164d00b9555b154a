"""Guard of vector stores: stores the embedding identity in the database, and refuses another model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from stackgen.errors import StackgenError

if TYPE_CHECKING:
    from stackgen.planning.model import Plan, PlannedComponent

Bindings = Mapping[str, Mapping[str, Mapping[str, Any]]]


def refuse_other_embeddings(plan: Plan, bindings: Bindings) -> None:
    """Raise StackgenError(embedding-identity-changed) if a store holds embeddings of another identity.

    A store that can't be reached yet, or from here, is looked at after it is up.
    """
    from stackgen.contracts.isolation import isolate
    from stackgen.contracts.pgvector.embedding_tables import read_identity
    from stackgen.environment.embedding_guard import identity_problem
    from stackgen.planning.identity import embedding_identity, identity_difference
    from stackgen.subprocesses.calling import memory_limit

    memory_limit()  # a wrong one is no store that can't be reached
    for _, maker, binding in _stores(plan, bindings):
        try:
            found = isolate(read_identity)(binding, maker.name)
        except (StackgenError, ModuleNotFoundError):
            continue
        new = embedding_identity(maker)
        if found is not None and new is not None and dict(found) != new:
            raise StackgenError(identity_problem(plan, maker, identity_difference(dict(found), new)))


def note_embeddings(plan: Plan, bindings: Bindings, *, anew: bool) -> Iterator[str]:
    """Note in every store whose embeddings it is to hold; a warning for each that can't be reached.

    anew: even where it says something else.
    """
    from stackgen.contracts.isolation import isolate
    from stackgen.contracts.pgvector.embedding_tables import read_identity, write_identity
    from stackgen.planning.identity import embedding_identity

    for store, maker, binding in _stores(plan, bindings):
        found = embedding_identity(maker)
        try:
            if found is not None and (anew or isolate(read_identity)(binding, maker.name) is None):
                isolate(write_identity)(binding, maker.name, found)
        except (StackgenError, ModuleNotFoundError) as error:
            yield f"'{store}' could not be asked whose embeddings it holds: {error}"


def _stores(plan: Plan, bindings: Bindings) -> Iterator[tuple[str, PlannedComponent, Any]]:
    from stackgen.contracts import contract
    from stackgen.planning.identity import embedding_model_of

    for item in plan.components:
        by = embedding_model_of(item)
        values = bindings.get(item.name, {}).get("pgvector")
        if by is not None and values:
            yield item.name, plan.by_name[by], contract("pgvector").binding.model_validate(values)
