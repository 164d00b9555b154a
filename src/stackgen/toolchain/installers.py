"""The one place that calls uv and go: by lock, and without what their configuration files say.

Of the caller's environment they get the names of mirrors (UV_DEFAULT_INDEX, UV_INDEX_URL or PIP_INDEX_URL; GOPROXY),
more indexes (UV_INDEX, UV_EXTRA_INDEX_URL, UV_FIND_LINKS), proxies, certificates and where caches are. A mirror may be
anybody's: digests decide what is installed.
Generated programs do the same by themselves (`local_provider/installers.py`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stackgen.homes import cache_home

INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")  # the first that is set counts
MACHINE = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "LC_ALL", "XDG_CACHE_HOME", "LD_LIBRARY_PATH")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
NETWORK = (
    *PROXIES,
    *(name.lower() for name in PROXIES),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
)
UV_INDEXES = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
UV_OWN = ("UV_CACHE_DIR", "UV_HTTP_TIMEOUT", "UV_LINK_MODE", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS")
GO_OWN = ("GOPROXY", "GOMODCACHE", "GOCACHE")
PINNED = ("--require-hashes", "--only-binary", ":all:")


def make_environment(
    folder: Path, requirements: list[str], *, python: str = sys.executable, pinned: bool = True
) -> None:
    """A virtual environment in `folder` with `requirements` (uv arguments); raises CalledProcessError.

    pinned: every package needs a digest and a wheel.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)  # until it is whole: other users could hold uv's lock in it
    _uv("venv", "--quiet", "--no-project", "--python", python, str(folder))
    target = ["--quiet", "--compile-bytecode", "--python", str(folder / "bin" / "python")]
    _uv("pip", "install", *target, *(PINNED if pinned else ()), *requirements)
    folder.chmod(0o755)


def uv_variables() -> dict[str, str]:
    """The environment of a uv process."""
    index = next((os.environ[name] for name in INDEXES if os.environ.get(name)), None)
    more = {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "PIP_CONFIG_FILE": os.devnull}
    return {**_variables(*UV_INDEXES, *UV_OWN), **({"UV_DEFAULT_INDEX": index} if index else {}), **more}


def run_go(compiler: Path, folder: Path, *arguments: str, module: str = "readonly") -> str:
    """Run the Go command in `folder`, whose go.sum is all that it trusts; its output. Raises CalledProcessError.

    module: what `-mod` is set to; `mod` is for tools that write locks.
    """
    variables = _variables()
    if "HOME" not in variables:
        variables |= {"GOPATH": str(cache_home() / "gopath"), "GOCACHE": str(cache_home() / "gobuild")}
    variables |= {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": f"-mod={module} -buildvcs=false"}
    asked = _run([str(compiler), "env", "-json", *GO_OWN], {**os.environ, **variables}, folder)
    variables |= {name: value for name, value in json.loads(asked).items() if value}
    return _run([str(compiler), *arguments], {**variables, "GOENV": "off", "CGO_ENABLED": "0"}, folder)


def find_uv() -> str:
    """Path of the uv executable that belongs to this Python environment."""
    from uv import find_uv_bin

    return find_uv_bin()


def _uv(*arguments: str) -> None:
    _run([find_uv(), *arguments], uv_variables(), None)


def _variables(*more: str) -> dict[str, str]:
    """An environment without the user's keys and settings: who and where we are, proxies, certificates, and `more`."""
    found = {name: os.environ[name] for name in (*MACHINE, *NETWORK, *more) if name in os.environ}
    certificates = os.environ.get("PIP_CERT")
    return {"SSL_CERT_FILE": certificates, **found} if certificates else found


def _run(command: list[str], variables: Mapping[str, str], folder: Path | None) -> str:
    """Its output. Raises CalledProcessError, in which no address has its user name and password."""
    done = subprocess.run(
        command, cwd=folder, env=dict(variables), check=False, capture_output=True, text=True
    )
    if done.returncode:
        out, errors = (without_credentials(text) for text in (done.stdout, done.stderr))
        words = [without_credentials(word) for word in command]
        raise subprocess.CalledProcessError(done.returncode, words, out, errors)
    return done.stdout


def without_credentials(text: str) -> str:
    """The text without the user names and passwords of addresses: of mirrors and proxies, above all."""
    return re.sub(r"(?<=://)[^\s/]+@", "***@", text)
