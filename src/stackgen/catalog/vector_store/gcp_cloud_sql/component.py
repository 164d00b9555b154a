"""Cloud SQL for PostgreSQL with pgvector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from contract_bindings import Bindings
from gcp_platform.databases import CloudSql, pgvector_binding
from gcp_platform.workloads import Caller
from gcp_platform.zone import Zone

DATABASE = "knowledge"


@dataclass(frozen=True, kw_only=True)
class GcpCloudSqlArgs:
    """dimensions: length of the embeddings. storage: GiB. standby: whether another zone takes over."""

    gcp: Zone
    version: str
    callers: Sequence[Caller] = ()
    dimensions: int
    tier: str
    storage: int
    standby: bool


class GcpCloudSql(pulumi.ComponentResource):
    """An instance of fixed size with a standby, reached from the network only."""

    bindings: Bindings

    def __init__(self, name: str, args: GcpCloudSqlArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:vector_store:GcpCloudSql", name, None, opts)
        instance = CloudSql(
            name,
            args.gcp,
            database=DATABASE,
            extensions=["vector"],
            version=args.version,
            tier=args.tier,
            storage=args.storage,
            standby=args.standby,
            callers=args.callers,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bindings = {"pgvector": pgvector_binding(instance.application, DATABASE, args.dimensions)}
        self.register_outputs({"bindings": self.bindings})
