"""One program before the judges, and what is written down of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clouds.recording import Recording
from tests.clouds.shapes import JSON
from tests.provider_truth import tofu
from tests.provider_truth.translate import translate

GOLDEN = Path(__file__).parent / "golden"
SPOKEN_OF = "development overrides"


@dataclass(frozen=True)
class Verdict:
    """What the judges said of one program."""

    digest: str
    judged: int
    left_out: dict[str, int]
    unmapped: list[str]
    planned: int
    diagnostics: list[str]

    def document(self, date: str) -> dict[str, JSON]:
        """The golden: who judged what, when, and what was found."""
        return {
            "date": date,
            "digest": self.digest,
            "judges": tofu.versions(),
            "resources judged": self.judged,
            "resources planned": self.planned,
            "left out": self.left_out,
            "unmapped properties": self.unmapped,
            "diagnostics": self.diagnostics,
        }


def digest(recording: Recording) -> str:
    """Of everything that a program asks a cloud for, whatever the code that asks."""
    asked = [
        {"type": one.type, "name": one.name, "inputs": one.inputs}
        for one in sorted(recording.resources, key=lambda one: one.urn)
        if one.custom
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def judge(recording: Recording, schemas: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Validate and plan one program's resources."""
    made = translate(recording, schemas)
    used = {name.split("_", 1)[0] for name in made.resources}
    document = made.document({name: tofu.SETTINGS[name] for name in sorted(used)})
    found = tofu.validate(document)
    added, planned = tofu.plan(document) if not found_errors(found) else (0, [])
    said = sorted({text for one in (*found, *planned) if (text := sentence(one))})
    return Verdict(
        digest(recording),
        made.judged,
        dict(sorted(made.left_out.items())),
        sorted(set(made.unmapped)),
        added,
        said,
    )


def found_errors(diagnostics: list[dict[str, JSON]]) -> bool:
    """Whether one of them is an error."""
    return any(one["severity"] == "error" for one in diagnostics)


def sentence(diagnostic: Mapping[str, JSON]) -> str:
    """Severity, resource and what is said; "" for what OpenTofu says of built providers each time."""
    if SPOKEN_OF in f"{diagnostic['summary']} {diagnostic['detail']}".lower():
        return ""
    snippet: Mapping[str, JSON] = diagnostic.get("snippet") or {}
    where = diagnostic.get("address") or snippet.get("context") or ""
    detail = " ".join(str(diagnostic["detail"]).split())
    return f"{diagnostic['severity']}: {where}: {diagnostic['summary']}: {detail}"


def write(name: str, document: Mapping[str, JSON]) -> None:
    """One golden."""
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
