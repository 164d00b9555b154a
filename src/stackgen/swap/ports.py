"""A port of this machine that no server has."""

from __future__ import annotations

import secrets
import socket

FIRST, LAST = 10_000, 19_999  # below those that stackgen gives by itself, and those of outgoing connections


def find_unused_port() -> int:
    """Drawn at random, so that no client has it from before."""
    while True:
        number = FIRST + secrets.randbelow(LAST - FIRST + 1)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
            return number
