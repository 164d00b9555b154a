"""Security, backup and availability of a component, in a closed vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

NA = "not-applicable"  # the component keeps no data, or nothing listens: there is nothing to compare
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
    """Each property as a word of its scale, and a sentence that says what the component does (with a source if any).

    The words hold for the smallest size and default settings; the sentence names the setting that strengthens them.
    encryption_at_rest: owner of the key that encrypts its data and its secrets. network_exposure: networks from which
    a connection can be opened, even if the client is refused afterwards. tls: encryption on the way to its clients.
    authentication: what a client presents. backup: what a lost or damaged item is restored from.
    high_availability: `restart` is one instance that restarts by itself; `zones` survives the loss of one zone.
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


def is_weaker(name: str, before: str, after: str) -> bool:
    """Return True if `after` is weaker than `before` on the property's scale; False if one is not on the scale."""
    scale = SCALES[name]
    return before in scale and after in scale and scale.index(after) < scale.index(before)
