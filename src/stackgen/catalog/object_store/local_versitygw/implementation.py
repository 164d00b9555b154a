"""An S3 gateway over plain files."""

from dataclasses import replace

from stackgen.contracts.s3 import profiles as s3
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import DATA_AT_REST, SERVER


class Settings(ImplementationSettings):
    """Settings of a local object store."""

    port: int | None = Port


IMPLEMENTATION = Implementation(
    description="Versity S3 Gateway: the S3 API over a folder of this machine; objects are plain files.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"s3": s3.WITHOUT_TLS},
    not_kept={"s3": {"tls": "the gateway listens on loopback; nothing crosses a network"}},
    properties=replace(
        SERVER,
        encryption_at_rest=DATA_AT_REST,
        backup=(
            "versions",
            "old versions are kept beside the objects, on the same disk; nothing copies its folder",
        ),
    ),
    billing="own-machines",
    licence="Apache-2.0",
    default=True,
)
