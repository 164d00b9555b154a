"""Names and labels that a cluster accepts, whatever stack and component are called."""

from __future__ import annotations

import hashlib
import re

import pulumi

DIGEST = 8  # hexadecimal digits that stand for what was cut off
WORKLOAD = "workload"
"""Key of the label by which network policies and selectors know a component's pods; no operator uses it."""

_VALUE = re.compile(r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$")
_KEY = re.compile(r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$")


def bounded(name: str, limit: int = 63) -> str:
    """`name` as a DNS label of at most `limit` characters; a digest of the whole ends one that was cut."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST]
    return f"{name[: limit - DIGEST - 1].rstrip('-')}-{digest}"


def namespace_name() -> str:
    """The environment's namespace: Pulumi's project and stack."""
    return bounded(f"{pulumi.get_project()}-{pulumi.get_stack()}")


def recommended_labels(component: str, part: str) -> dict[str, str]:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/"""
    return {
        "app.kubernetes.io/name": bounded(part),
        "app.kubernetes.io/instance": bounded(f"{pulumi.get_stack()}-{component}"),
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": pulumi.get_project(),
        "app.kubernetes.io/managed-by": "pulumi",
        WORKLOAD: component,
    }


def labels_and_annotations(given: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The spec's labels: as labels where key and value are legal ones, else as annotations.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
    """
    labels = {key: value for key, value in given.items() if _KEY.match(key) and _VALUE.match(value)}
    others = {key: value for key, value in given.items() if key not in labels}
    return labels, {annotation_key(key): value for key, value in others.items()}


def annotation_key(key: str) -> str:
    """Any text as an annotation's key."""
    if _KEY.match(key):
        return key
    return re.sub(r"[^A-Za-z0-9_.-]", "_", key).strip("_.-")[:63].strip("_.-") or "label"
