"""The ground local components stand on: a private folder and a process supervisor."""

from pydantic import Field, field_validator

from stackgen.descriptors.model import Implementation, ImplementationSettings


class Settings(ImplementationSettings):
    """Settings of the workspace; they come from the environment's."""

    directory: str | None = Field(default=None, description="Folder of data, logs and configuration.")
    protect: bool = Field(default=False, description="Whether data is guarded against deletion.")
    allow_unpinned: bool | None = Field(
        default=None, description="Code may ask for packages without digests."
    )
    allow_builds: bool | None = Field(default=None, description="Code may ask for packages to be built.")

    @field_validator("allow_unpinned", "allow_builds", mode="before")
    @classmethod
    def _only_if_set(cls, value: bool | None) -> bool | None:
        """A program says it only where it holds."""
        return value or None


IMPLEMENTATION = Implementation(
    description="A private folder and a supervisord that keeps its servers running.",
    level="bare",
    settings=Settings,
    billing="own-machines",
    licence="BSD-derived (supervisor)",
)
