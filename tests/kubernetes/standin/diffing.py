"""What differs between two sets of inputs, and what of it needs a new object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi.runtime.proto import provider_pb2

from tests.clouds.shapes import JSON
from tests.kubernetes.api import Object

Path = tuple[str | int, ...]
_KINDS: Any = provider_pb2.PropertyDiff
ADD, DELETE, UPDATE = _KINDS.ADD, _KINDS.DELETE, _KINDS.UPDATE

_ALWAYS = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
_STATEFUL = ("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates")
_CLAIM = ("accessModes", "selector", "storageClassName", "volumeName")
_JOB = ("completions", "parallelism", "selector", "template")
REPLACING = {
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "StatefulSet"): tuple(f"spec.{name}" for name in _STATEFUL),
    ("batch", "Job"): tuple(f"spec.{name}" for name in _JOB),
    ("", "PersistentVolumeClaim"): tuple(f"spec.{name}" for name in _CLAIM),
    ("", "Pod"): ("spec",),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}
"""(group, kind) → the fields whose change makes the official plugin replace the object.
https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/provider/diff.go
"""
CONTENT = {"ConfigMap": ("data", "binaryData"), "Secret": ("data", "stringData")}
"""Replaced too, unless the provider's `enableConfigMapMutable` or `enableSecretMutable` is on."""


def replacing(thing: Object, mutable: set[str]) -> tuple[str, ...]:
    """The fields of this object that can't change in place. mutable: kinds whose content can."""
    group, _, _ = thing["apiVersion"].rpartition("/")
    fields = (*_ALWAYS, *REPLACING.get((group, thing["kind"]), ()))
    fixed = thing["kind"] not in mutable or bool(thing.get("immutable"))
    return (*fields, *CONTENT.get(thing["kind"], ())) if fixed and thing["apiVersion"] == "v1" else fields


def changes(old: JSON, new: JSON, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Each place where they differ, and how."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if key not in old:
                yield (*path, key), ADD
            elif key not in new:
                yield (*path, key), DELETE
            else:
                yield from changes(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            if index >= len(old):
                yield (*path, index), ADD
            elif index >= len(new):
                yield (*path, index), DELETE
            else:
                yield from changes(old[index], new[index], (*path, index))
    else:
        yield path, UPDATE


def needs_new(path: Path, fields: tuple[str, ...]) -> bool:
    """Whether a change at `path` is one of `fields`, in one, or around one."""
    names = [str(part) for part in path if isinstance(part, str)]
    for field in fields:
        wanted = field.split(".")
        length = min(len(wanted), len(names))
        if names[:length] == wanted[:length]:
            return True
    return False


def response(old: Object, new: Object, mutable: set[str]) -> Any:
    """The answer to the engine's question what an update would change."""
    fields = replacing(new, mutable)
    found = [(path, kind, needs_new(path, fields)) for path, kind in changes(old, new)]
    replaced = sorted({str(path[0]) for path, _, new_one in found if new_one})
    some = provider_pb2.DiffResponse
    return some(
        changes=some.DIFF_SOME if found else some.DIFF_NONE,
        diffs=sorted({str(path[0]) for path, _, _ in found}),
        replaces=replaced,
        deleteBeforeReplace=bool(replaced) and _same_place(old, new),
        detailedDiff={
            written(path): _KINDS(kind=kind + 1 if new_one else kind, inputDiff=True)
            for path, kind, new_one in found
        },
        hasDetailedDiff=True,
    )


def _same_place(old: Object, new: Object) -> bool:
    """Whether the new object would clash with the old one."""
    places = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in (old, new)]
    return places[0] == places[1]


def written(path: Path) -> str:
    """As Pulumi writes property paths: `spec.containers[0].image`, `metadata.labels["a/b"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text
