"""Signs records with a key of the user's, Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackgen.homes import config_home

ALGORITHM = "Ed25519"


def sign(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same with a `signature` over its canonical JSON; the key is made at its first use.

    Raises ModuleNotFoundError without the package `cryptography`.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = _key(config_home() / "signing.pem")
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    value = key.sign(canonical_json(body))
    signature = {"algorithm": ALGORITHM, "public_key": _text(public), "value": _text(value)}
    return {**body, "signature": signature}


def signature_problem(record: Mapping[str, Any], trusted: frozenset[str]) -> str | None:
    """Phrase about a problem of a record's signature; None if a trusted key has signed exactly this record."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    body = {key: value for key, value in record.items() if key != "signature"}
    signature = record.get("signature")
    if not isinstance(signature, dict) or signature.get("algorithm") != ALGORITHM:
        return "it is not signed"
    try:
        public = base64.b64decode(signature["public_key"], validate=True)
        value = base64.b64decode(signature["value"], validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(value, canonical_json(body))
    except (KeyError, TypeError, ValueError):
        return "its signature is not readable"
    except InvalidSignature:
        return "it was changed after it was signed"
    if signature["public_key"] not in trusted:
        return f"its key {signature['public_key']} is not among the trusted ones"
    return None


def canonical_json(body: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: JSON with sorted keys and no spaces, UTF-8."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _key(path: Path) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load_pem_private_key(path.read_bytes(), password=None)
    key = Ed25519PrivateKey.generate()
    with os.fdopen(handle, "wb") as stream:
        stream.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key
