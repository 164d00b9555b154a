"""The only module that calls uv and go: by lock, and without their configuration files.

Of the caller's environment they get the names of mirrors (UV_DEFAULT_INDEX, UV_INDEX_URL or PIP_INDEX_URL; GOPROXY),
more indexes (UV_INDEX, UV_EXTRA_INDEX_URL, UV_FIND_LINKS), proxies, certificates and where caches are. A mirror may
belong to any operator: digests decide what is installed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from netrc import NetrcParseError, netrc
from pathlib import Path
from urllib.parse import urlsplit

from uv import find_uv_bin as uv

from local_provider.commands import install, installer_variables
from local_provider.homes import cache_home

INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")  # the first that is set counts
UV_INDEXES = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
UV_OWN = ("UV_CACHE_DIR", "UV_HTTP_TIMEOUT", "UV_LINK_MODE", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS")
GO_OWN = ("GOPROXY", "GOMODCACHE", "GOCACHE")
LOCKED = ("--require-hashes", "--only-binary", ":all:")


def virtual_environment(doing: str, folder: Path, python: str) -> None:
    """An empty virtual environment of the interpreter `python`; raises LocalFailure."""
    _uv(doing, "venv", "--quiet", "--no-project", "--python", python, str(folder))


def packages(doing: str, target: Sequence[str], requirements: Path, *more: str) -> None:
    """Install what the file `requirements` lists: wheels alone, each with its digest. Raises LocalFailure.

    target: uv's words for where to, such as `--python PATH`.
    """
    _uv(doing, "pip", "install", "--quiet", *target, *LOCKED, *more, "-r", str(requirements))


def go(doing: str, compiler: str, folder: Path, *arguments: str, cgo: bool = False) -> str:
    """Run the Go command in `folder`, whose go.sum is all that it trusts; its output, or LocalFailure."""
    variables = installer_variables("CC", "CXX")
    if "HOME" not in variables:
        variables |= {"GOPATH": str(cache_home() / "gopath"), "GOCACHE": str(cache_home() / "gobuild")}
    variables |= {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    asked = install(doing, [compiler, "env", "-json", *GO_OWN], {**os.environ, **variables}, folder=folder)
    variables |= {name: value for name, value in json.loads(asked).items() if value}
    variables |= {"GOENV": "off", "CGO_ENABLED": str(int(cgo))}
    return install(doing, [compiler, *arguments], variables, folder=folder)


def uv_settings() -> dict[str, str]:
    """Return settings that make uv read its indexes from the caller's environment alone, and no other configuration."""
    found = {name: os.environ[name] for name in UV_INDEXES if name in os.environ}
    index = next((os.environ[name] for name in INDEXES if os.environ.get(name)), None)
    found |= {"UV_DEFAULT_INDEX": index} if index else {}
    return found | {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "PIP_CONFIG_FILE": os.devnull}


def has_open_indexes() -> bool:
    """Return True if all indexes are public: PyPI, or mirrors that need no password."""
    settings = uv_settings()
    indexes = " ".join(settings.get(name, "") for name in ("UV_DEFAULT_INDEX", *UV_INDEXES)).split()
    stored = Path(
        os.environ.get("HOME") or "/nowhere", ".local", "share", "uv", "credentials", "credentials.toml"
    )
    return not stored.exists() and all(map(_is_open, indexes))


def _is_open(index: str) -> bool:
    """Return True if an index needs no password. It is an address or `name=address`; folders are not public."""
    name, _, address = index.partition("=")
    place = urlsplit(index if "://" in name else address)
    return place.scheme in ("http", "https") and "@" not in place.netloc and not _in_netrc(place.hostname)


def _in_netrc(host: str | None) -> bool:
    """Return True if uv's password file has a password for a host, or can't be parsed."""
    try:
        return netrc(os.environ.get("NETRC")).authenticators(str(host)) is not None
    except FileNotFoundError:
        return False
    except (OSError, NetrcParseError):
        return True


def _uv(doing: str, *arguments: str) -> None:
    install(doing, [uv(), *arguments], {**installer_variables(*UV_OWN), **uv_settings()})
