"""A language model that answers chat requests."""

from typing import Annotated

from pydantic import Field

from stackgen.catalog.model import Capability, CapabilityOptions, Refers


class ChatModelOptions(CapabilityOptions):
    """Options of a chat model."""

    model: str = Field(description="Logical model name, the same on every provider.")
    registry: Annotated[str | None, Refers(("model_registry",))] = Field(
        default=None, description="The registry component its weights come from, if they come from one."
    )


CAPABILITY = Capability(
    description="Answers chat requests.",
    contracts=("openai-chat",),
    options=ChatModelOptions,
)
