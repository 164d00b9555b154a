"""Writes docs/licences.md from what installed packages and the catalog say of themselves."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

from stackgen.catalog.shelf import Shelf

ROOT = Path(__file__).parents[1]
RUNTIME = ("jinja2", "markupsafe", "pydantic", "pydantic-core", "pyyaml", "rich", "shtab")
INTRODUCTION = """\
# Licences

Written by `make locks` from the metadata of installed packages and from the catalog. stackgen itself is Apache-2.0.
Nothing below is shipped with stackgen: installers fetch it by the locks, which pin versions and digests.
"""


def licence(name: str) -> str:
    """The licence in a package's metadata: its expression, else its classifiers, else the first line of its text."""
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    if "License-Expression" in found:
        return found["License-Expression"]
    classified = [
        line.rpartition(" :: ")[2] for line in found.get_all("Classifier") or () if "License ::" in line
    ]
    return ", ".join(classified) or next(iter(found.get_all("License") or ()), "").strip().split("\n")[0][:60]


def table(header: str, names: list[str]) -> list[str]:
    """A Markdown table of packages that are installed here."""
    rows = [f"| {name} | {found.replace('|', '/')} |" for name in names if (found := licence(name))]
    return ["", f"## {header}", "", "| package | licence |", "| --- | --- |", *rows]


def main() -> None:
    """Write the page."""
    locked = re.findall(
        r"^([\w.-]+)==", (ROOT / "requirements" / "development.txt").read_text(), re.MULTILINE
    )
    pins = json.loads((ROOT / "src" / "stackgen" / "program" / "pins.json").read_text())["packages"]
    shelf = Shelf()
    servers = sorted(
        f"| {entry.capability}/{entry.id} | {entry.implementation.licence} |"
        for entries in shelf.implementations.values()
        for entry in entries.values()
        if entry.implementation.licence
    )
    lines = [INTRODUCTION.rstrip()]
    lines += table("The generator", [name for name in dict.fromkeys(locked) if name in RUNTIME])
    lines += table("Generated programs", sorted(pins))
    lines += ["", "## Servers and services", "", "| implementation | licence |", "| --- | --- |", *servers]
    lines += table("Development, deploying and verifying", sorted({*locked} - {*RUNTIME} - {*pins}))
    (ROOT / "docs" / "licences.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
