"""Text that the authors of a catalog or a provider wrote, as opposed to text of a user."""

from __future__ import annotations


class Prose(str):
    """A sentence with code spans and addresses, which a README shows as such. Text of a user is a plain `str`."""

    __slots__ = ()
