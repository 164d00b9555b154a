"""Physical names: legal, unique within a project, and short enough, for every stack and component."""

from __future__ import annotations

import hashlib
import re

import pulumi

DIGEST = 8  # hexadecimal digits at the end of a shortened name


def bound_name(name: str, limit: int) -> str:
    """Return `name` with single hyphens and at most `limit` characters; a changed name ends with a digest."""
    cleaned = re.sub(r"-{2,}", "-", name).strip("-")
    if cleaned == name and len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST]
    return f"{cleaned[: limit - DIGEST - 1].rstrip('-')}-{digest}"


def physical_name(name: str, limit: int = 63) -> str:
    """Return the name of a resource in the project: Pulumi's project, stack and `name`, within `limit` characters."""
    return bound_name(f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}", limit)


def bucket_name(project: str, name: str) -> str:
    """Return the name of a bucket. It begins with the project's id: names of buckets are unique among all projects.

    They may not say "google", or begin with "goog" (https://cloud.google.com/storage/docs/buckets#naming).
    """
    wanted = f"{project}-{physical_name(name, 200)}"
    allowed = wanted.replace("goog", "g")
    if allowed != wanted:
        allowed += f"-{hashlib.sha256(wanted.encode()).hexdigest()[:DIGEST]}"
    return bound_name(allowed, 63)


def label(text: str) -> str:
    """Return text as the key or value of a label: lower-case letters, digits, - and _, at most 63.

    https://cloud.google.com/compute/docs/labeling-resources#requirements
    """
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]


def label_key(text: str) -> str:
    """Return text as the key of a label, which begins with a letter."""
    found = label(text)
    return found if found[:1].isalpha() else f"l_{found}"[:63]
