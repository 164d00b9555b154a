"""What Pulumi says when it fails, as one error for people."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stackgen.errors import ExitCode, Problem, StackgenError

_LOCKED = re.compile(r"the stack is currently locked|already locked|ConcurrentUpdateError", re.IGNORECASE)
_PASSPHRASE = re.compile(r"incorrect passphrase|passphrase must be set|no passphrase", re.IGNORECASE)
# What the engine says of a resource that it may not delete or replace; its advice is to edit the state by hand.
_PROTECTED = re.compile(r"pulumi state unprotect ['\"]?(urn:[^'\"`\s]+)", re.IGNORECASE)
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


def translate(operation: str, diagnostics: Iterable[tuple[str, str]], output: str) -> StackgenError:
    """One StackgenError out of a failed `operation`.

    diagnostics: (URN or "", message) of every error event; output: all that Pulumi printed.
    """
    found = [(urn, _sentence(message)) for urn, message in diagnostics if not _NOISE.match(message.strip())]
    everything = "\n".join([*(message for _, message in found), output])
    if _LOCKED.search(everything):
        return locked()
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


def changed_meanwhile() -> StackgenError:
    """What to say where a deployment is no longer what a preview was made of."""
    message = "the deployment was changed by another command after its preview; nothing was done"
    return StackgenError(Problem("state-changed", message, hint="run it again"), ExitCode.DEPLOYMENT)


def locked() -> StackgenError:
    """What to say while somebody else updates the same environment."""
    message = "another update of this environment is running; wait for it to end, then try again"
    return StackgenError(Problem("stack-locked", message), ExitCode.DEPLOYMENT)


def cancelled(operation: str) -> StackgenError:
    """What to say after Ctrl-C."""
    message = f"{operation} was cancelled; what is there stays, and the next `up` goes on from it"
    return StackgenError(Problem("cancelled", message), ExitCode.CANCELLED)


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
