"""A foundation beside its provider."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class LocalGroundArgs:
    """No arguments."""


class LocalGround(pulumi.ComponentResource):
    """A ground."""

    def __init__(
        self, name: str, args: LocalGroundArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:foundation:LocalGround", name, None, opts)
        self.register_outputs({})
