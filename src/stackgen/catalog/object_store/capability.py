"""Buckets of files."""

from pydantic import Field

from stackgen.descriptors.model import Capability, CapabilityOptions


class ObjectStoreOptions(CapabilityOptions):
    """Options of an object store."""

    bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
        description="Name of the bucket; the component's name if absent.",
    )


CAPABILITY = Capability(
    description="Keeps files in a bucket.",
    contracts=("s3",),
    options=ObjectStoreOptions,
)
