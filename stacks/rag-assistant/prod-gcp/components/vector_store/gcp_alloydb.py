"""AlloyDB for PostgreSQL with pgvector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from contract_bindings import Bindings
from gcp_platform.databases import AlloyDb, pgvector_binding
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone

DATABASE = "knowledge"


@dataclass(frozen=True, kw_only=True)
class GcpAlloydbArgs:
    """dimensions: length of the embeddings. cpus: of each instance. readers: nodes that only read."""

    gcp: Zone
    version: str
    callers: Sequence[Caller] = ()
    dimensions: int
    cpus: int
    readers: int


class GcpAlloydb(pulumi.ComponentResource):
    """A cluster that can be taken back in time, and is reached from the network only."""

    bindings: Bindings

    def __init__(self, name: str, args: GcpAlloydbArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:vector_store:GcpAlloydb", name, None, opts)
        cluster = AlloyDb(
            name,
            args.gcp,
            database=DATABASE,
            extensions=["vector"],
            version=args.version,
            cpus=args.cpus,
            readers=args.readers,
            callers=args.callers,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bindings = {"pgvector": pgvector_binding(cluster.application, DATABASE, args.dimensions)}
        self.register_outputs({"bindings": self.bindings})
