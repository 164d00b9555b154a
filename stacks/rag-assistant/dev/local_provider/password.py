"""A generated secret, kept encrypted in the state and nowhere else of ours."""

from __future__ import annotations

import secrets

import pulumi
from pulumi.dynamic import CreateResult, Resource

from local_provider.resource import LocalProvider, Properties


class PasswordProvider(LocalProvider):
    """Draws once; a refresh never draws again."""

    replace_on = ("length",)

    def create(self, props: Properties) -> CreateResult:
        length = int(props["length"])
        value = secrets.token_urlsafe(length)[:length].replace("-", "x")
        return CreateResult(secrets.token_hex(8), {**props, "value": value})


class Password(Resource, module="local", name="Password"):
    """A random password of letters, digits and underscores."""

    value: pulumi.Output[str]

    def __init__(self, name: str, *, length: int = 32, opts: pulumi.ResourceOptions | None = None) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        merged = pulumi.ResourceOptions.merge(opts, secret)
        super().__init__(PasswordProvider(), name, {"length": length, "value": None}, merged)
