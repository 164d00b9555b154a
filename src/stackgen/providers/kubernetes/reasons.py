"""Why clauses are not kept in a cluster, said once; and what else planning says of it."""

from collections.abc import Mapping
from typing import Any

from stackgen.catalog.model import Place

PLAIN_HTTP = (
    "inside the namespace requests are plain HTTP, and NetworkPolicies admit callers' pods alone; a service mesh, or "
    "`expose` for those from outside, encrypts them (https://gateway-api.sigs.k8s.io/guides/tls/)"
)
NO_AUTHENTICATION = "the server has no authentication; NetworkPolicies admit callers' pods alone"


def why_no_image(who: str, given: Mapping[str, Any], where: Place) -> str | None:
    """Why nobody knows where the image of the user's own code is; None if it is known."""
    if given.get("image") or where.settings.get("registry"):
        return None
    return (
        f"{who} runs an image of yours: name it with `image`, or name the `registry` that holds "
        "<stack>/<component>:<tag> in the environment's settings"
    )
