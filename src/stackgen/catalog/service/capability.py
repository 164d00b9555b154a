"""The user's own long-running code."""

from typing import Annotated

from pydantic import Field

from stackgen.descriptors.model import Capability, CapabilityOptions, Refers, SourceFolder


class ServiceOptions(CapabilityOptions):
    """Options of a service."""

    source: Annotated[str, SourceFolder()] = Field(description="Folder of the code, relative to the spec.")
    command: tuple[str, ...] = Field(min_length=1, description="Command that starts it; it listens on $PORT.")
    uses: Annotated[tuple[str, ...], Refers()] = Field(
        default=(), description="Components whose bindings it gets in its environment."
    )
    reads: Annotated[tuple[str, ...], Refers(("model_registry",), reads=True, into="uses")] = Field(
        default=(), description="Model registries whose bindings it gets for reading only."
    )
    port: int | None = Field(
        default=None, ge=1024, le=65535, description="Port to listen on; a free one if absent."
    )


CAPABILITY = Capability(
    description="Runs the user's own long-running code with bindings in its environment.",
    contracts=("http",),
    options=ServiceOptions,
)
