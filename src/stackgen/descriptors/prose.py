"""Text by authors of a catalog or a provider, as opposed to text by a user."""

from __future__ import annotations


class Prose(str):
    """A sentence whose code spans and addresses a README shows as such. Text by a user is a plain `str`."""

    __slots__ = ()
