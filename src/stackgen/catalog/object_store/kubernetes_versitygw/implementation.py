"""An S3 server over files of a volume."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.s3 import profiles as s3
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.kubernetes.properties import NO_BACKUP, ON_VOLUME, ONE_POD, SERVER
from stackgen.providers.kubernetes.reasons import PLAIN_HTTP
from stackgen.providers.versions import VERSITYGW


class Settings(ImplementationSettings):
    """Settings of an S3 server in a cluster."""

    image: str = Field(default=VERSITYGW.use, description="The gateway's image.")
    storage: int = Field(default=50, ge=1, le=64000, description="Volume, GiB.")
    cpu: str = Field(default="250m", pattern=r"^\d+m?$", description="CPU.")
    memory: str = Field(default="512Mi", pattern=r"^\d+(Mi|Gi)$", description="Memory.")


IMPLEMENTATION = Implementation(
    description="Versity S3 Gateway over plain files of a volume: one pod, S3's signatures.",
    level="bare",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"storage": 500, "cpu": "1", "memory": "2Gi"},
        "large": {"storage": 4000, "cpu": "4", "memory": "8Gi"},
    },
    kept={"s3": s3.WITHOUT_VERSIONING_AND_TLS},
    not_kept={
        "s3": {
            "versioning": "nothing turns it on in the bucket that is made; PutBucketVersioning does "
            "(https://github.com/versity/versitygw/wiki)",
            "tls": PLAIN_HTTP,
        }
    },
    properties=replace(SERVER, encryption_at_rest=ON_VOLUME, backup=NO_BACKUP, high_availability=ONE_POD),
    billing="own-machines",
    licence="Apache-2.0",
    default=True,
    notes=("the volume must keep extended attributes, as ext4 and xfs do",),
)
