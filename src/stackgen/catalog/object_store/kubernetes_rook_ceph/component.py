"""A bucket of a Ceph cluster that Rook runs.

https://rook.io/docs/rook/latest/Storage-Configuration/Object-Storage-RGW/ceph-object-bucket-claim/
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apiextensions import CustomResource

from contract_bindings import Bindings
from kubernetes_platform.bindings import publish
from kubernetes_platform.ground import Ground
from kubernetes_platform.policies import reach_namespace
from kubernetes_platform.workloads import Caller, in_cluster

GATEWAY = {"app": "rook-ceph-rgw"}
REGION = "us-east-1"  # what Ceph takes for its own where nobody says otherwise


@dataclass(frozen=True, kw_only=True)
class KubernetesRookCephArgs:
    """bucket: name of the bucket; the component's name if absent. size_limit: GiB. namespace: Ceph's."""

    kubernetes: Ground
    callers: Sequence[Caller] = ()
    bucket: str | None = None
    bucket_class: str
    namespace: str
    gateway_port: int
    size_limit: int


class KubernetesRookCeph(pulumi.ComponentResource):
    """A bucket, with the key that Rook makes for it."""

    bindings: Bindings

    def __init__(
        self, name: str, args: KubernetesRookCephArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:object_store:KubernetesRookCeph", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        ground = args.kubernetes
        claim = CustomResource(
            name,
            api_version="objectbucket.io/v1alpha1",
            kind="ObjectBucketClaim",
            metadata=ground.metadata(
                name, name, name, {"pulumi.com/waitFor": "jsonpath={.status.phase}=Bound"}
            ),
            spec={
                "bucketName": args.bucket or name,
                "storageClassName": args.bucket_class,
                "additionalConfig": {"maxSize": f"{args.size_limit}Gi"},
            },
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(protect=ground.protect, retain_on_delete=not ground.deletable)
            ),
        )
        for caller in in_cluster(args.callers):
            reach_namespace(caller.name, args.namespace, [args.gateway_port], ground, child, GATEWAY)
        # Rook answers a claim with a ConfigMap and a Secret of its name
        made = pulumi.ResourceOptions(parent=self, depends_on=[claim])
        place = k8s.core.v1.ConfigMap.get(f"{name}-place", f"{ground.namespace}/{name}", opts=made)
        keys = k8s.core.v1.Secret.get(f"{name}-keys", f"{ground.namespace}/{name}", opts=made)
        self.bindings = {
            "s3": {
                "endpoint": place.data.apply(
                    lambda data: f"http://{data['BUCKET_HOST']}:{data['BUCKET_PORT']}"
                ),
                "access-key-id": _decoded(keys, "AWS_ACCESS_KEY_ID"),
                "secret-access-key": _decoded(keys, "AWS_SECRET_ACCESS_KEY"),
                "region": place.data.apply(lambda data: data.get("BUCKET_REGION") or REGION),
                "bucket": place.data.apply(lambda data: data["BUCKET_NAME"]),
            }
        }
        publish(name, self.bindings, ground, child)
        self.register_outputs({"bindings": self.bindings})


def _decoded(secret: k8s.core.v1.Secret, key: str) -> pulumi.Output[str]:
    return pulumi.Output.secret(secret.data.apply(lambda data: base64.b64decode(data[key]).decode()))
