"""Mends what a full disk or a crash leaves half-written in a local state folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from stackgen.engine.locks import is_settled, remove_with_attributes, state_folder


def repair_state(backend: str, project: str, stack: str) -> list[str]:
    """Mend the files of `stack` in a `file://` backend; a sentence for each thing that was wrong.

    Called while no update of the stack runs: files that are not whole are leftovers then.
    """
    if not backend.startswith("file://"):
        return []
    return [*_of_the_folder(state_folder(backend)), *_of_the_stack(state_folder(backend), project, stack)]


def _of_the_folder(folder: Path) -> Iterator[str]:
    """Pulumi writes meta.yaml anew where it is missing, and stops where it is empty."""
    for file in folder.glob("meta.yaml.*.tmp"):
        if is_settled(file):
            file.unlink(missing_ok=True)
    meta = folder / "meta.yaml"
    _mend_attributes(meta)
    if meta.is_file() and "version" not in meta.read_text(encoding="utf-8", errors="replace"):
        remove_with_attributes(meta)
        yield "removed an empty description of the state folder; Pulumi writes it anew"


def repair_workspaces(home: Path, project: str) -> None:
    """Remove what of Pulumi's notes of the selected stack is not whole: Pulumi stops at it, and writes it anew.

    home: PULUMI_HOME.
    """
    for file in (home / "workspaces").glob(f"{project}-*-workspace.json"):
        if not _whole(file) and is_settled(file):
            file.unlink(missing_ok=True)


def _of_the_stack(folder: Path, project: str, stack: str) -> Iterator[str]:
    place = folder / "stacks" / "organization" / project
    for file in place.glob(f"{stack}.json.*"):
        if file.name.endswith(".tmp") and is_settled(file):
            file.unlink(missing_ok=True)
    state = place / f"{stack}.json"
    backup = place / f"{stack}.json.bak"
    for file in (state, backup):
        _mend_attributes(file)
    if not state.exists() or _whole(state):
        return
    kept = place / f"{stack}.json.broken-{datetime.now().astimezone():%Y%m%dT%H%M%S}"
    if _whole(backup):
        shutil.move(state, kept)
        remove_with_attributes(state)
        partial = place / f"{stack}.json.restored"
        shutil.copyfile(backup, partial)
        partial.replace(state)
        yield f"the state {state} was not whole; went back to Pulumi's copy of the step before ({kept} has the rest)"


def _mend_attributes(file: Path) -> None:
    """Attributes say of what type a file is; without them Pulumi reads it, with broken ones it does not."""
    attributes = file.with_name(f"{file.name}.attrs")
    if attributes.is_file() and not _whole(attributes) and is_settled(attributes):
        attributes.unlink(missing_ok=True)


def _whole(file: Path) -> bool:
    """True if the file is there and a JSON document to its end; of a large one only the end is looked at."""
    try:
        with file.open("rb") as stream:
            head = stream.read(1)
            if head != b"{":
                return False
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - 64))
            if not stream.read().rstrip().endswith(b"}"):
                return False
        return file.stat().st_size > 1_000_000 or isinstance(json.loads(file.read_bytes()), dict)
    except (OSError, ValueError):
        return False
