"""A swap of the model that makes embeddings: every stored embedding is made anew before bindings are switched.

The old model is deleted when bindings are switched: no client can write its embeddings among the new ones. It holds no
data; what it made stands in tables beside the new ones, until it is retired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

from stackgen.contracts.isolation import isolate
from stackgen.contracts.pgvector import embedding_tables as exchange
from stackgen.contracts.pgvector import embeddings
from stackgen.contracts.pgvector import mover as pgvector
from stackgen.contracts.pgvector.contract import PgvectorBinding
from stackgen.contracts.pgvector.embedding_tables import EmbeddingTable
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.planning.identity import EMBEDDINGS_CONTRACT, embedding_identity
from stackgen.swap.move import Move, MoveStep
from stackgen.swap.overrides import exchange_boxes, remove_second_box
from stackgen.swap.site import binding_of
from stackgen.swap.steps import embedding_steps

STORE_CONTRACT = "pgvector"
P = ParamSpec("P")
R = TypeVar("R")


class EmbeddingMove(Move):
    """A move of a model: stored embeddings are made anew in place of data copied."""

    def steps(self) -> list[MoveStep]:
        """See `steps.embedding_steps`."""
        return list(embedding_steps(self))

    def thaw(self) -> str:
        """Publish the tables of the serving model, and let the stores take writes."""
        for store, binding, collections in self._stores():
            box = self.journal.source
            self._run_isolated(exchange.put_in_place)(
                binding, collections, box, self.site.component, self._identity(box)
            )
            self._run_isolated(pgvector.thaw)(binding)
            self.site.progress(f"{store} takes writes")
        self.journal.frozen = False
        self.journal.save()
        return "writes are taken"

    def describe(self) -> Iterator[str]:
        """Describe the embeddings that are made anew, for people."""
        for item in self.journal.collections:
            yield f"{item['store']}: embeddings of {item['table']}.{item['text']} are made anew, in a second table"
        yield "queries of these tables fail while bindings are switched, so that no two models' vectors are compared"

    def _stores(self) -> Iterator[tuple[str, PgvectorBinding, list[EmbeddingTable]]]:
        bindings = self.site.others()
        for store in dict.fromkeys(item["store"] for item in self.journal.collections):
            found = [
                EmbeddingTable(**{key: value for key, value in item.items() if key != "store"})
                for item in self.journal.collections
                if item["store"] == store
            ]
            binding: Any = binding_of(STORE_CONTRACT, bindings[store])
            yield store, binding, found

    def _run_isolated(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, run where no server takes this process's memory or time."""
        return isolate(function, self.site.component)

    def _identity(self, box: int) -> dict[str, Any]:
        found = embedding_identity(self.site.find_box(box))
        assert found is not None  # noqa: S101 - it has one, or nothing would be made anew
        return found

    def make_embeddings(self) -> str:
        """Make the embeddings of every text that has none by the target; counts them."""
        there = self.journal.target
        model: Any = self.site.binding(EMBEDDINGS_CONTRACT, there)
        dimensions = int(self._identity(there)["dimensions"])
        done = 0
        for _, binding, collections in self._stores():
            if self.journal.kind == "swap":  # on the way back a table has the name that the swap gave it
                self._run_isolated(exchange.refuse_taken)(binding, collections, self.journal.source, there)
            for item in self._find_tables(binding, collections):
                done += self._run_isolated(embeddings.fill_second_table)(
                    *(binding, model, item, item.aside_name(there), dimensions, self.site.progress),
                    written_to=not self.journal.frozen,
                )
        return f"{done} texts embedded"

    def _find_tables(
        self, binding: PgvectorBinding, collections: list[EmbeddingTable]
    ) -> list[EmbeddingTable]:
        """On the way back from a switch that was not finished no table has its name, so nothing was written."""
        box = self.journal.source
        if self.journal.kind != "return":
            return collections
        return [item for item in collections if self._run_isolated(exchange.is_in_place)(binding, item, box)]

    def freeze(self) -> str:
        """Let the vector stores refuse writes."""
        self.journal.frozen = True
        self.journal.save()
        for _, binding, _ in self._stores():
            self._run_isolated(pgvector.refuse_writes)(binding)
        return "writes are refused, reads are answered"

    def make_rest(self) -> str:
        """Make what was written since; raises StackgenError(data-differs) where some are missing."""
        self.make_embeddings()
        there = self.journal.target
        model: Any = self.site.binding(EMBEDDINGS_CONTRACT, there)
        said: list[str] = []
        for store, binding, collections in self._stores():
            parts = [
                self._run_isolated(embeddings.compare_tables)(binding, model, item, item.aside_name(there))
                for item in self._find_tables(binding, collections)
            ]
            for part in parts:
                if not part.equal:
                    message = f"{store}: {part.target} of {part.source} {part.name} were made anew"
                    raise StackgenError(Problem("data-differs", message), ExitCode.VERIFICATION_FAILED)
                said.append(f"{part.source} {part.name}")
            self.journal.proof[store] = [[part.name, part.source_checksum] for part in parts]
        return f"{', '.join(said)}: counts and checksums are equal"

    def hide_tables(self) -> str:
        """Take the names of the tables away, so that no two models' vectors are compared."""
        for _, binding, collections in self._stores():
            self._run_isolated(exchange.put_aside)(
                binding, collections, self.journal.source, self.journal.target
            )
        return "queries fail until the new tables are in place"

    def switch(self) -> str:
        """Write into the spec that the target serves alone."""
        self._set_dimensions(self.journal.target)
        if not self.switched:
            self.site.write(remove_second_box(exchange_boxes(self.site.override)))
        return f"box {self.journal.target} serves; box {self.journal.source} holds no data, and is deleted"

    def _set_dimensions(self, box: int) -> None:
        """Let the stores expect embeddings of the box's length."""
        dimensions = int(self._identity(box)["dimensions"])
        for store, _, _ in self._stores():
            if self.site.plan().by_name[store].options.model_dump()["dimensions"] != dimensions:
                self.site.write_dimensions(store, dimensions)

    def remove_from_spec(self) -> str:
        """Take the target, which is given up, out of the spec; the stores expect what the source makes."""
        self._set_dimensions(self.journal.source)
        return super().remove_from_spec()

    def delete(self, box: int) -> str:
        """Delete a model's component, which holds no data."""
        return self.site.deploy(without=box)

    def publish_tables(self) -> str:
        """Give the tables of the target their names, and let the stores take writes."""
        there = self.journal.target
        for _, binding, collections in self._stores():
            self._run_isolated(exchange.put_in_place)(
                binding, collections, there, self.site.component, self._identity(there)
            )
            self._run_isolated(pgvector.thaw)(binding)
        self.journal.frozen = False
        self.journal.save()
        return f"embeddings are those of {self._identity(there)['model']}"

    def drop_tables(self) -> str:
        """Delete the embeddings that serve no longer."""
        gives_up = self.journal.kind == "abandon"
        box = self.journal.target if gives_up else self.journal.source
        for _, binding, collections in self._stores():
            self._run_isolated(exchange.drop_tables)(binding, collections, box, unused=gives_up)
        return "gone"
