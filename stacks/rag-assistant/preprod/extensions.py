"""Your own additions to this program. Written once; stackgen never touches this file again."""

from collections.abc import Mapping

import pulumi


def extend(components: Mapping[str, pulumi.ComponentResource]) -> None:
    """Called last, with every component by name: add resources, exports or transforms here."""
    del components
