"""Recording of answers, with their time and implementations: a file to commit beside the corpus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stackgen import checkout
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.spec.loading import short_path

FORMAT = "stackgen/golden/v1"
MAX_RECORDING_BYTES = 256 * 1024 * 1024  # bytes; embeddings and answers of every question


@dataclass(frozen=True)
class Answers:
    """Answers to one group's questions, in their order. asked: digest of the questions."""

    kind: str
    asked: str
    answers: list[dict[str, Any]]


@dataclass(frozen=True)
class Recording:
    """recorded: ISO 8601 with its offset. boxes: component → implementation that answered, and its box number."""

    stack: str
    environment: str
    recorded: str
    boxes: Mapping[str, str]
    groups: Mapping[str, Answers]


def recording_path(folder: Path, environment: str) -> Path:
    """Path of an environment's recording, in the folder of a stack's spec."""
    return folder / "golden" / f"{environment}.json"


def write_recording(recording: Recording, path: Path) -> None:
    """Replace the file as a whole; raises StackgenError(recording-too-large) for one that could not be read again."""
    content = {"format": FORMAT, **asdict(recording)}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if len(text) > MAX_RECORDING_BYTES // 4:  # UTF-8 has up to four bytes for a character
        message = (
            f"the answers take more than {MAX_RECORDING_BYTES // 4:,} characters, so they are not recorded"
        )
        hint = "look what the components answer, or ask less in golden/corpus.yaml"
        raise StackgenError(Problem("recording-too-large", message, hint=hint))
    checkout.write_file(path, text, within=path.parent.parent)


def read_recording(path: Path, stack: str, environment: str) -> Recording:
    """The recording in a file; raises StackgenError(not-recorded, recording-unreadable)."""
    command = f"stackgen golden record {stack} -e {environment}"
    try:
        content = json.loads(checkout.read_text(path, within=path.parent.parent, most=MAX_RECORDING_BYTES))
        if content.pop("format") != FORMAT:
            raise ValueError(f"it is not of the format {FORMAT}")
        groups = {name: Answers(**group) for name, group in content.pop("groups").items()}
        return Recording(**content, groups=groups)
    except FileNotFoundError:
        message = f"nothing is recorded of '{stack}' in environment '{environment}'"
        raise StackgenError(Problem("not-recorded", message, next=command), ExitCode.NOT_FOUND) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        message = f"{short_path(path)} can't be read: {error}"
        raise StackgenError(Problem("recording-unreadable", message, next=command)) from None
