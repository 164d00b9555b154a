"""The spec's models (apiVersion stackgen/v1). The same models are the Python API."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

API_VERSION = "stackgen/v1"
SLUG = r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$"
Name = Annotated[str, StringConstraints(pattern=SLUG)]
Size = Literal["small", "medium", "large"]


class SpecModel(BaseModel):
    """Base: immutable, unknown keys are errors, aliases and names both accepted."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, strict=True, defer_build=True
    )


class Data(SpecModel):
    """Classification of the data in this stack, and where it may be."""

    classification: Literal["public", "internal", "confidential", "restricted"] = Field(
        default="internal", description="How sensitive the data is."
    )
    residency: str | None = Field(
        default=None,
        description="Where data may be kept and processed, such as eu or uk; anywhere if absent.",
    )


class Component(BaseModel):
    """One component of the stack. Its capability's own options stand beside these fields."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, defer_build=True)

    capability: str = Field(description="What the component is for, such as vector_store or chat_model.")
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
    renamed_from: Name | None = Field(
        default=None,
        description="The name it was first deployed under: its resources and its data keep that name. "
        "Leave it in as long as the deployment lives.",
    )

    @property
    def options(self) -> dict[str, Any]:
        """The capability's own options, as written; planning validates them."""
        return dict(self.model_extra or {})


class Box(BaseModel):
    """Fields that may differ between the two boxes of one component in one environment.

    `box` is an identity: the same number means the same resources and the same data.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, defer_build=True)

    size: Size | None = Field(default=None, description="Another size.")
    implementation: str | None = Field(default=None, description="Another implementation, of any provider.")
    settings: dict[str, Any] = Field(
        default_factory=dict[str, Any],
        description="Settings: laid over the component's own for box 1, complete for any other.",
    )
    box: int = Field(
        default=1,
        ge=1,
        le=999,
        description="Which box of the component: another number means other resources and other data.",
    )

    @property
    def options(self) -> dict[str, Any]:
        """Options of the capability that differ."""
        return dict(self.model_extra or {})

    @model_validator(mode="after")
    def _another_box_names_its_implementation(self) -> Self:
        if self.box != 1 and self.implementation is None:
            raise ValueError(f"box {self.box} must name its `implementation`")
        return self


class ComponentOverride(Box):
    """Differences of a component in one environment."""

    beside: Box | None = Field(
        default=None,
        description="A second box of the component, which serves no clients: data is moved to it, or was moved "
        "from it. Written by `stackgen swap --apply`.",
    )

    @model_validator(mode="after")
    def _two_boxes_are_two(self) -> Self:
        if self.beside is not None and self.beside.box == self.box:
            raise ValueError(f"the box beside box {self.box} needs another `box` number")
        return self


class Environment(SpecModel):
    """One deployment of the stack."""

    provider: str = Field(description="Where it runs: the provider of every component that names no other.")
    settings: dict[str, Any] = Field(default_factory=dict[str, Any], description="The provider's settings.")
    providers: dict[str, dict[str, Any]] = Field(
        default_factory=dict[str, dict[str, Any]],
        description="Settings of the other providers that components of this environment name.",
    )
    promotes_from: str | None = Field(
        default=None,
        description="Refused: stackgen does not enforce an order of environments yet.",
        json_schema_extra={"deprecated": True},
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
    components: dict[Name, Component] = Field(min_length=1, description="The components, by name.")
    environments: dict[Name, Environment] = Field(min_length=1, description="The deployments, by name.")
