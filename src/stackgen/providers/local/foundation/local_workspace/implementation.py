"""The ground local components stand on: a private folder and a process supervisor."""

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings


class Settings(ImplementationSettings):
    """Settings of the workspace; they come from the environment's."""

    directory: str | None = Field(default=None, description="Folder of data, logs and configuration.")
    protect: bool = Field(default=False, description="Whether data is guarded against deletion.")
    allow_unpinned: bool = Field(default=False, description="Code may ask for packages without digests.")
    allow_builds: bool = Field(default=False, description="Code may ask for packages to be built.")


IMPLEMENTATION = Implementation(
    description="A private folder and a supervisord that keeps its servers running.",
    level="bare",
    settings=Settings,
    billing="own-machines",
    licence="BSD-derived (supervisor)",
)
