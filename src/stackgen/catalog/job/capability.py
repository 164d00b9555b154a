"""The user's own code that runs to completion."""

from typing import Annotated

from pydantic import Field

from stackgen.descriptors.model import Capability, CapabilityOptions, Refers, SourceFolder


class JobOptions(CapabilityOptions):
    """Options of a job."""

    source: Annotated[str, SourceFolder()] = Field(description="Folder of the code, relative to the spec.")
    command: tuple[str, ...] = Field(min_length=1, description="Command to run.")
    uses: Annotated[tuple[str, ...], Refers()] = Field(
        default=(), description="Components whose bindings it gets in its environment."
    )
    reads: Annotated[tuple[str, ...], Refers(("model_registry",), reads=True, into="uses")] = Field(
        default=(), description="Model registries whose bindings it gets for reading only."
    )


CAPABILITY = Capability(
    description="Runs the user's own code to completion, again when the code or its bindings change.",
    contracts=(),
    options=JobOptions,
)
