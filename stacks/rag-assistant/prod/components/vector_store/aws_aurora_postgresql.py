"""Aurora PostgreSQL Serverless v2 with pgvector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from aws_platform.databases import AuroraServerless, pgvector_binding
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from contract_bindings import Bindings

DATABASE = "knowledge"


@dataclass(frozen=True, kw_only=True)
class AwsAuroraPostgresqlArgs:
    """dimensions: length of the embeddings. capacity: Aurora capacity units. instances: one writer, then readers."""

    aws: Zone
    version: str
    callers: Sequence[Caller] = ()
    dimensions: int
    min_capacity: float
    max_capacity: float
    instances: int


class AwsAuroraPostgresql(pulumi.ComponentResource):
    """A cluster that scales with its load, can be taken back in time, and is reached from the VPC only."""

    bindings: Bindings

    def __init__(
        self, name: str, args: AwsAuroraPostgresqlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:vector_store:AwsAuroraPostgresql", name, None, opts)
        cluster = AuroraServerless(
            name,
            args.aws,
            component=name,
            database=DATABASE,
            extensions=["vector"],
            version=args.version,
            capacity=(args.min_capacity, args.max_capacity),
            instances=args.instances,
            callers=args.callers,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bindings = {"pgvector": pgvector_binding(cluster.application, DATABASE, args.dimensions)}
        self.register_outputs({"bindings": self.bindings})
