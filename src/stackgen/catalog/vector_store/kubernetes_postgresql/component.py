"""PostgreSQL with pgvector as a plain StatefulSet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.databases import DatabaseArgs, PlainDatabase, pgvector_binding
from kubernetes_platform.ground import Ground
from kubernetes_platform.workloads import Caller

DATABASE = "knowledge"


@dataclass(frozen=True, kw_only=True)
class KubernetesPostgresqlArgs:
    """dimensions: length of the embeddings. storage: GiB."""

    kubernetes: Ground
    callers: Sequence[Caller] = ()
    dimensions: int
    image: str
    storage: int
    cpu: str
    memory: str
    shared_buffers: str


class KubernetesPostgresql(pulumi.ComponentResource):
    """One database server with a volume, that only callers reach."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesPostgresqlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:vector_store:KubernetesPostgresql", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        database = PlainDatabase(
            name,
            DatabaseArgs(
                database=DATABASE,
                image=args.image,
                extensions=["vector"],
                callers=args.callers,
                storage=args.storage,
                cpu=args.cpu,
                memory=args.memory,
                parameters={"shared_buffers": args.shared_buffers},
            ),
            args.kubernetes,
            child,
        )
        self.bindings = {"pgvector": pgvector_binding(database, DATABASE, args.dimensions, "disable")}
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings})
