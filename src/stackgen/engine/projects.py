"""Pulumi projects of stackgen's own, in the cache: the engine works there and not in a folder of a checkout.

A Pulumi.yaml can name plugins and an interpreter to run. What stands in these decides that, and nothing else does.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackgen import checkout
from stackgen.engine.paths import cache_home
from stackgen.errors import ExitCode, Problem, StackgenError


def reading(project: str) -> Path:
    """Where the engine stands while it reads a state: it runs nothing."""
    return _written({"name": project, "runtime": "python"}, {})


def running(program: Path, environment: Path) -> Path:
    """Where the engine stands while it runs `program` by the Python of `environment`.

    Of the program's Pulumi.yaml only its name, its description and its configuration count.
    """
    import yaml

    content: Any = yaml.safe_load(checkout.read_text(program / "Pulumi.yaml"))
    kept = {key: content[key] for key in ("name", "description", "config") if key in content}
    return _written({**kept, **_python(environment), "main": str(program)}, {}, program)


def deleting(project: str, settings: Path, environment: Path, modules: Mapping[str, bytes]) -> Path:
    """Where the engine stands while it deletes resources by `modules` (relative path → content), ours all of them.

    settings: the folder with the Pulumi stack's settings file.
    """
    content = {"name": project, **_python(environment), "main": "program"}
    return _written(content, {f"program/{path}": data for path, data in modules.items()}, settings)


def _python(environment: Path) -> dict[str, Any]:
    options = {"toolchain": "pip", "virtualenv": str(environment)}
    return {"runtime": {"name": "python", "options": options}}


def _written(content: Mapping[str, Any], files: Mapping[str, bytes], settings: Path | None = None) -> Path:
    """The folder with these contents; the same contents are the same folder."""
    projects = cache_home() / "projects"
    projects.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings is not None:  # Pulumi joins it to the project's folder, by name alone
        _require_readable(settings)
        content = {**content, "stackConfigDir": os.path.relpath(settings, projects / "any")}
    every = {"Pulumi.yaml": json.dumps(content, indent=2).encode(), **files}  # JSON is YAML too
    digest = hashlib.sha256()
    for path, data in sorted(every.items()):
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    folder = projects / digest.hexdigest()[:32]
    if not folder.exists():
        _place(folder, every)
    return folder


def _require_readable(settings: Path) -> None:
    """Pulumi follows any link, and quotes what it can't read; raises StackgenError.

    An `environment` (Pulumi ESC) would set variables of the engine, and by them run code in every command.
    """
    for file in sorted(settings.glob("Pulumi*.y*ml")):
        if {"environment", "<<"} & _keys(file):
            message = (
                f"{file} has an `environment`, which would set variables of the engine; stackgen uses none"
            )
            hint = "take it out; what the program needs stands in the spec or in `config`"
            raise StackgenError(Problem("engine-environment", message, hint=hint), ExitCode.POLICY)


def _keys(file: Path) -> set[str]:
    """Names at the top of a YAML file; what is not read here alone could be read otherwise by the engine."""
    import yaml

    try:
        top = yaml.compose(checkout.read(file), Loader=yaml.SafeLoader)  # makes no values
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StackgenError(Problem("engine-environment", f"{file} is not YAML that can be read")) from error
    return {str(key.value) for key, _ in top.value} if isinstance(top, yaml.MappingNode) else set()


def _place(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write it beside, then give it its name; whoever comes second takes what is there."""
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
