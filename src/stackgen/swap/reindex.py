"""A swap of the model that makes embeddings: every stored embedding is made anew before bindings are switched.

The old model's box goes when bindings are switched: nobody can write its embeddings among the new ones. It holds no
data; what it made stands in tables beside the new ones, until it is retired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from stackgen.contracts.isolation import apart
from stackgen.contracts.pgvector import embedding_tables as exchange
from stackgen.contracts.pgvector import embeddings
from stackgen.contracts.pgvector import mover as pgvector
from stackgen.contracts.pgvector.contract import PgvectorBinding
from stackgen.contracts.pgvector.embedding_tables import Collection
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.planning.identity import CONTRACT, difference, embedded, identity, keeps_embeddings
from stackgen.planning.model import Plan
from stackgen.swap.journal import Kind
from stackgen.swap.overrides import alone, exchanged
from stackgen.swap.site import Site, shaped
from stackgen.swap.steps import Step, Steps

STORE = "pgvector"
P = ParamSpec("P")
R = TypeVar("R")


def affected(plan: Plan, component: str) -> list[dict[str, str]]:
    """Tables to be made anew when the two boxes of `component` make embeddings that don't compare; [] if they do.

    Raises StackgenError(reindex-unknown) where a vector store doesn't say what it holds.
    """
    serving = plan.by_name[component]
    new = next((identity(item) for item in plan.beside if item.name == component), None)
    old = identity(serving)
    if old is None or new is None or old == new or not keeps_embeddings(plan, component):
        return []
    found = [
        {"store": item.name, **each}
        for item in embedded(plan, component)
        for each in item.options.model_dump()["collections"] or ()
    ]
    if not found:
        message = (
            f"embeddings of '{component}' would not compare with stored ones ({difference(old, new)}), and no "
            "vector store says which tables hold them"
        )
        hint = (
            f"write into the vector store: embedded_by: {component}, "
            "collections: [{table: NAME, text: COLUMN, embedding: COLUMN}]; `collections: []` if it holds none"
        )
        if any(item.options.model_dump()["collections"] == () for item in embedded(plan, component)):
            return []
        raise StackgenError(Problem("reindex-unknown", message, hint=hint))
    return found


class ReindexSteps(Steps):
    """As every swap, with embeddings made anew in place of data copied."""

    def plan(self) -> list[Step]:
        every = {step.name: step for step in (*self._every(), *self._reindex())}
        left_out = {"replay"} if self.site.golden() is None else set[str]()
        return [every[name] for name in ORDER[self.journal.kind] if name not in left_out]

    def thaw(self) -> str:
        """Give the tables of the box that serves their names, and let the stores take writes."""
        for store, binding, collections in self._stores():
            box = self.journal.source
            self._apart(exchange.put_in_place)(
                binding, collections, box, self.site.component, self._identity(box)
            )
            self._apart(pgvector.thaw)(binding)
            self.site.progress(f"{store} takes writes")
        self.journal.frozen = False
        self.journal.save()
        return "writes are taken"

    def moved(self) -> Iterator[str]:
        """What is made anew, for people."""
        for item in self.journal.collections:
            yield f"{item['store']}: embeddings of {item['table']}.{item['text']} are made anew, in a second table"
        yield "queries of these tables fail while bindings are switched, so that no two models' vectors are compared"

    def _reindex(self) -> Iterator[Step]:
        here, there = self.journal.source, self.journal.target
        yield Step(
            "backfill", f"make all embeddings by box {there}, while applications read and write", self._fill
        )
        yield Step("freeze", "let the vector stores refuse writes", self._refuse)
        yield Step("delta", "make what was written since, and compare", self._compared)
        yield Step("hide", f"take the names of box {here}'s tables away", self._hide)
        yield Step("switch", f"write into the spec that box {there} serves", self._switch_spec)
        yield Step("show", f"give the names to box {there}'s tables, and take writes", self._show)
        yield Step("remove", f"take box {there if self._gives_up else here} out of the spec", self._forget)
        yield Step("drop", "delete the embeddings that serve no longer", self._drop)

    def _stores(self) -> Iterator[tuple[str, PgvectorBinding, list[Collection]]]:
        bindings = self.site.others()
        for store in dict.fromkeys(item["store"] for item in self.journal.collections):
            found = [
                Collection(**{key: value for key, value in item.items() if key != "store"})
                for item in self.journal.collections
                if item["store"] == store
            ]
            binding: Any = shaped(STORE, bindings[store])
            yield store, binding, found

    def _apart(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, run where no server takes this process's memory or time."""
        return apart(function, self.site.component)

    def _identity(self, box: int) -> dict[str, Any]:
        found = identity(self.site.planned(box))
        assert found is not None  # noqa: S101 - it has one, or nothing would be made anew
        return found

    def _fill(self) -> str:
        there = self.journal.target
        model: Any = self.site.binding(CONTRACT, there)
        dimensions = int(self._identity(there)["dimensions"])
        done = 0
        for _, binding, collections in self._stores():
            if self.journal.kind == "swap":  # on the way back a table has the name that the swap gave it
                self._apart(exchange.refuse_taken)(binding, collections, self.journal.source, there)
            for item in self._found(binding, collections):
                done += self._apart(embeddings.bring)(
                    *(binding, model, item, item.aside(there), dimensions, self.site.progress),
                    written_to=not self.journal.frozen,
                )
        return f"{done} texts embedded"

    def _found(self, binding: PgvectorBinding, collections: list[Collection]) -> list[Collection]:
        """On the way back from a switch that was not finished no table has its name, so nothing was written."""
        box = self.journal.source
        if self.journal.kind != "return":
            return collections
        return [item for item in collections if self._apart(exchange.in_place)(binding, item, box)]

    def _refuse(self) -> str:
        self.journal.frozen = True
        self.journal.save()
        for _, binding, _ in self._stores():
            self._apart(pgvector.refuse_writes)(binding)
        return "writes are refused, reads are answered"

    def _compared(self) -> str:
        self._fill()
        there = self.journal.target
        model: Any = self.site.binding(CONTRACT, there)
        said: list[str] = []
        for store, binding, collections in self._stores():
            parts = [
                self._apart(embeddings.compare)(binding, model, item, item.aside(there))
                for item in self._found(binding, collections)
            ]
            for part in parts:
                if not part.equal:
                    message = f"{store}: {part.target} of {part.source} {part.name} were made anew"
                    raise StackgenError(Problem("data-differs", message), ExitCode.VERIFICATION_FAILED)
                said.append(f"{part.source} {part.name}")
            self.journal.proof[store] = [[part.name, part.source_checksum] for part in parts]
        return f"{', '.join(said)}: counts and checksums are equal"

    def _hide(self) -> str:
        for _, binding, collections in self._stores():
            self._apart(exchange.put_aside)(binding, collections, self.journal.source, self.journal.target)
        return "queries fail until the new tables are in place"

    def _switch_spec(self) -> str:
        self._expect(self.journal.target)
        if not self.switched:
            self.site.write(alone(exchanged(self.site.override)))
        return f"box {self.journal.target} serves; box {self.journal.source} holds no data, and goes"

    def _expect(self, box: int) -> None:
        """Let the stores expect embeddings as long as the box's."""
        dimensions = int(self._identity(box)["dimensions"])
        for store, _, _ in self._stores():
            if self.site.plan().by_name[store].options.model_dump()["dimensions"] != dimensions:
                self.site.write_dimensions(store, dimensions)

    def _forget(self) -> str:
        if self._gives_up:
            self._expect(self.journal.source)
        return self._remove()

    def _show(self) -> str:
        there = self.journal.target
        for _, binding, collections in self._stores():
            self._apart(exchange.put_in_place)(
                binding, collections, there, self.site.component, self._identity(there)
            )
            self._apart(pgvector.thaw)(binding)
        self.journal.frozen = False
        self.journal.save()
        return f"embeddings are those of {self._identity(there)['model']}"

    def _drop(self) -> str:
        box = self.journal.target if self._gives_up else self.journal.source
        for _, binding, collections in self._stores():
            self._apart(exchange.drop)(binding, collections, box, unused=self._gives_up)
        return "gone"


_MOVE = ("backfill", "freeze", "delta", "hide", "switch", "bind", "show", "check")
ORDER: dict[Kind, tuple[str, ...]] = {
    "swap": ("beside", "deploy", "verify", *_MOVE, "replay"),
    "return": ("beside", "deploy", "verify", *_MOVE),
    "abandon": ("thaw", "drop", "remove", "clean"),
    "retire": ("drop",),
}


def steps_of(site: Site, journal: Any) -> Steps:
    """The steps that a journal's move takes."""
    return (ReindexSteps if journal.collections else Steps)(site, journal)
