"""SeaweedFS in one process."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.s3 import profiles as s3
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import DATA_AT_REST, SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK


class Settings(ImplementationSettings):
    """Settings of a local SeaweedFS."""

    volume_size: int = Field(
        default=1024, ge=64, le=30000, description="Largest file that objects are packed into, MB."
    )
    port: int | None = Port


IMPLEMENTATION = Implementation(
    description="SeaweedFS in one process: an S3 server that packs objects into volume files.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {"volume_size": 4096}, "large": {"volume_size": 30000}},
    kept={"s3": s3.WITHOUT_TLS},
    not_kept={"s3": {"tls": ON_LOOPBACK}},
    properties=replace(
        SERVER,
        encryption_at_rest=DATA_AT_REST,
        backup=("versions", "old versions are kept in the same volume files; nothing copies its folder"),
    ),
    parts={"filer": (), "master": (), "volume": ()},
    billing="own-machines",
    licence="Apache-2.0",
    maturity="beta",
    notes=(
        "Its inner ports (master, filer, volumes) listen on loopback too; volumes ask for signed tokens, "
        "the master and the filer's gRPC do not.",
    ),
)
