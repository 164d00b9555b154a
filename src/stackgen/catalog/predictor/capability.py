"""A predictive model served over the Open Inference Protocol."""

from typing import Annotated

from pydantic import Field

from stackgen.catalog.model import Capability, CapabilityOptions, Refers


class PredictorOptions(CapabilityOptions):
    """Options of a predictor."""

    model: str = Field(description="A registry reference such as models:/fraud@champion.")
    registry: Annotated[str | None, Refers(("model_registry",))] = Field(
        default=None, description="The registry component the model comes from."
    )


CAPABILITY = Capability(
    description="Serves a predictive model.",
    contracts=("open-inference",),
    options=PredictorOptions,
)
