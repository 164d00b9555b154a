"""The spec's models (apiVersion stackgen/v1). The same models are the Python API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

API_VERSION = "stackgen/v1"
SLUG = r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$"
Name = Annotated[str, StringConstraints(pattern=SLUG)]
Size = Literal["small", "medium", "large"]


class SpecModel(BaseModel):
    """Base: immutable, unknown keys are errors, aliases and names both accepted."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, strict=True)


class Data(SpecModel):
    """What the data in this stack is, and where it may be."""

    classification: Literal["public", "internal", "confidential", "restricted"] = Field(
        default="internal", description="How sensitive the data is."
    )
    residency: str | None = Field(
        default=None,
        description="Where data may be kept and processed, such as eu or uk; anywhere if absent.",
    )


class Component(BaseModel):
    """One box of the stack. Its capability's own options stand beside these fields."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    capability: str = Field(description="What kind of box it is, such as vector_store or chat_model.")
    description: str | None = Field(default=None, description="What it is for, in a sentence.")
    size: Size | None = Field(default=None, description="How big; each implementation says what that means.")
    needs: list[str] = Field(default_factory=list[str], description="Clauses the application relies on.")
    implementation: str | None = Field(
        default=None, description="Who provides it, as <provider>/<name>; the provider's default if absent."
    )
    settings: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="The implementation's own settings."
    )
    depends_on: list[str] = Field(
        default_factory=list[str], description="Components that must run before this one is created."
    )

    @property
    def options(self) -> dict[str, Any]:
        """The capability's own options, as written; planning validates them."""
        return dict(self.model_extra or {})


class ComponentOverride(BaseModel):
    """How a component differs in one environment."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    size: Size | None = Field(default=None, description="Another size.")
    implementation: str | None = Field(default=None, description="Another implementation, of any provider.")
    settings: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="Settings laid over the component's own."
    )

    @property
    def options(self) -> dict[str, Any]:
        """Options of the capability that differ."""
        return dict(self.model_extra or {})


class Environment(SpecModel):
    """One deployment of the stack."""

    provider: str = Field(description="Where it runs: the provider of every component that names no other.")
    settings: dict[str, Any] = Field(default_factory=dict[str, Any], description="The provider's settings.")
    providers: dict[str, dict[str, Any]] = Field(
        default_factory=dict[str, dict[str, Any]],
        description="Settings of the other providers that components of this environment name.",
    )
    promotes_from: str | None = Field(
        default=None, description="Environment a change must have passed through before it comes here."
    )
    protect: bool = Field(
        default=False,
        description="Whether data-bearing resources are guarded against replacement and deletion.",
    )
    components: dict[str, ComponentOverride] = Field(
        default_factory=dict[str, ComponentOverride], description="Only what differs, by component."
    )


class Stack(SpecModel):
    """One AI ecosystem."""

    api_version: Literal["stackgen/v1"] = Field(
        default=API_VERSION, alias="apiVersion", description="Version of this format."
    )
    name: Name = Field(description="The stack's name: lower-case letters, digits and hyphens.")
    description: str | None = Field(default=None, description="What it is for, in a sentence.")
    owner: str | None = Field(default=None, description="Who answers for it, such as a team's address.")
    labels: dict[str, str] = Field(
        default_factory=dict[str, str], description="Become tags, labels and annotations everywhere."
    )
    data: Data = Field(default_factory=Data, description="Classification and residency of the data.")
    components: dict[Name, Component] = Field(min_length=1, description="The boxes, by name.")
    environments: dict[Name, Environment] = Field(min_length=1, description="The deployments, by name.")
