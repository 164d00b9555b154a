"""RDS for PostgreSQL with pgvector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from aws_platform.databases import PostgresInstance, pgvector_binding
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from contract_bindings import Bindings

DATABASE = "knowledge"


@dataclass(frozen=True, kw_only=True)
class AwsRdsPostgresqlArgs:
    """dimensions: length of the embeddings. storage: GiB. standby: whether another zone takes over."""

    aws: Zone
    version: str
    callers: Sequence[Caller] = ()
    dimensions: int
    instance_class: str
    storage: int
    standby: bool


class AwsRdsPostgresql(pulumi.ComponentResource):
    """An instance of fixed size with a standby, reached from the VPC only."""

    bindings: Bindings

    def __init__(
        self, name: str, args: AwsRdsPostgresqlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:vector_store:AwsRdsPostgresql", name, None, opts)
        instance = PostgresInstance(
            name,
            args.aws,
            component=name,
            database=DATABASE,
            extensions=["vector"],
            version=args.version,
            instance_class=args.instance_class,
            storage=args.storage,
            standby=args.standby,
            callers=args.callers,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bindings = {"pgvector": pgvector_binding(instance.application, DATABASE, args.dimensions)}
        self.register_outputs({"bindings": self.bindings})
