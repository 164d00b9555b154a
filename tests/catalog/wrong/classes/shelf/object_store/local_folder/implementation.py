"""A folder that speaks S3."""

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.descriptors.properties import Properties


class Settings(ImplementationSettings):
    """Settings of a folder."""

    port: int | None = Field(default=None, description="Port; a free one if absent.")
    region: str = Field(default="here", description="Region that clients sign with.")


IMPLEMENTATION = Implementation(
    description="A folder of this machine behind the S3 API.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {"region": "there"}},
    kept={
        "s3": (
            "put-get",
            "list",
            "delete",
            "multipart",
            "range",
            "presigned-url",
            "conditional-put",
            "default-checksums",
            "auth-required",
            "wrong-credentials-refused",
        )
    },
    not_kept={
        "s3": {
            "versioning": "a folder holds one version of a file",
            "tls": "it listens on loopback only",
        }
    },
    properties=Properties(
        encryption_at_rest=("none", "plain files in the environment's folder"),
        network_exposure=("loopback", "it listens on 127.0.0.1"),
        tls=("none", "plain TCP on loopback"),
        authentication=("shared-secret", "a generated key"),
        backup=("none", "nothing copies its folder"),
        high_availability=("restart", "supervisord starts it again"),
    ),
    billing="own-machines",
    licence="Apache-2.0",
)
