"""Asks about the packages that each Go program is built from, by govulncheck, which a go.sum beside this file locks.

Source mode at the level of packages: a vulnerability counts where its package is built into the program, whether or not
the vulnerable function is called. Nothing is compiled but govulncheck itself.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stackgen.progress import silent
from stackgen.toolchain import go as toolchain
from stackgen.toolchain import installers
from tools.audit.findings import Finding, Part

DATABASE = "https://vuln.go.dev"
TOOL = Path(__file__).parent / "go.mod"
TAGS = re.compile(r'^TAGS = "([\w,]+)"', re.MULTILINE)  # of a component that builds with tags


def audit(root: Path, database: str = DATABASE) -> Part:
    """Of the modules below `root`/src and of govulncheck itself.

    database: address of a database as https://go.dev/doc/security/vuln/database describes it, also `file:///...`.
    """
    part = Part("Go")
    for place in modules(root):
        ask(part, place, place.relative_to(root).as_posix(), database)
    return part


def modules(root: Path) -> list[Path]:
    """Each go.mod below `root`/src and `root`/tools."""
    return sorted(place for folder in ("src", "tools") for place in (root / folder).rglob("go.mod"))


def ask(part: Part, place: Path, lock: str, database: str) -> None:
    """Add what is known about the program of the go.mod at `place`, which the report calls `lock`."""
    try:
        said = list(_messages(_scan(place, database)))
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no answer"])[-1]
        part.unmeasured.append(f"{lock}: {last}")
        return
    modules = next((message["SBOM"]["modules"] for message in said if "SBOM" in message), [])
    known = {message["osv"]["id"]: message["osv"] for message in said if "osv" in message}
    part.asked += len(modules)
    if not modules:
        part.unmeasured.append(f"{lock}: govulncheck named no module")
    for found in (message["finding"] for message in said if "finding" in message):
        last = found["trace"][0]
        if "package" in last:
            names = ", ".join([found["osv"], *known[found["osv"]].get("aliases", ())])
            fixed = found.get("fixed_version")
            words = f"fixed in {fixed}" if fixed else "no fixed version"
            part.findings.append(Finding(last["package"], last.get("version", "?"), names, words, lock))


def _scan(place: Path, database: str) -> str:
    """govulncheck's JSON about the module of `place`; raises CalledProcessError."""
    component = place.parents[1] / "component.py"
    tags = TAGS.search(component.read_text(encoding="utf-8")) if component.exists() else None
    own = "tool" if re.search(r"^tool\b", place.read_text(encoding="utf-8"), re.MULTILINE) else "./..."
    with tempfile.TemporaryDirectory() as scratch:
        for part in (*place.parent.glob("go.*"), *place.parent.glob("*.go")):
            shutil.copyfile(part, Path(scratch, part.name))
        flags = [
            "-db",
            database,
            "-scan",
            "package",
            "-format",
            "json",
            *(["-tags", tags[1]] if tags else []),
        ]
        command = ["tool", f"-modfile={TOOL}", "govulncheck", *flags, own]
        return installers.run_go(toolchain.find_go(silent), Path(scratch), *command)


def _messages(text: str) -> Iterator[dict[str, Any]]:
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        message, end = decoder.raw_decode(text, position)
        yield message
        position = end + len(text[end:]) - len(text[end:].lstrip())
