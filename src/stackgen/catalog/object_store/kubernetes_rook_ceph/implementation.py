"""A bucket of a Ceph cluster that Rook runs."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.s3 import profiles as s3
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.kubernetes.properties import SERVER
from stackgen.providers.kubernetes.reasons import PLAIN_HTTP


class Settings(ImplementationSettings):
    """Settings of a bucket claim."""

    bucket_class: str = Field(
        default="rook-ceph-bucket",
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
        description="Storage class of buckets, made for the object store by whoever runs Rook.",
    )
    namespace: str = Field(
        default="rook-ceph", pattern=r"^[a-z0-9-]{1,63}$", description="Namespace that Ceph runs in."
    )
    gateway_port: int = Field(
        default=8080, ge=1, le=65535, description="Port that the object gateway's pods listen on."
    )
    size_limit: int = Field(default=100, ge=1, le=1000000, description="Most that the bucket holds, GiB.")


IMPLEMENTATION = Implementation(
    description="A bucket of the Ceph cluster that Rook runs, by ObjectBucketClaim: replicated, scaled out.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"size_limit": 1000},
        "large": {"size_limit": 10000},
    },
    kept={"s3": s3.WITHOUT_VERSIONING_AND_TLS},
    not_kept={
        "s3": {
            "versioning": "nothing turns it on in the bucket that is claimed; PutBucketVersioning does "
            "(https://docs.ceph.com/en/latest/radosgw/s3/bucketops/)",
            "tls": PLAIN_HTTP,
        }
    },
    properties=replace(
        SERVER,
        encryption_at_rest=("none", "what Rook's cluster does with its disks; it can encrypt them"),
        backup=(
            "none",
            "the bucket's objects are replicated, and nothing copies them; a deleted object is gone",
        ),
        high_availability=(
            "restart",
            "Ceph keeps replicas on several hosts, over zones where its failure domain says so",
        ),
    ),
    billing="own-machines",
    licence="Apache-2.0 (Rook); LGPL-2.1 (Ceph)",
    notes=(
        "Rook (1.16 or later) must run in the cluster with an object store and a storage class for buckets",
    ),
)
