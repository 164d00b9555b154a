"""Downloads a model from a registry as the component's account: the registry, a server, decides what is read."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from local_provider.account import Account, run_as
from local_provider.commands import LONGEST, MOST, helper, minimal
from local_provider.failure import LocalFailure
from local_provider.python_environment import make_python_environment
from local_provider.registered_model import resolve
from local_provider.service_accounts import own_home

HERE = Path(__file__).parent
ROOM = 2 * 1024**3  # bytes that a model leaves on the disk


def download(
    source: str, target: Path, registry: Mapping[str, Any], account: Account | None, workspace: str
) -> Path:
    """The one GGUF file of `models:/name@alias`, copied to `target`; raises LocalFailure.

    workspace: where a registry of this machine runs.
    The account's process reads it, so that nothing but what that account may read can be had this way.
    """
    if not registry:
        raise LocalFailure(f"the model {source} is in a registry, but the component names none")
    client = make_python_environment(
        "the registry's client", (HERE / "locks" / "registry-client.txt").read_text()
    )
    # looks who listens, right before a password is sent
    version = resolve(source, registry, workspace)["version"]
    name = re.split(r"[@/]", source.removeprefix("models:/"))[0]
    home = own_home(account)
    variables = {
        **minimal(home),
        "MLFLOW_TRACKING_URI": str(registry["tracking-uri"]),
        "MLFLOW_TRACKING_USERNAME": str(registry.get("username", "")),
        "MLFLOW_TRACKING_PASSWORD": str(registry.get("password", "")),
    }
    doing = f"fetching {source}"
    run = partial(helper, doing, variables=variables, account=account, folder=home)
    folder = run(["mktemp", "-d", "-p", str(home)]).strip()
    try:
        command = [str(client / "bin" / "python"), "-", f"models:/{name}/{version}", folder]
        script = (HERE / "scripts" / "download_model.py").read_text()
        run(command, text=script)
        listing = ["find", folder, "-type", "f", "-name", "*.gguf", "-print0"]
        found = [path for path in run(listing).split("\0") if path]
        if len(found) != 1:
            raise LocalFailure(f"{source} holds {len(found)} GGUF files; expected one")
        copy_as(account, doing, found[0], target)
    finally:
        run(["rm", "-rf", "--", folder])
    return target


def copy_as(account: Account | None, doing: str, path: str, target: Path) -> None:
    """The account reads, we write; raises LocalFailure where it may not read, or the disk has too little room."""
    home = own_home(account)
    most = max(0, shutil.disk_usage(target.parent).free - ROOM)
    command = run_as(account, [shutil.which("head") or "/usr/bin/head", "-c", str(most + 1), "--", path])
    with target.open("wb") as stream, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                command,
                env=minimal(home),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=errors,
                check=False,
                timeout=LONGEST,
            )
        except subprocess.TimeoutExpired:
            raise LocalFailure(f"{doing} was not done after {LONGEST:.0f} s") from None
        if done.returncode:
            errors.seek(0)
            raise LocalFailure(f"{doing}: {errors.read(MOST).decode(errors='replace').strip()}")
    if target.stat().st_size > most:
        raise too_large(target.parent)


def too_large(folder: Path) -> LocalFailure:
    """Return the error for a model that would fill the disk of `folder`."""
    return LocalFailure(f"the model leaves less than {ROOM // 1024**3} GiB on the disk of {folder}")
