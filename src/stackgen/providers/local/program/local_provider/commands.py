"""Runs other programs: installers as this user, tools of servers as the servers' accounts."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from local_provider.account import Account, run_as
from local_provider.failure import LocalFailure

LONGEST = 3600.0  # seconds for a tool that runs as an account of servers
MOST = 16 * 1024**2  # bytes that are read of what a tool says
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_HERE = ("127.0.0.1", "localhost", "::1")
_PASSED_ON = (
    *_PROXIES,
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)
_INSTALLERS = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "XDG_CACHE_HOME",
    "LD_LIBRARY_PATH",
    "NETRC",
    "ALL_PROXY",
    "all_proxy",
)


def install(
    doing: str, command: Sequence[str], variables: Mapping[str, str], *, folder: Path | None = None
) -> str:
    """Run an installer as this user and return its output; raises LocalFailure with its last lines."""
    return _run(doing, command, variables, umask=0o022, folder=folder)


def installer_variables(*more: str) -> dict[str, str]:
    """Return an environment without the user's keys and settings: user, paths, proxies, certificates, and `more`."""
    found = {name: os.environ[name] for name in (*_PASSED_ON, *_INSTALLERS, *more) if name in os.environ}
    certificates = os.environ.get("PIP_CERT")
    return {"SSL_CERT_FILE": certificates, **found} if certificates else found


def helper(
    doing: str,
    command: Sequence[str],
    variables: Mapping[str, str],
    *,
    account: Account | None,
    folder: Path,
    umask: int = 0o077,
    text: str | None = None,
    timeout: float = LONGEST,
) -> str:
    """Run a server's own tool as `account` in `folder`, with a minimal environment.

    timeout: seconds; the account can stop what runs as it. What the tool has started may outlive it: the caller ends
    that. Raises LocalFailure.
    """
    return _run(
        doing, run_as(account, command), variables, umask=umask, folder=folder, text=text, timeout=timeout
    )


def minimal(home: Path, path: str = "") -> dict[str, str]:
    """Return an environment without the user's keys: path, home, locale, proxies and certificates.

    The address of a proxy has no user name and no password: those belong to the operator.
    """
    system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {
        **{name: _without_user(value) if name in _PROXIES else value for name, value in _passed_on().items()},
        "PATH": f"{path}:{system}" if path else system,
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }


def _passed_on() -> dict[str, str]:
    """Return proxies and certificates of the user; with a proxy, this machine is among the exceptions."""
    found = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if any(found.get(name) for name in _PROXIES):
        for name in ("no_proxy", "NO_PROXY"):
            given = found.get(name) or found.get("no_proxy") or found.get("NO_PROXY") or ""
            words = [word.strip() for word in given.split(",") if word.strip()]
            found[name] = ",".join([*words, *(place for place in _HERE if place not in words)])
    return found


def proxies() -> dict[str, str]:
    """Return addresses of proxies with the user's credentials, for installers that run as another account."""
    return {name: os.environ[name] for name in _PROXIES if name in os.environ}


def _without_user(address: str) -> str:
    """Return an address such as `user:password@host:1`, with or without scheme, without the user and the password."""
    found = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", address)
    scheme = found[0] if found else ""
    return scheme + address[len(scheme) :].rpartition("@")[2]


def without_credentials(text: str) -> str:
    """Return the text without user names and passwords in addresses, such as those of mirrors and proxies."""
    return re.sub(r"(?<=://)[^\s/]+@", "***@", text)


def _run(
    doing: str,
    command: Sequence[str],
    variables: Mapping[str, str],
    *,
    umask: int,
    folder: Path | None = None,
    text: str | None = None,
    timeout: float | None = None,
) -> str:
    # Output goes to files: a process of the account could hold a pipe open after the tool has ended.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                list(command),
                env=dict(variables),
                cwd=folder,
                input=(text or "").encode(),
                umask=umask,
                stdout=output,
                stderr=errors,
                check=False,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            raise LocalFailure(f"{doing} was not done after {timeout:.0f} s") from None
        except OSError as error:
            raise LocalFailure(f"{doing}: {command[0]} can't be started: {error.strerror}") from None
        said = _text(output)
        if done.returncode:
            words = _short(f"{said}\n{_text(errors)}")
            raise LocalFailure(f"{doing} failed with exit status {done.returncode}:\n{words}")
        return said


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read(MOST).decode(errors="replace")


def _short(text: str) -> str:
    """Return the first and last lines of a message: some tools print the reason first, others last."""
    lines = text.strip().splitlines()
    return without_credentials("\n".join(lines if len(lines) <= 9 else [*lines[:3], "...", *lines[-5:]]))
