"""A predictive model served over the Open Inference Protocol."""

from typing import Annotated

from pydantic import Field

from stackgen.descriptors.model import Capability, CapabilityOptions, Refers


class PredictorOptions(CapabilityOptions):
    """Options of a predictor."""

    model: str = Field(description="A registry reference such as models:/fraud@champion.")
    registry: Annotated[str | None, Refers(("model_registry",), reads=True)] = Field(
        default=None, description="The registry component the model comes from."
    )


def why_no_reference(options: CapabilityOptions) -> str | None:
    """Say why the model can't be fetched: it must be a reference, and the registry it is in must be named."""
    chosen = options.model_dump()
    if not str(chosen["model"]).startswith("models:/"):
        return f"model '{chosen['model']}' is no registry reference; write models:/<name>@<alias>"
    return None if chosen["registry"] else "a registry reference needs `registry`: the component it is in"


CAPABILITY = Capability(
    description="Serves a predictive model.",
    contracts=("open-inference",),
    options=PredictorOptions,
)
