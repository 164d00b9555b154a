"""Asks about each version of each Python package in each lock, for every platform, by pip-audit."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.audit.findings import Finding, Part

OSV = "https://api.osv.dev/v1/query"
PATTERNS = (
    "requirements/*.txt",
    "src/stackgen/catalog/*/*/files/*.txt",
    "src/stackgen/**/locks/*.txt",
    "blueprints/*/*/requirements.txt",
)
PINS = "src/stackgen/program/pins.json"
PIN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([\w.!+-]+)", re.MULTILINE)
PATIENCE = 1800  # s, for one run of pip-audit
Pins = Mapping[tuple[str, str], Sequence[str]]  # package and version → the locks that have it


def audit(root: Path, osv: str = OSV) -> Part:
    """Of the locks below `root`. osv: address that answers as https://google.github.io/osv.dev/post-v1-query says."""
    part, pins = Part("Python"), locked(root)
    for wanted in _rounds(pins):
        _ask(part, pins, wanted, osv)
    return part


def locked(root: Path) -> Pins:
    """Every pinned version below `root`, with the locks that name it, relative to `root`."""
    found: dict[tuple[str, str], list[str]] = {}
    for place, text in _locks(root):
        for name, version in dict.fromkeys(PIN.findall(text)):
            found.setdefault((re.sub(r"[-_.]+", "-", name).lower(), version), []).append(place)
    return found


def _locks(root: Path) -> Iterator[tuple[str, str]]:
    for pattern in PATTERNS:
        for path in sorted(root.glob(pattern)):
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
    if (root / PINS).exists():
        packages = json.loads((root / PINS).read_text(encoding="utf-8"))["packages"]
        yield PINS, "\n".join(line for package in packages.values() for line in package["pins"])


def _rounds(pins: Pins) -> Iterator[list[tuple[str, str]]]:
    """The pins in lists that have each package once, as pip-audit wants them."""
    left = sorted(pins)
    while left:
        once = dict(reversed(left))
        yield sorted(once.items())
        left = [pin for pin in left if pin not in set(once.items())]


def _ask(part: Part, pins: Pins, wanted: list[tuple[str, str]], osv: str) -> None:
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--format", "json"]
    command += ["--disable-pip", "--no-deps", "--vulnerability-service", "osv", "--osv-url", osv]
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch, "requirements.txt")
        place.write_text("".join(f"{name}=={version}\n" for name, version in wanted))
        command += ["--cache-dir", str(Path(scratch, "cache")), "-r", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        part.unmeasured.append(f"{len(wanted)} versions: {osv} gave no answer: {last}")
        return
    for answer in answers:
        name = answer["name"]
        if "skip_reason" in answer:
            part.unmeasured.append(f"{name}: {answer['skip_reason']}")
            continue
        part.asked += 1
        places = ", ".join(pins[name, answer["version"]])
        for known in answer["vulns"]:
            fixed = ", ".join(known["fix_versions"])
            words = f"fixed in {fixed}" if fixed else "no fixed version"
            part.findings.append(Finding(name, answer["version"], known["id"], words, places))
    missing = len(wanted) - len(answers)
    if missing:
        part.unmeasured.append(f"{missing} versions: pip-audit said nothing about them")
