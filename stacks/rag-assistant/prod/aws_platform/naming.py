"""Physical names: legal, unique within an account, and bounded, whatever stack and component are called."""

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
    """Name of a resource in the account: project, stack and `name`, within `limit` characters."""
    return bounded(f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}", limit)


def tag(text: str, limit: int = 256) -> str:
    """Text with the characters that a tag may have: letters, digits, spaces and + - = . _ : / @."""
    return re.sub(r"[^\w\s+\-=.:/@]", "_", text).strip()[:limit]
