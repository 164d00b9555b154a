"""The role that applications connect as: it owns their database and is no superuser of the server.

`roles.sh` runs the rest with psql, as the superuser, at each start. It needs psql 14 or later on PATH, variables
for the connection, and APPLICATION_PASSWORD and SUPERUSER_PASSWORD. `managed.sh` does the same where a cloud runs
the server, in a one-off task of the program.
"""

from __future__ import annotations

from pathlib import Path

APPLICATION = "application"
"""Name of the role in the scripts."""


def _texts(*names: str) -> dict[str, str]:
    return {name: (Path(__file__).parent / name).read_text(encoding="utf-8") for name in names}


FILES = _texts("roles.sh", "roles.sql", "handover.sql")
"""Scripts for a superuser: name → text. They must be in one folder."""
MANAGED = _texts("managed.sh", "managed.sql", "handover.sql", "confined.sql")
"""Scripts for the administrator of a database that a cloud runs, who is no superuser: name → text."""
IMAGE = (
    "docker.io/pgvector/pgvector:0.8.6-pg17-bookworm"
    "@sha256:cf134a767f474095eeba57e0117be8e568e011a63f33fbf252f14c9b760f8e6f"
)
"""Image with psql of the version of the clouds' databases."""


def make_role_command(database: str, *extensions: str) -> str:
    """Return the script for `sh -c` that creates the role and the database with extensions. It needs no other files."""
    steps = ["set -eu", "folder=$(mktemp -d)"]
    for name, text in MANAGED.items():
        steps.append(f"cat > \"$folder/{name}\" <<'END OF {name}'\n{text}END OF {name}")
    steps.append(" ".join(['sh "$folder/managed.sh"', database, *extensions]))
    return "\n".join(steps) + "\n"
