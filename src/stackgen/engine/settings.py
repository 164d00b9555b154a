"""The environment Pulumi runs in: state in a private folder of the user's, secrets encrypted."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from stackgen.engine.paths import cache_home, data_home


def environment(engine: Path) -> dict[str, str]:
    """Variables for a Pulumi process of the engine in `engine` (the folder that has `bin/`).

    What the user has set (PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE and so on) is left as it is.
    """
    variables = {
        "PATH": f"{engine / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_HOME": str(cache_home() / "pulumi-home"),
    }
    if "PULUMI_BACKEND_URL" not in os.environ:
        _private(data_home() / "state")
        variables["PULUMI_BACKEND_URL"] = backend()
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & os.environ.keys():
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_passphrase())
    return {name: value for name, value in variables.items() if name == "PATH" or name not in os.environ}


def backend() -> str:
    """Where state is: what the user has set, else a private folder."""
    return os.environ.get("PULUMI_BACKEND_URL") or f"file://{data_home() / 'state'}"


def _passphrase() -> Path:
    """A passphrase made once for this user, readable by nobody else."""
    file = data_home() / "passphrase"
    data_home().mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file
    with os.fdopen(handle, "w") as stream:
        stream.write(secrets.token_urlsafe(32))
    return file


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
