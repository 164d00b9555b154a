"""Errors for the user, each in a sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class LocalFailure(Exception):
    """An error that is shown to the user as it is: what failed, why, and where to look."""


@contextmanager
def explain_os_errors(doing: str) -> Iterator[None]:
    """Raise LocalFailure with a sentence for an OSError. doing: the activity, such as `building the server`."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise LocalFailure(f"{doing}: the disk is full; free some space and run it again") from None
        where = f" ({error.filename})" if error.filename else ""
        raise LocalFailure(f"{doing}: {error.strerror or error}{where}") from None
