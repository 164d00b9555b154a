"""Every container image of a plan, to be mirrored and approved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stackgen.planning.model import Plan, PlannedComponent


@dataclass(frozen=True)
class Image:
    """upstream: as it is published. taken: where the program takes it from. own: whether its owners build it."""

    component: str
    upstream: str
    taken: str
    own: bool = False


def list_images(plan: Plan) -> tuple[Image, ...]:
    """In order of creation: settings called `image` or `..._image`, and images of the stack's own code."""
    return tuple(image for item in plan.components for image in _images(item, plan))


def _images(item: PlannedComponent, plan: Plan) -> Iterator[Image]:
    mirror, registry = _registries(item.entry.provider, plan)
    for name, value in item.settings:
        if (name != "image" and not name.endswith("_image")) or not isinstance(value, str):
            continue
        given = bool(item.sources)
        taken = f"{mirror}/{value}" if mirror and not given else value
        yield Image(item.name, value, taken, own=given)
    tag = getattr(item.settings, "image_tag", None)
    if item.sources and tag and hasattr(item.settings, "image") and not getattr(item.settings, "image", None):
        own = f"{registry or '<registry>'}/{plan.stack.name}/{item.name}:{tag}"
        yield Image(item.name, own, own, own=True)


def _registries(provider: str, plan: Plan) -> tuple[str | None, str | None]:
    """The provider's mirror of public images, and its registry of own ones."""
    for foundation in plan.foundations:
        if foundation.provider == provider:
            settings = foundation.settings
            return getattr(settings, "image_registry", None), getattr(settings, "registry", None)
    return None, None
