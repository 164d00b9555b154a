"""PostgreSQL with pgvector, run by CloudNativePG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.databases import DatabaseArgs, OperatedDatabase, pgvector_binding
from kubernetes_platform.ground import Ground
from kubernetes_platform.workloads import Caller

DATABASE = "knowledge"


@dataclass(frozen=True, kw_only=True)
class KubernetesCloudnativePgArgs:
    """dimensions: length of the embeddings. storage: GiB.

    backup: bucket, endpoint, credentials, schedule, retention.
    """

    kubernetes: Ground
    callers: Sequence[Caller] = ()
    dimensions: int
    image: str
    instances: int
    storage: int
    cpu: str
    memory: str
    backup: Mapping[str, str] | None = None


class KubernetesCloudnativePg(pulumi.ComponentResource):
    """A database cluster that only callers reach, and only over TLS."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesCloudnativePgArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:vector_store:KubernetesCloudnativePg", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        database = OperatedDatabase(
            name,
            DatabaseArgs(
                database=DATABASE,
                image=args.image,
                extensions=["vector"],
                callers=args.callers,
                instances=args.instances,
                storage=args.storage,
                cpu=args.cpu,
                memory=args.memory,
                backup=args.backup,
            ),
            args.kubernetes,
            child,
        )
        self.bindings = {"pgvector": pgvector_binding(database, DATABASE, args.dimensions, "require")}
        publish(name, self.bindings, args.kubernetes, child)
        self.register_outputs({"bindings": self.bindings})
