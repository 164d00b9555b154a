"""The user's job as a process that ends."""

from pydantic import Field

from stackgen.catalog.model import Implementation, ImplementationSettings


class Settings(ImplementationSettings):
    """Settings of a local job."""

    timeout: int = Field(default=900, ge=1, le=86400, description="Longest run, seconds.")


IMPLEMENTATION = Implementation(
    description="The user's code run to completion in an environment made from its requirements.txt.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    licence="the user's own",
    default=True,
)
