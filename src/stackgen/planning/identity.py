"""Embedding identity: what makes vectors comparable. Those of two identities look alike and mean nothing together."""

from __future__ import annotations

from typing import Any

from stackgen.planning.model import Plan, PlannedComponent

EMBEDDINGS_CONTRACT = "openai-embeddings"
Identity = dict[str, Any]  # model, revision, dimensions, normalised, metric


def embedding_identity(item: PlannedComponent) -> Identity | None:
    """The identity of an embedding model's vectors; None for any other component."""
    if EMBEDDINGS_CONTRACT not in item.implementation.kept or not hasattr(item.settings, "identity"):
        return None
    found: Any = item.settings.model_dump()["identity"]
    return None if found is None else {"model": item.options.model_dump()["model"], **found}


def stores_of_model(plan: Plan, component: str) -> tuple[PlannedComponent, ...]:
    """Vector stores that say their embeddings are made by `component`."""
    return tuple(item for item in plan.components if embedding_model_of(item) == component)


def embedding_model_of(item: PlannedComponent) -> str | None:
    """The component that makes a vector store's embeddings, where it says so."""
    return item.options.model_dump().get("embedded_by")


def keeps_embeddings(plan: Plan, component: str) -> bool:
    """True if a change of `component`'s identity could spoil something: a vector store that may be its."""
    return any(
        embedding_model_of(item) in (None, component)
        for item in plan.components
        if "embedded_by" in type(item.options).model_fields
    )


def identity_difference(old: Identity, new: Identity) -> str:
    """Differences of two identities, for people."""
    return ", ".join(
        f"{key} {old.get(key)} -> {new.get(key)}"
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    )
