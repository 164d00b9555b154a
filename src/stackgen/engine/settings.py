"""The environment Pulumi runs in: state in a private folder of the user's, secrets encrypted."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import cache_home, data_home, make_homes, refuse_planted
from stackgen.loopback import bypass_proxies


def engine_variables(engine: Path) -> dict[str, str]:
    """Variables for a Pulumi process of the engine in `engine` (the folder that has `bin/`).

    What the user has set (PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE and so on) is left as it is, except that a
    folder of state is written without files of attributes.
    """
    variables = {
        "PATH": f"{engine / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_HOME": str(cache_home() / "pulumi-home"),
        "TMPDIR": str(cache_home() / "tmp"),
    }
    make_homes()
    _temporary(cache_home() / "tmp")
    if "PULUMI_BACKEND_URL" not in os.environ:
        _private(data_home() / "state")
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & os.environ.keys():
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_passphrase())
    own = {name: value for name, value in variables.items() if name == "PATH" or name not in os.environ}
    return own | {"PULUMI_BACKEND_URL": _without_attributes(state_backend())} | bypass_proxies(os.environ)


def state_backend() -> str:
    """URL of the state: the user's setting, else a private folder."""
    return os.environ.get("PULUMI_BACKEND_URL") or f"file://{quote(str(data_home() / 'state'))}"


def _without_attributes(url: str) -> str:
    """A `file://` backend that has one file for each thing: a second one, `.attrs`, is not replaced in one step.

    Whoever reads while an update writes may meet an empty one, and Pulumi stops at that with "EOF". Pulumi asks for
    none of the attributes. https://pkg.go.dev/gocloud.dev/blob/fileblob#URLOpener
    """
    place, _, query = url.partition("?")
    if not place.startswith("file://") or "metadata=" in query:
        return url
    return f"{place}?{query}&metadata=skip" if query else f"{place}?metadata=skip"


def _passphrase() -> Path:
    """A passphrase made once for this user, readable by no other; put in place whole.

    Raises StackgenError(passphrase-empty) where it is empty though there is state that was encrypted with it, and
    PermissionError where another user made it.
    """
    file = data_home() / "passphrase"
    refuse_planted(str(file))
    if file.exists() and file.stat().st_uid not in (0, os.geteuid()):
        raise PermissionError(errno.EPERM, "it belongs to another user, who knows what is in it", str(file))
    if file.exists() and file.stat().st_size == 0:  # an earlier version wrote it in two steps
        _require_no_state(file)
        file.unlink()
    if file.exists():
        return file
    with tempfile.NamedTemporaryFile("w", dir=data_home(), prefix=".passphrase-") as made:  # mode 0600
        made.write(secrets.token_urlsafe(32))
        made.flush()
        os.fsync(made.fileno())
        try:
            os.link(made.name, file)  # of two at once the first counts
        except FileExistsError:
            pass
    return file


def _require_no_state(file: Path) -> None:
    if not any((data_home() / "state" / ".pulumi" / "stacks").rglob("*.json")):
        return
    message = f"the passphrase file {file} is empty, and the state beside it was encrypted with its content"
    hint = "put the passphrase back from a copy, or set PULUMI_CONFIG_PASSPHRASE"
    raise StackgenError(Problem("passphrase-empty", message, hint=hint), ExitCode.AUTHENTICATION)


def _temporary(folder: Path) -> None:
    """A folder of ours for the engine, whose logs have names that another user can guess; those of yesterday go."""
    yesterday = time.time() - 24 * 3600
    for path in _private(folder).glob("pulumi*.log.*"):
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < yesterday:
                path.unlink()


def _private(folder: Path) -> Path:
    refuse_planted(str(folder))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
