"""One address and one key for all models of a stack."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from stackgen.descriptors.model import Capability, CapabilityOptions, Refers


class AiGatewayOptions(CapabilityOptions):
    """Options of a gateway."""

    serves: Annotated[tuple[str, ...], Refers(("chat_model", "embedding_model"))] = Field(
        min_length=1, description="Components whose models the gateway routes to, under their own names."
    )
    splits: dict[str, dict[str, int]] = Field(
        default_factory=dict[str, dict[str, int]],
        description="Names that share requests out by weight, such as {answers: {champion: 90, challenger: 10}}; "
        "the members are components it serves, on whichever provider. The first is the gateway's own model.",
    )

    @model_validator(mode="after")
    def _members_are_served(self) -> Self:
        for name, members in self.splits.items():
            strangers = [member for member in members if member not in self.serves]
            if name in self.serves:
                raise ValueError(f"split '{name}' has the name of a component it serves")
            if strangers or not members:
                raise ValueError(
                    f"split '{name}' shares among {', '.join(members) or 'nobody'}, not among `serves`"
                )
            if any(weight < 0 for weight in members.values()) or not any(members.values()):
                raise ValueError(f"split '{name}' needs weights of 0 or more, one of them more")
        return self


def answers_by(options: AiGatewayOptions) -> list[tuple[str, ...]]:
    """The members of the first split, then each model it serves."""
    splits = [tuple(members) for members in options.splits.values()][:1]
    return [*splits, *((name,) for name in options.serves)]


CAPABILITY = Capability(
    description="Routes, authenticates and meters requests to the stack's models.",
    contracts=("openai-chat", "openai-embeddings"),
    options=AiGatewayOptions,
    answers_by=answers_by,
)
