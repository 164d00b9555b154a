"""What goes wrong, in a sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class LocalFailure(Exception):
    """Shown to the user as it is: what failed, why, and what to look at."""


@contextmanager
def told_plainly(doing: str) -> Iterator[None]:
    """Turn what the operating system refuses while `doing` into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise LocalFailure(f"{doing}: the disk is full; free some space and run it again") from None
        where = f" ({error.filename})" if error.filename else ""
        raise LocalFailure(f"{doing}: {error.strerror or error}{where}") from None
