"""Images of tasks on AWS. A task pulls them through its own network, so public images need the internet."""

import re

from stackgen.descriptors.model import ImplementationSettings, Place

PRIVATE = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(/|$)")


def public_image_reason(_settings: ImplementationSettings, where: Place) -> str | None:
    """Return the reason why a published image needs the internet; None if a registry in ECR mirrors it."""
    mirror = where.settings.get("image_registry")
    if isinstance(mirror, str) and PRIVATE.match(mirror):
        return None
    return f"its images come from {mirror or 'public registries'}; `image_registry` in ECR ends that"


def own_image_reason(settings: ImplementationSettings, _where: Place) -> str | None:
    """Return the reason why the image of the user's own code needs the internet; None if it is in ECR."""
    image = getattr(settings, "image", None)
    if image is None or PRIVATE.match(image):
        return None
    return "its image is not in ECR"
