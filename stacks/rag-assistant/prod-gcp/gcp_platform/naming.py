"""Physical names: legal, unique within a project, and bounded, whatever stack and component are called."""

from __future__ import annotations

import hashlib
import re

import pulumi

DIGEST = 8  # hexadecimal digits that stand for what was cut off


def bounded(name: str, limit: int) -> str:
    """`name` with single hyphens and at most `limit` characters; a digest of the whole ends a changed one."""
    cleaned = re.sub(r"-{2,}", "-", name).strip("-")
    if cleaned == name and len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST]
    return f"{cleaned[: limit - DIGEST - 1].rstrip('-')}-{digest}"


def physical_name(name: str, limit: int = 63) -> str:
    """Name of a resource in the project: Pulumi's project, stack and `name`, within `limit` characters."""
    return bounded(f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}", limit)


def bucket_name(project: str, name: str) -> str:
    """Bucket names are shared by everybody: the project's id, which is unique, goes in front.

    They may not say "google", or begin with "goog" (https://cloud.google.com/storage/docs/buckets#naming).
    """
    wanted = f"{project}-{physical_name(name, 200)}"
    allowed = wanted.replace("goog", "g")
    if allowed != wanted:
        allowed += f"-{hashlib.sha256(wanted.encode()).hexdigest()[:DIGEST]}"
    return bounded(allowed, 63)


def label(text: str) -> str:
    """Text as a label's key or value: lower-case letters, digits, - and _, at most 63.

    https://cloud.google.com/compute/docs/labeling-resources#requirements
    """
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]


def label_key(text: str) -> str:
    """A label's key, which begins with a letter."""
    found = label(text)
    return found if found[:1].isalpha() else f"l_{found}"[:63]
