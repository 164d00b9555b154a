"""The user's own job on Cloud Run."""

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import ImageTag
from stackgen.providers.gcp.properties import JOB


class Settings(ImplementationSettings):
    """Settings of a job on Cloud Run."""

    image: str | None = Field(
        default=None, description="Image of the job; `image_tag` in a repository of the stack if absent."
    )
    image_tag: str = ImageTag
    schedule: str = Field(
        default="0 3 * * *",
        pattern=r"^[\d*,/-]+( [\d*,/A-Z-]+){4}$",
        description="When it runs, as cron has it.",
    )
    time_zone: str = Field(
        default="Etc/UTC", pattern=r"^[A-Za-z_/+-]+\d*$", description="Time zone of the schedule."
    )
    cpu: str = Field(default="1", pattern=r"^[1-8]$", description="CPUs of the job.")
    memory: str = Field(default="1Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of the job.")
    timeout: int = Field(default=3600, ge=1, le=604800, description="Longest run, seconds.")


IMPLEMENTATION = Implementation(
    description="The user's container on Cloud Run, started on a schedule.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "2", "memory": "4Gi"},
        "large": {"cpu": "8", "memory": "16Gi"},
    },
    properties=JOB,
    billing="per-use",
    licence="the user's own",
    default=True,
    notes=(
        "it runs on its schedule; run it once by hand (`gcloud run jobs execute`) after its image is pushed",
        "push its image, built from `source`, before the job is created: apply first with "
        "`pulumi up --target` on its repository, or give `image`",
    ),
)
