"""Runs, model versions and aliases."""

from typing import Annotated

from pydantic import Field

from stackgen.descriptors.model import Capability, CapabilityOptions, Refers


class ModelRegistryOptions(CapabilityOptions):
    """Options of a model registry."""

    artifacts: Annotated[str | None, Refers(("object_store",))] = Field(
        default=None, description="Object store component that holds the artifacts; its own disk if absent."
    )


CAPABILITY = Capability(
    description="Tracks runs, registers model versions, moves aliases, keeps traces.",
    contracts=("mlflow",),
    options=ModelRegistryOptions,
)
