"""Lists every container image that a generated program can name by itself, and whether its digest is known.

What is in an image is not looked at: no scanner of images is locked here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.audit.findings import Part

FOLDERS = ("src/stackgen/catalog", "src/stackgen/providers")
# registry.example/path/name:tag, then @sha256:... or not
IMAGE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+/[a-z0-9._/-]+:\w[\w.-]*(?:@sha256:[0-9a-f]{64})?")
REASON = "their contents: give this list to the scanner of your registry, stackgen locks none"


def audit(root: Path) -> Part:
    """Of the images below `root`."""
    part, found = Part("Images"), named(root)
    part.notes = [f"{'digest' if '@' in image else 'tag only'}: {image}" for image in found]
    known = sum("@" in image for image in found)
    part.notes.append(f"{len(found)} images, {known} with a digest, {len(found) - known} by a tag only")
    part.unmeasured.append(REASON)
    return part


def named(root: Path) -> dict[str, list[str]]:
    """Each image, sorted, with the files that name it, relative to `root`."""
    found: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            for image in dict.fromkeys(literals(path)):
                found.setdefault(image, []).append(path.relative_to(root).as_posix())
    return dict(sorted(found.items()))


def literals(path: Path) -> Iterator[str]:
    """Images that a Python file names as a whole string."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and IMAGE.fullmatch(node.value):
            yield node.value
