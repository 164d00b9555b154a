"""Translates a failure of Pulumi into one error for people."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path
from urllib.parse import unquote

from stackgen.engine.locks import Lock, parse_locks
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.homes import cache_home, data_home

_LOCKED = re.compile(r"the stack is currently locked|already locked|ConcurrentUpdateError", re.IGNORECASE)
_PASSPHRASE = re.compile(r"incorrect passphrase|passphrase must be set|no passphrase", re.IGNORECASE)
# What the engine says of a resource that it may not delete or replace; its advice is to edit the state by hand.
_PROTECTED = re.compile(
    r"resource ['\"]?(urn:[^'\"\s]+)['\"]?\s+"
    r"(?:cannot be deleted|as (?:part of replacing \S+ as )?it is currently marked for protection)"
)
_PROTECTS = "'{}' is protected: it is neither deleted nor replaced, and its data stays"
_UNPROTECT = (
    "put its component back into the spec as it was; or, to delete the data, set `protect: false`, run `stackgen up`, "
    "then `stackgen up --delete-data-of NAME` or `stackgen down --delete-data`"
)
_PYTHON = re.compile(
    r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Failure|Failed)): (.+)$", re.MULTILINE | re.DOTALL
)
_NOISE = re.compile(
    r"^(error: )?(update|preview|destroy|refresh) (failed|canceled)$|^Duration|^resources?:", re.I
)

_PLACE = re.compile(r"(/[^\n'\"]*?): no space left|no space left on device: ['\"](/[^'\"]*)", re.IGNORECASE)


def engine_error(operation: str, diagnostics: Iterable[tuple[str, str]], output: str) -> StackgenError:
    """One StackgenError out of a failed `operation`.

    diagnostics: (URN or "", message) of every error event; output: all that Pulumi printed.
    """
    found = [(urn, _sentence(message)) for urn, message in diagnostics if not _NOISE.match(message.strip())]
    everything = "\n".join([*(message for _, message in found), output])
    full = disk_full_problem(everything)
    if full is not None:
        return full
    if _LOCKED.search(everything):
        return lock_error(parse_locks(everything))
    if _PASSPHRASE.search(everything):
        message = "the passphrase of this environment's state is not the one it was made with"
        hint = "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
        return StackgenError(Problem("wrong-passphrase", message, hint=hint), ExitCode.AUTHENTICATION)
    guarded = dict.fromkeys(_name(urn) for urn in _PROTECTED.findall(everything))
    if guarded:
        raised = [Problem("protected", _PROTECTS.format(name), hint=_UNPROTECT) for name in guarded]
        return StackgenError(raised, ExitCode.POLICY)
    problems = [
        Problem("deployment-failed", f"{_name(urn)}: {message}" if urn else message)
        for urn, message in dict.fromkeys(found)
        if message and "one or more" not in message
    ]
    if not problems:
        last = " / ".join(line.strip() for line in output.strip().splitlines()[-5:])
        problems = [Problem("deployment-failed", f"pulumi {operation} failed: {last}")]
    return StackgenError(problems, ExitCode.DEPLOYMENT)


def protection_error(owner: str, place: str) -> Problem:
    """Error for data that the program which was deployed last protects. place: where the data is."""
    message = f"the data of '{owner}' is protected by what was deployed last: {place}; nothing was done"
    hint = (
        "where the spec protects it no longer, or no component has it any more: run `stackgen up` first, which says "
        "whose data is kept, then this command again"
    )
    return Problem("protected", message, hint=hint)


def state_changed_error() -> StackgenError:
    """Error for a deployment that has changed since its preview."""
    message = "the deployment was changed by another command after it was looked at; nothing was done"
    return StackgenError(Problem("state-changed", message, hint="run it again"), ExitCode.DEPLOYMENT)


def lock_error(locks: Sequence[Lock] = ()) -> StackgenError:
    """Error while another update of the same environment runs, or may run. locks: the ones that are known."""
    if not locks:
        message = "another update of this environment is running; wait for it to end, then try again"
        return StackgenError(Problem("stack-locked", message), ExitCode.DEPLOYMENT)
    return StackgenError([_lock(lock) for lock in locks], ExitCode.DEPLOYMENT)


def _lock(lock: Lock) -> Problem:
    since = "an unknown time" if lock.since is None else f"{lock.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    who = f"process {lock.process} of user {lock.user or 'unknown'} on host {lock.host}, since {since}"
    message = f"another update of this environment is running: {who}; its lock is {lock.file}"
    if lock.here:
        hint = f"wait for it to end, then try again; `kill -INT {lock.process}` cancels it"
        return Problem("stack-locked", message, hint=hint)
    message = f"this environment is locked by another machine's update: {who}; the lock is {lock.file}"
    hint = "this machine can't see whether it still runs: if it does not, remove the lock"
    local = unquote(lock.file.removeprefix("file://")) if lock.file.startswith("file://") else lock.file
    command = f"rm {shlex.quote(local)}" if "://" not in local else "pulumi cancel"
    return Problem("stack-locked", message, hint=hint, next=command)


def disk_full_problem(text: str) -> StackgenError | None:
    """Problem for a `text` about a full disk; None for any other text."""
    if not re.search(r"no space left on device|disk quota exceeded", text, re.IGNORECASE):
        return None
    match = _PLACE.search(text)
    place = str(Path(match[1] or match[2]).parent) if match else _full_disk()
    message = f"no space left on the disk that holds {place}" if place else "no space left on a disk"
    hint = "make room, then run the same command again: it goes on from what is there"
    return StackgenError(Problem("disk-full", message, hint=hint), ExitCode.DEPLOYMENT)


def _full_disk() -> str:
    """The first of our folders whose disk is full."""
    for folder in (data_home(), cache_home(), Path(tempfile.gettempdir()), Path.cwd()):
        try:
            if shutil.disk_usage(folder).free < 1_000_000:
                return str(folder)
        except OSError:
            continue
    return ""


def cancellation_error(operation: str) -> StackgenError:
    """Error after Ctrl-C."""
    message = f"{operation} was cancelled; what is there stays, and the next `up` goes on from it"
    return StackgenError(Problem("cancelled", message), ExitCode.CANCELLED)


def engine_killed_error(operation: str, number: int) -> StackgenError:
    """Error for an engine that did not end by itself. number: the signal that ended it."""
    message = f"the engine was ended from outside (signal {number}, {signal.Signals(number).name}) during {operation}"
    hint = "what was made stays; run the same command again, it goes on from there"
    if number == signal.SIGKILL:
        hint += "; the system itself does this where memory runs out"
    return StackgenError(Problem("engine-killed", message, hint=hint), ExitCode.DEPLOYMENT)


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


def _sentence(message: str) -> str:
    """The exception's own words where a provider passed on a Python traceback, else the message."""
    starts = [match.start() for match in re.finditer("^Traceback ", message, re.MULTILINE)]
    if starts:
        match = _PYTHON.search(message, starts[-1])
        if match is not None:
            message = match.group(2)
    message = re.sub(
        r"^(error: |rpc error: code = \w+ desc = |Exception calling application: )+", "", message.strip()
    )
    return message.strip()
