"""A model out of a registry, fetched by the servers' account: the registry says what is read, and it is one of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_provider.account import as_service_user, service_account, shared_folder
from local_provider.commands import helper, minimal
from local_provider.failure import LocalFailure
from local_provider.homes import cache_home
from local_provider.python_environment import environment
from local_provider.registered_model import resolve
from local_provider.workspace_files import make_folder

HERE = Path(__file__).parent


def download(source: str, target: Path, registry: Mapping[str, Any]) -> Path:
    """The one GGUF file of `models:/name@alias`, copied to `target`; raises LocalFailure.

    The account's process reads it, so that nothing but what that account may read can be had this way.
    """
    if not registry:
        raise LocalFailure(f"the model {source} is in a registry, but the component names none")
    version = resolve(source, registry)["version"]
    name = re.split(r"[@/]", source.removeprefix("models:/"))[0]
    account = service_account()
    home = make_folder(
        shared_folder(cache_home() / "accounts") / str(account.pw_uid if account else os.geteuid())
    )
    variables = {
        **minimal(home),
        "MLFLOW_TRACKING_URI": str(registry["tracking-uri"]),
        "MLFLOW_TRACKING_USERNAME": str(registry.get("username", "")),
        "MLFLOW_TRACKING_PASSWORD": str(registry.get("password", "")),
    }
    doing = f"fetching {source}"
    folder = helper(doing, ["mktemp", "-d", "-p", str(home)], variables, folder=home).strip()
    try:
        client = environment("the registry's client", (HERE / "locks" / "registry-client.txt").read_text())
        command = [str(client / "bin" / "python"), "-", f"models:/{name}/{version}", folder]
        script = (HERE / "scripts" / "download_model.py").read_text()
        helper(doing, command, variables, folder=home, text=script)
        listing = ["find", folder, "-type", "f", "-name", "*.gguf", "-print0"]
        found = [path for path in helper(doing, listing, variables, folder=home).split("\0") if path]
        if len(found) != 1:
            raise LocalFailure(f"{source} holds {len(found)} GGUF files; expected one")
        _copy(doing, found[0], target, variables, home)
    finally:
        helper(doing, ["rm", "-rf", "--", folder], variables, folder=home)
    return target


def _copy(doing: str, path: str, target: Path, variables: Mapping[str, str], home: Path) -> None:
    """The account reads, we write."""
    command = as_service_user([shutil.which("cat") or "/bin/cat", "--", path])
    with target.open("wb") as stream:
        done = subprocess.run(
            command, env=dict(variables), cwd=home, stdout=stream, stderr=subprocess.PIPE, check=False
        )
    if done.returncode:
        raise LocalFailure(f"{doing}: {done.stderr.decode(errors='replace').strip()}")
