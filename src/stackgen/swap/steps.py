"""Every step of a swap, in order: one list where data is copied, one where embeddings are made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stackgen.swap.move import Move, MoveStep

if TYPE_CHECKING:
    from stackgen.swap.data_move import DataMove
    from stackgen.swap.embedding_move import EmbeddingMove


def data_steps(move: DataMove) -> Iterator[MoveStep]:
    """The steps of a component whose data is copied. What its contracts have no use for is left out."""
    kinds = {"swap": _swap, "return": _return, "abandon": _abandon, "retire": _retire}
    return kinds[move.journal.kind](move)


def _swap(move: DataMove) -> Iterator[MoveStep]:
    here, there = move.journal.source, move.journal.target
    yield from _target(move, there, here, move.require_empty if move.holds_data else None)
    yield from _copy(move, here)
    yield from _switch(move, there)
    yield from _settle(move, here)
    yield MoveStep("check", "measure every clause through the bindings", move.measure_target)
    if move.freezes:
        yield MoveStep("keep", f"note that box {there} is no longer a copy", move.unfreeze_target)
    yield from _replay(move)


def _return(move: DataMove) -> Iterator[MoveStep]:
    here, there = move.journal.source, move.journal.target
    if move.freezes:
        says = f"check that box {there} is as it was at the switch"
        yield MoveStep("unchanged", says, move.require_unchanged)
    if move.takes_late_writes:
        yield MoveStep("gather", f"copy writes that reached box {there} late", move.gather_late_writes)
    yield from _copy(move, here)
    if move.freezes:
        yield MoveStep("open", f"let box {there} take writes", move.unfreeze_target)
    yield from _switch(move, there)
    yield from _settle(move, here)
    yield MoveStep("check", "measure every clause through the bindings", move.measure_target)


def _abandon(move: DataMove) -> Iterator[MoveStep]:
    if move.freezes:
        yield MoveStep("thaw", f"let box {move.journal.source} take writes", move.thaw)
    yield from _delete(move, move.journal.target)


def _retire(move: DataMove) -> Iterator[MoveStep]:
    here, there = move.journal.source, move.journal.target
    if move.holds_data:
        yield MoveStep("prove", f"compare box {there} with box {here} once more", move.prove)
        if move.can_close:
            says = f"give box {here} another port, so that no client writes to it"
            yield MoveStep("close", says, move.close_source)
            yield from _settle(move, here)
    yield from _delete(move, here)


def embedding_steps(move: EmbeddingMove) -> Iterator[MoveStep]:
    """The steps of a model whose embeddings are made anew, by the journal's kind."""
    kind, here, there = move.journal.kind, move.journal.source, move.journal.target
    if kind in ("swap", "return"):
        yield from _target(move, there, here, None)
        says = f"make all embeddings by box {there}, while applications read and write"
        yield MoveStep("backfill", says, move.make_embeddings)
        yield MoveStep("freeze", "let the vector stores refuse writes", move.freeze)
        yield MoveStep("delta", "make what was written since, and compare", move.make_rest)
        yield MoveStep("hide", f"hide the tables of box {here}", move.hide_tables)
        yield from _switch(move, there)
        yield MoveStep("show", f"publish the tables of box {there}, and take writes", move.publish_tables)
        yield MoveStep("check", "measure every clause through the bindings", move.measure_target)
        if kind == "swap":
            yield from _replay(move)
    elif kind == "abandon":
        yield MoveStep("thaw", f"let box {here} take writes", move.thaw)
        yield MoveStep("drop", "delete the embeddings that serve no longer", move.drop_tables)
        yield MoveStep("remove", f"take box {there} out of the spec", move.remove_from_spec)
        yield MoveStep("clean", "delete its resources and its data", lambda: move.delete(there))
    elif kind == "retire":
        yield MoveStep("drop", "delete the embeddings that serve no longer", move.drop_tables)


def _target(move: Move, there: int, here: int, require_empty: Callable[[], str] | None) -> Iterator[MoveStep]:
    yield MoveStep("beside", f"write box {there} into the spec, beside box {here}", move.add_target)
    yield MoveStep("deploy", f"deploy box {there}; box {here} goes on serving", move.deploy)
    if require_empty is not None:
        yield MoveStep("empty", f"check that box {there} is empty", require_empty)
    yield MoveStep("verify", f"measure every clause of box {there}", move.measure_target)


def _copy(move: DataMove, here: int) -> Iterator[MoveStep]:
    if move.holds_data:
        yield MoveStep("copy", "copy data while applications read and write", move.copy)
    if move.freezes:
        yield MoveStep("freeze", f"let box {here} refuse writes", move.freeze)
    if move.holds_data:
        yield MoveStep("delta", "copy what was written since, and compare", move.copy_rest)


def _switch(move: DataMove | EmbeddingMove, there: int) -> Iterator[MoveStep]:
    yield MoveStep("switch", f"write into the spec that box {there} serves", move.switch)
    yield MoveStep("bind", "switch bindings; what uses them restarts", move.deploy)


def _settle(move: DataMove, here: int) -> Iterator[MoveStep]:
    if move.holds_data:
        yield MoveStep("settle", f"copy writes that reached box {here} late, and compare", move.settle)


def _replay(move: Move) -> Iterator[MoveStep]:
    if move.has_recording:
        yield MoveStep("replay", "ask the golden questions, and compare with what was recorded", move.replay)


def _delete(move: DataMove, box: int) -> Iterator[MoveStep]:
    yield MoveStep("remove", f"take box {box} out of the spec", move.remove_from_spec)
    yield MoveStep("clean", "delete its resources and its data", lambda: move.delete(box))
