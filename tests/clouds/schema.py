"""The schema of AWS, GCP and the like, by token, as the installed SDKs have it.

An SDK is imported only the first time a token of it is asked for; what was read is kept in a cache
folder outside the tree, by the SDK's version.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.clouds import sdk
from tests.clouds.shapes import Schema, from_json, to_json

FORMAT = 1
"""Raise it when the files in the cache change their meaning."""
PROVIDER = "pulumi:providers:"
_READS = threading.Lock()
"""An SDK's modules load at first use, which Python before 3.11.9 does not guard against a second thread
(https://github.com/python/cpython/issues/114763)."""


class UnknownToken(LookupError):
    """No installed SDK has this resource or function."""


@dataclass(frozen=True)
class Package:
    """An installed SDK, looked at without importing it."""

    name: str
    version: str
    classes: dict[str, sdk.Location]


def package_of(token: str) -> str:
    """The package whose provider handles this type: aws of `aws:s3/bucket:Bucket`."""
    return token.removeprefix(PROVIDER).split(":", 1)[0]


@functools.cache
def package(name: str) -> Package:
    """The SDK of a package; UnknownToken when it is not installed."""
    module = f"pulumi_{name.replace('-', '_')}"
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise UnknownToken(f"there is no SDK of {name!r} here: {module} is not installed")
    source = Path(spec.origin)
    version = json.loads((source.parent / "pulumi-plugin.json").read_text(encoding="utf-8"))["version"]
    classes = sdk.registered(source.read_text(encoding="utf-8"))
    classes[PROVIDER + name] = sdk.Location(f"{module}.provider", "Provider")
    return Package(name, version, classes)


def installed(name: str) -> bool:
    """Whether there is an SDK of this package here."""
    return importlib.util.find_spec(f"pulumi_{name.replace('-', '_')}") is not None


def exists(token: str) -> bool:
    """Whether an installed SDK has a resource of this type."""
    try:
        return token in package(package_of(token)).classes
    except UnknownToken:
        return False


@functools.cache
def resource(token: str) -> Schema:
    """The schema of a resource (or of a provider: `pulumi:providers:aws`)."""
    found = package(package_of(token))
    if token not in found.classes:
        raise UnknownToken(f"{found.name} {found.version} has no resource {token}")
    return _cached(found, token, lambda: sdk.read_resource(token, found.classes[token]))


@functools.cache
def function(token: str) -> Schema:
    """The schema of a data source; `outputs` is what it returns, `inputs` is empty."""
    found = package(package_of(token))
    return _cached(found, token, lambda: _read_function(token))


def _read_function(token: str) -> Schema:
    try:
        return sdk.read_function(token)
    except LookupError as error:
        raise UnknownToken(str(error)) from error


def cache_folder() -> Path:
    home = os.environ.get("STACKGEN_CACHE")
    return Path(home) if home else Path.home() / ".cache" / "stackgen-tests"


def _cached(found: Package, token: str, read: Callable[[], Schema]) -> Schema:
    name = re.sub(r"[^A-Za-z0-9]+", "_", token)
    file = cache_folder() / f"schema-{FORMAT}" / f"{found.name}-{found.version}" / f"{name}.json"
    if file.exists():
        return from_json(json.loads(file.read_text(encoding="utf-8")))
    with _READS:
        schema = read()
    _write(file, json.dumps(to_json(schema), separators=(",", ":")))
    return from_json(json.loads(json.dumps(to_json(schema))))


def _write(file: Path, text: str) -> None:
    """Write in one step: several processes may fill the cache at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as temporary:
        temporary.write(text)
    Path(temporary.name).replace(file)
