"""A provider resource's arguments, as the SDK's `Provider` sends them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Self

from tests.clouds import wire
from tests.kubernetes.api import Api, NoSuchKind, Object, access
from tests.kubernetes.standin.objects import PATCH_FORCE, annotation
from tests.kubernetes.standin.warnings import Warnings


@dataclass(frozen=True)
class Settings:
    """api: None where a preview can't know the kubeconfig. mutable: kinds whose content changes in place."""

    api: Api | None
    namespace: str
    mutable: set[str] = field(default_factory=set[str])
    always_force: bool = False

    @classmethod
    def of(cls, given: dict[str, Any], warnings: Warnings) -> Self:
        """Raises KeyError, OSError (the kubeconfig), NotImplementedError (what the stand-in doesn't do)."""
        if given.get("renderYamlToDirectory"):
            raise NotImplementedError("the stand-in doesn't render to a directory")
        if given.get("enableServerSideApply") is False:
            raise NotImplementedError("the stand-in knows server-side apply only")
        mutable = {"ConfigMap"} if _on(given, "enableConfigMapMutable") else set[str]()
        mutable |= {"Secret"} if _on(given, "enableSecretMutable") else set()
        force = _on(given, "enablePatchForce")
        kubeconfig = given.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"
        if kubeconfig == wire.UNKNOWN:
            return cls(None, given.get("namespace") or "default", mutable, force)
        where = access(kubeconfig, given.get("context"), given.get("cluster"))
        api = Api(where, warnings.heard)
        return cls(api, given.get("namespace") or where.namespace, mutable, force)

    def connected(self) -> Api:
        """The API; outside of previews every kubeconfig is known."""
        assert self.api is not None
        return self.api

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of a kind live in namespaces; False where the server doesn't know it yet."""
        try:
            return self.connected().kind(api_version, kind).namespaced
        except NoSuchKind:
            return False

    def force(self, thing: Object) -> bool:
        """Whether fields that someone else has set are taken back rather than a conflict reported."""
        return self.always_force or annotation(thing, PATCH_FORCE) == "true"


def _on(given: dict[str, Any], name: str) -> bool:
    return str(given.get(name)).lower() == "true"
