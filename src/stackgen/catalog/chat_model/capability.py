"""A language model that answers chat requests."""

from pydantic import Field

from stackgen.catalog.model import Capability, CapabilityOptions


class ChatModelOptions(CapabilityOptions):
    """Options of a chat model."""

    model: str = Field(description="Logical model name, the same on every provider.")


CAPABILITY = Capability(
    description="Answers chat requests.",
    contracts=("openai-chat",),
    options=ChatModelOptions,
)
