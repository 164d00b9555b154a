"""Where tasks on AWS get images: they pull through their own network, which decides who needs the internet."""

import re

from stackgen.descriptors.model import ImplementationSettings, Place

PRIVATE = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(/|$)")


def public_images(_settings: ImplementationSettings, where: Place) -> str | None:
    """Why a server of others needs the internet: its images, but where a registry in ECR mirrors them."""
    mirror = where.settings.get("image_registry")
    if isinstance(mirror, str) and PRIVATE.match(mirror):
        return None
    return f"its images come from {mirror or 'public registries'}; `image_registry` in ECR ends that"


def given_image(settings: ImplementationSettings, _where: Place) -> str | None:
    """Why the user's own code does: only for an image by name that is not in ECR."""
    image = getattr(settings, "image", None)
    if image is None or PRIVATE.match(image):
        return None
    return "its image is not in ECR"
