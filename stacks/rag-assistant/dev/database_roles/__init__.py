"""The role that applications connect as: it owns their database and is no superuser of the server.

`roles.sh` runs the rest with psql, as the superuser, at each start. It needs psql 14 or later on PATH, variables
for the connection, and APPLICATION_PASSWORD and SUPERUSER_PASSWORD.
"""

from __future__ import annotations

from pathlib import Path

APPLICATION = "application"
"""The role's name, as the scripts have it."""

FILES = {
    name: (Path(__file__).parent / name).read_text(encoding="utf-8")
    for name in ("roles.sh", "roles.sql", "handover.sql")
}
"""The scripts: name → text. They stand in one folder."""
