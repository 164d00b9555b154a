"""Writes every lock anew: `make locks` keeps versions that still fit, `make locks UPGRADE=--upgrade` takes the latest.

Locks are plain requirement files with the SHA-256 of every file of every package, for all platforms and Python 3.11+:
what this repository is developed with, what each local server runs on, and (as data with the dependencies between
packages, so that each program gets what it needs and no more) what generated programs run on.

A server that is built from a Go module has a go.mod and a go.sum. To raise one, change the version in the `require`
line of its module and run `make locks`. A new one begins as a go.mod with its `module`, `go`, `tool` and `require`
lines.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from stackgen.catalog.shelf import Shelf
from stackgen.planning.plan import PULUMI_REQUIREMENT
from stackgen.progress import silent
from stackgen.toolchain import go as toolchain
from stackgen.toolchain import installers
from stackgen.toolchain.installers import find_uv, uv_variables

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "src" / "stackgen" / "engine" / "pulumi"
PINS = ROOT / "src" / "stackgen" / "program" / "pins.json"
HEAD = "# Written by `make locks`.\n"


def compiled(source: str, *flags: str, into: Path) -> str:
    """A lock of the requirements in `source`; what is pinned in `into` already stays."""
    with tempfile.TemporaryDirectory() as scratch:
        wanted, made = Path(scratch, "requirements.in"), Path(scratch, "requirements.txt")
        wanted.write_text(source)
        if into.exists():
            made.write_text(into.read_text())
        command = [
            find_uv(),
            "pip",
            "compile",
            "--quiet",
            "--universal",
            "--generate-hashes",
            "--no-header",
        ]
        command += ["--python-version", "3.11", *flags, *sys.argv[1:], "-o", str(made), str(wanted)]
        subprocess.run(command, check=True, cwd=ROOT, env=uv_variables(), stdout=subprocess.DEVNULL)
        return made.read_text()


def servers() -> None:
    """Each local server's own lock, and the examples': the pins stay, their digests are written anew."""
    patterns = (
        "src/stackgen/catalog/*/*/files/requirements.txt",
        "src/stackgen/**/locks/*.txt",
        "blueprints/*/*/requirements.txt",
        "stacks/*/app/requirements.txt",
        "stacks/*/training/requirements.txt",
    )
    places = [place for pattern in patterns for place in ROOT.glob(pattern)]
    for place in sorted(places):
        pins = "".join(
            f"{line}\n" for line in re.findall(r"^[\w.-]+==[^\\\n]*", place.read_text(), re.MULTILINE)
        )
        place.write_text(compiled(pins, "--no-deps", "--no-annotate", into=place))


def modules() -> None:
    """The go.mod and go.sum of each server that is built from Go; versions stay, digests are written anew.

    Go asks the checksum database about every digest that is not in the go.sum yet.
    """
    compiler = toolchain.find_go(silent)
    for place in sorted([*(ROOT / "src" / "stackgen").rglob("go.mod"), *(ROOT / "tools").rglob("go.mod")]):
        if place.parent == ENGINE or "require" not in place.read_text():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            shutil.copyfile(place, Path(scratch, "go.mod"))
            installers.run_go(compiler, Path(scratch), "mod", "tidy", module="mod")
            for name in ("go.mod", "go.sum"):
                shutil.copyfile(Path(scratch, name), place.with_name(name))


def development() -> None:
    """What CI and contributors install, and the installer itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    every = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    every += [line for extra in extras.values() for line in extra if not line.startswith("stackgen[")]
    every += [*project["dependency-groups"]["dev"], "editables"]
    place = ROOT / "requirements" / "development.txt"
    place.write_text(HEAD + compiled("\n".join(every), "--no-annotate", into=place))
    pins = re.split(r"\n(?=[a-z])", place.read_text())
    (ROOT / "requirements" / "uv.txt").write_text(HEAD + next(p for p in pins if p.startswith("uv==")) + "\n")


def programs() -> None:
    """Packages of generated programs: pin, digests, and which others each one needs."""
    shelf, wanted = Shelf(), {PULUMI_REQUIREMENT}
    for name in shelf.provider_folders:
        wanted |= {*shelf.provider(name).requirements}
    for entries in shelf.implementations.values():
        wanted |= {line for entry in entries.values() for line in entry.implementation.requirements}
    before = PINS.with_suffix(".txt")
    if PINS.exists():
        lines = [line for pins in json.loads(PINS.read_text())["packages"].values() for line in pins["pins"]]
        before.write_text("\n".join(line.split(" \\")[0] for line in lines))
    text = compiled("\n".join(sorted(wanted)), "--annotation-style", "line", into=before)
    before.unlink(missing_ok=True)
    packages: dict[str, Any] = {}
    users: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=[a-z])", text.strip()):
        pin, _, via = block.partition("    # via ")
        name = pin.partition("==")[0]
        packages.setdefault(name, {"pins": [], "requires": []})["pins"].append(pin.strip())
        users[name] = [user for user in via.strip().split(", ") if not user.startswith("-r")]
    for name, found in users.items():
        for user in found:
            packages[user]["requires"] = sorted({*packages[user]["requires"], name})
    requirements = {line: re.split(r"[^\w-]", line)[0] for line in sorted(wanted)}
    PINS.write_text(json.dumps({"requirements": requirements, "packages": packages}, indent=1) + "\n")


if __name__ == "__main__":
    servers()
    modules()
    development()
    programs()
