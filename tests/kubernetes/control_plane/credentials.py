"""The cluster's keys and its kubeconfig, made anew for each cluster and readable by its owner alone."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

NAME = "stackgen-tests"


def token_file(file: Path) -> str:
    """Write the API server's list of tokens; the administrator's is returned."""
    token = secrets.token_hex(16)
    _private(file, f"{token},admin,admin,system:masters\n".encode())
    return token


def service_account_keys(folder: Path) -> tuple[Path, Path]:
    """The key that signs service accounts' tokens, and the one that checks them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = folder / "sa.key", folder / "sa.pub"
    plain = serialization.NoEncryption()
    pem, openssl = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    _private(private, key.private_bytes(pem, openssl, plain))
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


def kubeconfig(file: Path, server: str, ca: Path, token: str) -> None:
    """One that needs no other file beside it."""
    authority = base64.b64encode(ca.read_bytes()).decode()
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{"name": NAME, "cluster": {"server": server, "certificate-authority-data": authority}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": "admin"}}],
    }
    _private(file, yaml.safe_dump(content, sort_keys=False).encode())


def _private(file: Path, content: bytes) -> None:
    handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
