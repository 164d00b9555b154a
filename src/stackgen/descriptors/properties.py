"""What a box is like beside its clauses: a closed vocabulary of security, backup and availability."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

NA = "not-applicable"  # it keeps no data, or nothing listens: there is nothing to compare
Encryption = Literal["none", "provider-key", "customer-key", "not-applicable"]
Exposure = Literal["internet", "private", "loopback", "not-applicable"]
Tls = Literal["none", "offered", "required", "not-applicable"]
Authentication = Literal["none", "shared-secret", "identity", "not-applicable"]
Backup = Literal["none", "versions", "snapshots", "point-in-time", "not-applicable"]
Availability = Literal["none", "restart", "zones"]

# From weakest to strongest, so that a change can be called weaker or stronger.
SCALES: dict[str, tuple[str, ...]] = {
    "encryption_at_rest": ("none", "provider-key", "customer-key"),
    "network_exposure": ("internet", "private", "loopback"),
    "tls": ("none", "offered", "required"),
    "authentication": ("none", "shared-secret", "identity"),
    "backup": ("none", "versions", "snapshots", "point-in-time"),
    "high_availability": ("none", "restart", "zones"),
}


@dataclass(frozen=True, kw_only=True)
class Properties:
    """Of each property its word, and a sentence that says what the component does (with a source if it has one).

    They hold for the smallest size and default settings; the sentence says which setting makes more of it.
    encryption_at_rest: whose key encrypts its data, and its secrets. network_exposure: who can open a connection,
    whether or not they are let in. tls: on the way to its clients. authentication: what a client shows.
    backup: what a lost or spoilt item comes back from. high_availability: `restart` is one instance that comes
    back by itself; `zones` goes on without one zone.
    """

    encryption_at_rest: tuple[Encryption, str]
    network_exposure: tuple[Exposure, str]
    tls: tuple[Tls, str]
    authentication: tuple[Authentication, str]
    backup: tuple[Backup, str]
    high_availability: tuple[Availability, str]

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        """Name, word and sentence of each."""
        for field in fields(self):
            word, sentence = getattr(self, field.name)
            yield field.name, word, sentence


def weaker(name: str, before: str, after: str) -> bool:
    """Whether a property's word is nearer to its scale's weak end than another; False where one doesn't apply."""
    scale = SCALES[name]
    return before in scale and after in scale and scale.index(after) < scale.index(before)
