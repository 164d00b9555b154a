"""Notes of this machine about a deployment: the folder it comes from, and digests of its components."""

from __future__ import annotations

import ctypes
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import data_home

_HERE, _BIRTH = -100, 0x800  # AT_FDCWD, STATX_BTIME


@dataclass(frozen=True)
class DeploymentNote:
    """folder: of the spec, absolute. place: device, inode and time of birth of it, the same after it is moved.

    boxes: box → digest of what made it, of the last update that came to its end. state: digest of the resources that it
    left; others are of another machine, of a backup, or changed by hand. protect: whether the environment was
    protected.
    """

    folder: str
    place: tuple[int, int, int]
    boxes: Mapping[str, str] = field(default_factory=dict[str, str])
    state: str = ""
    protect: bool = False


def read_note(stack: str, environment: str) -> DeploymentNote | None:
    """Read the note of a deployment; None if there is no readable one."""
    try:
        content = json.loads(_file(stack, environment).read_text(encoding="utf-8"))
        device, inode, birth = (*content["place"], 0)[:3]
        boxes = {str(name): str(digest) for name, digest in content["boxes"].items()}
        state, protect = str(content.get("state", "")), content.get("protect") is True
        return DeploymentNote(
            str(content["folder"]), (int(device), int(inode), int(birth)), boxes, state, protect
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_note(
    stack: str,
    environment: str,
    folder: Path,
    boxes: Mapping[str, str],
    state: str = "",
    *,
    protect: bool = False,
) -> None:
    """Write the folder of a deployment, the digests of its components, and the digest of its state."""
    file = _file(stack, environment)
    for private in (file.parents[1], file.parent):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    where = folder.resolve()
    content = {
        "folder": str(where),
        "place": _place(where),
        "boxes": dict(boxes),
        "state": state,
        "protect": protect,
    }
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(json.dumps(content, indent=1), encoding="utf-8")
    new.replace(file)


def update_note(stack: str, environment: str, state: str, *, unknown: bool = False) -> None:
    """Note that this machine has written the state, and no component has changed.

    unknown: whether it has changed of itself, so that the next update looks at all of it.
    """
    found = read_note(stack, environment)
    if found is not None and Path(found.folder).is_dir():
        boxes = dict.fromkeys(found.boxes, "") if unknown else found.boxes
        write_note(stack, environment, Path(found.folder), boxes, state, protect=found.protect)


def remove_note(stack: str, environment: str) -> None:
    """Note that nothing is deployed any more."""
    file = _file(stack, environment)
    file.unlink(missing_ok=True)
    for folder in (file.parent, file.parent.parent):
        try:
            folder.rmdir()
        except OSError:
            return


def refuse_another_checkout(stack: str, environment: str, folder: Path, *, reads: bool = False) -> None:
    """Raise StackgenError(another-checkout) where the deployment comes from another folder than `folder`.

    reads: whether it would be asked or used there, not changed.
    """
    found, here = read_note(stack, environment), folder.resolve()
    if found is None or found.folder == str(here):
        return
    if found.place == _place(here) and found.place[2]:
        return  # the same folder, moved
    message = (
        f"'{stack}' in environment '{environment}' is deployed from {found.folder}; this is {here}. "
        f"Both have the same name, so this one would {'use' if reads else 'change'} what the other one deployed"
    )
    hint = "give one of the stacks another `name`; or let this folder have the deployment with --take-over"
    command = f"stackgen up {stack} -e {environment} --take-over"
    raise StackgenError(Problem("another-checkout", message, hint=hint, next=command), ExitCode.POLICY)


def _place(folder: Path) -> tuple[int, int, int]:
    """A folder that is made after another one was deleted may get that one's inode, and is born later."""
    status = folder.stat()
    return status.st_dev, status.st_ino, _birth(folder)


def _birth(folder: Path) -> int:
    """When a folder was made, in ns; 0 where the system does not say so. See statx(2)."""
    answer = ctypes.create_string_buffer(256)
    try:
        ask = ctypes.CDLL(None, use_errno=True).statx
        if ask(_HERE, os.fsencode(folder), 0, _BIRTH, answer) != 0:
            return 0
    except (OSError, AttributeError):  # another system
        return 0
    (mask,) = struct.unpack_from("I", answer, 0)
    seconds, nanoseconds = struct.unpack_from("qI", answer, 80)
    return seconds * 10**9 + nanoseconds if mask & _BIRTH else 0


def _file(stack: str, environment: str) -> Path:
    return data_home() / "deployments" / stack / f"{environment}.json"
