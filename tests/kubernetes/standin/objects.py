"""From the inputs that the SDK sends to the object that the server gets."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.clouds import wire
from tests.clouds.shapes import JSON
from tests.kubernetes.api import Object

AUTONAMED = "pulumi.com/autonamed"
PATCH_FORCE = "pulumi.com/patchForce"
UNSUPPORTED = ("Patch", "List")
_SERVERS_OWN = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "selfLink")


def plain(inputs: dict[str, JSON]) -> Object:
    """The object with no marks, no nulls and nothing of Pulumi's own."""
    found: Any = _without_nulls(wire.plain(inputs))
    return {key: value for key, value in found.items() if not key.startswith("__")}


def _without_nulls(value: JSON) -> JSON:
    if isinstance(value, dict) and wire.SIGNATURE not in value:
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def has_unknown(value: JSON) -> bool:
    """Whether a preview can't know all of it."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value == wire.UNKNOWN


def annotation(thing: Object, name: str) -> str | None:
    found = thing.get("metadata", {}).get("annotations", {}).get(name)
    return None if found is None else str(found)


def type_of(urn: str) -> tuple[str, str]:
    """apiVersion and kind: `kubernetes:core/v1:Secret` is (`v1`, `Secret`)."""
    _, group_version, kind = urn.split("::")[2].rsplit("$", maxsplit=1)[-1].split(":")
    api_version = group_version.removeprefix("core/")
    return api_version, kind


def give_name(news: dict[str, JSON], olds: dict[str, JSON], urn_name: str, seed: bytes) -> None:
    """A name where the program gave none; the one it had, if it had one."""
    metadata = _metadata(news)
    if wire.unwrap(metadata.get("name")) or wire.unwrap(metadata.get("generateName")):
        return
    old: Any = plain(olds)
    known = old.get("metadata", {}).get("name") if annotation(old, AUTONAMED) else None
    metadata["name"] = known or f"{urn_name}-{hashlib.sha256(seed).hexdigest()[:8]}"
    annotations = wire.unwrap(metadata.get("annotations")) or {}
    metadata["annotations"] = {**annotations, AUTONAMED: "true"}


def give_namespace(news: dict[str, JSON], namespace: str) -> None:
    metadata = _metadata(news)
    if not wire.unwrap(metadata.get("namespace")):
        metadata["namespace"] = namespace


def _metadata(news: dict[str, JSON]) -> dict[str, JSON]:
    metadata = wire.unwrap(news.get("metadata")) or {}
    news["metadata"] = metadata
    return metadata


def identity(thing: Object) -> str:
    """The id Pulumi keeps: `namespace/name`, or the name."""
    metadata = thing["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def of_identity(urn: str, identity: str) -> Object:
    """What can be known of an object from its URN and its id."""
    api_version, kind = type_of(urn)
    *namespace, name = identity.split("/")
    metadata = {"name": name, **({"namespace": namespace[0]} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def tidy(live: Object) -> Object:
    """The live object without the book-keeping of its fields."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return {**live, "metadata": metadata}


def expected(answer: Object, inputs: Object) -> Object:
    """Of the answer to a dry run, what the real object will have too."""
    metadata = {key: value for key, value in answer["metadata"].items() if key not in _SERVERS_OWN}
    found = {**answer, "metadata": metadata}
    found.pop("status", None)
    if inputs["kind"] == "Service":
        kept = inputs.get("spec", {})
        allocated = ("clusterIP", "clusterIPs", "healthCheckNodePort", "ports")
        spec = {key: value for key, value in found["spec"].items() if key not in allocated or key in kept}
        found["spec"] = {**spec, **({"ports": kept["ports"]} if "ports" in kept else {})}
    return found
