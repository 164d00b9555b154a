"""A key pair that the servers of one box share; each refuses callers without it."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pulumi
from pulumi.dynamic import CreateResult, Resource

from local_provider.commands import install, installer_variables
from local_provider.go_binary import binary
from local_provider.resource import LocalProvider, Properties

LOCK = Path(__file__).parent / "locks" / "certificate"
PROGRAM = "stackgen.local/certificate"
CERTIFICATE, KEY = "tls.crt", "tls.key"  # in the run folders of those that share it


class CertificateProvider(LocalProvider):
    """Creates the certificate once, with Go's standard library: Python's can't create certificates."""

    def create(self, props: Properties) -> CreateResult:
        made = install("making a certificate", [str(binary(LOCK, PROGRAM))], installer_variables())
        return CreateResult(secrets.token_hex(8), {**props, **json.loads(made)})


class Certificate(Resource, module="local", name="Certificate"):
    """A self-signed certificate for servers and clients on 127.0.0.1, valid for 30 years.

    certificate, key: PEM; the key is encrypted in the state.
    """

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        secret = pulumi.ResourceOptions(additional_secret_outputs=["key"])
        merged = pulumi.ResourceOptions.merge(opts, secret)
        super().__init__(CertificateProvider(), name, {"certificate": None, "key": None}, merged)

    def files(self) -> dict[str, pulumi.Input[str]]:
        """Return the secret files of a process that shares the certificate."""
        return {CERTIFICATE: self.certificate, KEY: self.key}
