"""Tables whose stored embeddings a swap of their model makes anew."""

from __future__ import annotations

from stackgen.errors import Problem, StackgenError
from stackgen.planning.identity import (
    embedding_identity,
    identity_difference,
    keeps_embeddings,
    stores_of_model,
)
from stackgen.planning.model import Plan


def tables_to_rebuild(plan: Plan, component: str) -> list[dict[str, str]]:
    """Tables to make anew when old and new `component` make embeddings that don't compare; [] if they do.

    Raises StackgenError(reindex-unknown) where a vector store doesn't say what it holds.
    """
    serving = plan.by_name[component]
    new = next((embedding_identity(item) for item in plan.second_boxes if item.name == component), None)
    old = embedding_identity(serving)
    if old is None or new is None or old == new or not keeps_embeddings(plan, component):
        return []
    found = [
        {"store": item.name, **each}
        for item in stores_of_model(plan, component)
        for each in item.options.model_dump()["collections"] or ()
    ]
    if not found:
        message = (
            f"embeddings of '{component}' would not compare with stored ones ({identity_difference(old, new)}), and no "
            "vector store says which tables hold them"
        )
        hint = (
            f"write into the vector store: embedded_by: {component}, "
            "collections: [{table: NAME, text: COLUMN, embedding: COLUMN}]; `collections: []` if it holds none"
        )
        if any(item.options.model_dump()["collections"] == () for item in stores_of_model(plan, component)):
            return []
        raise StackgenError(Problem("reindex-unknown", message, hint=hint))
    return found
