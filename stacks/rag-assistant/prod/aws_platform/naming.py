"""Physical names: legal, unique within an account, and short enough, for every stack and component."""

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
    """Return the name of a resource in the account: project, stack and `name`, within `limit` characters."""
    return bound_name(f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}", limit)


def tag(text: str, limit: int = 256) -> str:
    """Return text with only the characters that a tag may have: letters, digits, spaces and + - = . _ : / @."""
    return re.sub(r"[^\w\s+\-=.:/@]", "_", text).strip()[:limit]
