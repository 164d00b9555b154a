"""Pulumi projects of stackgen's own, in the cache: the engine works there and not in a folder of a checkout.

A Pulumi.yaml can name plugins and an interpreter to run. What stands in these decides that, and nothing else does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from pprint import pformat
from typing import Any

from stackgen import checkout
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import cache_home

SECRETS_PROVIDER = "STACKGEN_SECRETS_PROVIDER"
SETTINGS = ("config", "encryptionsalt", "encryptedkey", "secretsprovider")
"""What may stand in `Pulumi.<environment>.yaml`."""
_ADDED = ("encryptionsalt", "encryptedkey")
_SETTINGS = re.compile(r"pulumi.*\.ya?ml", re.IGNORECASE)
"""Names of settings files, in any case: a file system may not tell them apart."""
_TEXT, _MAPPING, _NOTHING = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "null"))
_CONTROL = "\r\x85\u2028\u2029\ufeff"  # ends of lines to one reader of YAML, and not to another
_PASSPHRASE = ("", "default", "passphrase")  # https://www.pulumi.com/docs/iac/concepts/secrets/


def reading_project(project: str) -> Path:
    """Project in which the engine reads a state; it runs nothing."""
    return _written({"name": project, "runtime": "python"}, {})


def running_project(program: Path, environment: Path) -> Path:
    """Project in which the engine runs `program` with the Python of `environment`.

    Of the program's Pulumi.yaml only its name, its description and its configuration count. Raises
    StackgenError(spec-and-settings-differ) where a settings file has another value than that, which is the spec's.
    """
    content = _content(program / "Pulumi.yaml")
    kept = {key: content[key] for key in ("name", "description", "config") if key in content}
    refuse_other_settings(program, program)
    return _written({**kept, **_python(environment), "main": str(program)}, {}, program)


def refuse_other_settings(settings: Path, program: Path) -> None:
    """Raise StackgenError for settings files that the engine is not to take, or that have other values than the spec.

    settings: their folder.
    """
    _require_readable(settings)
    content = _content(program / "Pulumi.yaml")
    name, declared = content.get("name"), content.get("config") or {}
    if not isinstance(name, str) or not all(
        isinstance(item, dict) for item in (declared, *declared.values())
    ):
        raise _not_plain(program / "Pulumi.yaml")
    for file in settings_files(settings):
        _refuse_other_values(file, name, declared)


def deleting_project(project: str, settings: Path, environment: Path, modules: Mapping[str, bytes]) -> Path:
    """Project in which the engine deletes resources with stackgen's own `modules` (relative path → content).

    settings: the folder with the Pulumi stack's settings file.
    """
    content = {"name": project, **_python(environment), "main": "program"}
    return _written(content, {f"program/{path}": data for path, data in modules.items()}, settings)


def _python(environment: Path) -> dict[str, Any]:
    options = {"toolchain": "pip", "virtualenv": str(environment)}
    return {"runtime": {"name": "python", "options": options}}


def read_settings(program: Path) -> dict[str, str]:
    """Path of each settings file → what is set in it, as text, without what the engine itself adds.

    Raises StackgenError(engine-settings).
    """
    found: dict[str, str] = {}
    for file in settings_files(program):
        if file.stem.lower() != "pulumi" and _entries(file):
            content = {k: v for k, v in _content(file).items() if v and k not in _ADDED}
            found |= {str(file): pformat(content)} if content else {}  # keys may be of any type
    return found


def _written(content: Mapping[str, Any], files: Mapping[str, bytes], settings: Path | None = None) -> Path:
    """A project's folder."""
    if settings is not None:  # Pulumi joins it to the project's folder, by name alone
        _require_readable(settings)
        content = {**content, "stackConfigDir": os.path.relpath(settings, projects_home() / "any")}
    return _named({"Pulumi.yaml": json.dumps(content, indent=2).encode(), **files})  # JSON is YAML too


def _named(files: Mapping[str, bytes]) -> Path:
    """The folder with these files; the same files are the same folder."""
    digest = hashlib.sha256()
    for path, data in sorted(files.items()):
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    folder = projects_home() / digest.hexdigest()[:32]
    if not folder.exists():
        _place(folder, files)
    return folder


def projects_home() -> Path:
    """Folder of the engine's projects, closed to other users."""
    folder = cache_home() / "projects"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _require_readable(settings: Path) -> None:
    """Pulumi follows any link, and quotes what it can't read; raises StackgenError.

    Only what is named here is left to it. An `environment` (Pulumi ESC) would set variables of the engine, and by them
    run code in every command. A `secretsprovider` names the service that encrypts the state's secrets: who runs
    stackgen names the same one.
    """
    for file in settings_files(settings):
        entries = _entries(file)
        if file.stem.lower() == "pulumi":  # of a project's settings `running` takes what counts
            continue
        if more := sorted(entries.keys() - {*SETTINGS}):
            message = (
                f"{file} has {', '.join(map(repr, more))}; stackgen leaves {', '.join(SETTINGS)} to Pulumi"
            )
            hint = "take it out; what the program needs stands in the spec or in `config`"
            raise StackgenError(Problem("engine-settings", message, hint=hint), ExitCode.POLICY)
        _refuse_keys_of_others(file, entries.get("secretsprovider", ""))


def settings_files(folder: Path) -> list[Path]:
    """Pulumi's settings files in a folder."""
    return sorted(file for file in folder.glob("*") if _SETTINGS.fullmatch(file.name))


def _content(file: Path) -> dict[str, Any]:
    """Values of a settings file; raises StackgenError(engine-settings) where they are none that YAML knows."""
    import yaml

    try:
        return yaml.safe_load(checkout.read_text(file)) or {}
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        raise _not_plain(file) from None


def _refuse_other_values(file: Path, project: str, declared: Mapping[str, Any]) -> None:
    """Pulumi takes an account, a region or a cluster from such a file before the one that `plan` shows."""
    if file.stem.lower() == "pulumi" or "config" not in _entries(file):
        return
    _refuse_other_spellings(file, project)
    given = {
        key.removeprefix(f"{project}:"): value for key, value in (_content(file)["config"] or {}).items()
    }
    problems = [
        Problem(
            "spec-and-settings-differ",
            f"{file} sets {key} to {json.dumps(given[key], default=str)}, and by the spec it is {json.dumps(value)}",
            hint="take it out of the file, and set it in the spec",
        )
        for key, value in ((key, item.get("default", item.get("value"))) for key, item in declared.items())
        if value is not None and given.get(key, value) != value
    ]
    if problems:
        raise StackgenError(problems, ExitCode.POLICY)


def _refuse_other_spellings(file: Path, project: str) -> None:
    """Pulumi takes `claims:config:region` for `claims:region`, and that for `region`; it makes text of other keys.

    https://github.com/pulumi/pulumi/blob/v3.212.0/sdk/go/common/resource/config/key.go (`ParseKey`)
    """
    import yaml

    top = yaml.compose(checkout.read_text(file), Loader=yaml.SafeLoader)
    (config,) = (value for key, value in top.value if key.value == "config")
    if config.tag == _NOTHING:
        return
    if not isinstance(config, yaml.MappingNode) or config.tag != _MAPPING:
        raise _not_plain(file)
    keys = [str(key.value) for key, _ in config.value if key.tag == _TEXT and str(key.value).count(":") < 2]
    names = {key.removeprefix(f"{project}:") for key in keys}
    if len(names) < len(config.value):
        other = [str(key.value) for key, _ in config.value if str(key.value) not in keys]
        twice = [name for name in sorted(names) if name in keys and f"{project}:{name}" in keys]
        what = ", ".join(map(repr, other or twice or sorted(names)))
        message = f"{file} sets {what} by a name that Pulumi reads as another one, or by two names"
        hint = "write each once, as NAME or NAMESPACE:NAME"
        raise StackgenError(Problem("engine-settings", message, hint=hint), ExitCode.POLICY)


def _refuse_keys_of_others(file: Path, provider: str) -> None:
    if provider in (*_PASSPHRASE, os.environ.get(SECRETS_PROVIDER)):
        return
    message = f"{file} has the secrets of the state encrypted by {provider!r}, which this shell does not name"
    hint = f"if it is yours, set {SECRETS_PROVIDER} to it; else take `secretsprovider` out of the file"
    raise StackgenError(Problem("engine-secrets-provider", message, hint=hint), ExitCode.POLICY)


def _entries(file: Path) -> dict[str, str]:
    """Names at the top of a YAML file with their plain values; what the engine could read otherwise is refused."""
    import yaml

    try:
        text = checkout.read_text(file).replace("\r\n", "\n")
        if set(_CONTROL) & set(text) or any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text)):
            raise _not_plain(file)  # aliases may make much of little
        top = yaml.compose(text, Loader=yaml.SafeLoader)  # makes no values
        if top is not None and (not isinstance(top, yaml.MappingNode) or top.tag != _MAPPING):
            raise _not_plain(file)
        pairs = [] if top is None else top.value
        entries = {key.value: str(value.value) for key, value in pairs if key.tag == _TEXT}
        if len(entries) == len(pairs):
            return entries
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        pass
    raise _not_plain(file)


def _not_plain(file: Path) -> StackgenError:
    message = f"{file} is not plain YAML with each key once and no aliases, so that the engine could read it otherwise"
    return StackgenError(Problem("engine-settings", message), ExitCode.POLICY)


def _place(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write to a temporary name, then rename; the second of two processes takes the existing file."""
    scratch = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for path, data in files.items():
            target = scratch / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        (scratch / "program").mkdir(exist_ok=True)
        scratch.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
