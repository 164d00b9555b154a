"""One address and one key for all models of a stack."""

from typing import Annotated

from pydantic import Field

from stackgen.catalog.model import Capability, CapabilityOptions, Refers


class AiGatewayOptions(CapabilityOptions):
    """Options of a gateway."""

    serves: Annotated[tuple[str, ...], Refers(("chat_model", "embedding_model"))] = Field(
        min_length=1, description="Components whose models the gateway routes to, under their own names."
    )


CAPABILITY = Capability(
    description="Routes, authenticates and meters requests to the stack's models.",
    contracts=("openai-chat", "openai-embeddings"),
    options=AiGatewayOptions,
)
