"""Names and labels that a cluster accepts, for every name of a stack and a component."""

from __future__ import annotations

import hashlib
import re

import pulumi

DIGEST = 8  # hexadecimal digits at the end of a shortened name
WORKLOAD = "workload"
"""Key of the label by which network policies and selectors know a component's pods; no operator uses it."""

_VALUE = re.compile(r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$")
_KEY = re.compile(r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$")


def bound_name(name: str, limit: int = 63) -> str:
    """Return `name` as a DNS label of at most `limit` characters; a shortened name ends with a digest."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST]
    return f"{name[: limit - DIGEST - 1].rstrip('-')}-{digest}"


def namespace_name() -> str:
    """Return the environment's namespace: Pulumi's project and stack."""
    return bound_name(f"{pulumi.get_project()}-{pulumi.get_stack()}")


def common_labels(component: str, part: str) -> dict[str, str]:
    """Return the labels of https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/."""
    return {
        "app.kubernetes.io/name": bound_name(part),
        "app.kubernetes.io/instance": bound_name(f"{pulumi.get_stack()}-{component}"),
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": pulumi.get_project(),
        "app.kubernetes.io/managed-by": "pulumi",
        WORKLOAD: component,
    }


def labels_and_annotations(given: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the spec's labels as labels if key and value are legal ones, and the others as annotations.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
    """
    labels = {key: value for key, value in given.items() if _KEY.match(key) and _VALUE.match(value)}
    others = {key: value for key, value in given.items() if key not in labels}
    return labels, {annotation_key(key): value for key, value in others.items()}


def annotation_key(key: str) -> str:
    """Return any text as the key of an annotation."""
    if _KEY.match(key):
        return key
    return re.sub(r"[^A-Za-z0-9_.-]", "_", key).strip("_.-")[:63].strip("_.-") or "label"
