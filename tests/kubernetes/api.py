"""A small client of the Kubernetes API: plain HTTP with a token, nothing of kubectl's."""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

Object = dict[str, Any]
"""A Kubernetes object as JSON."""
WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
PATIENCE = 60.0
"""Seconds for a server that asks us to come back later."""
FOREGROUND = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Foreground"}


class ApiError(Exception):
    """The server refused; `status` is HTTP's, `reason` the server's own word (`Invalid`, `NotFound`)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class NoSuchKind(Exception):
    """The server doesn't serve that kind: its definition isn't installed."""


@dataclass(frozen=True)
class Access:
    """Where a cluster is and how one gets in. ca: PEM; namespace: the context's own."""

    server: str
    token: str
    ca: str
    namespace: str = "default"


def access(kubeconfig: str | Object, context: str | None = None, cluster: str | None = None) -> Access:
    """What a kubeconfig (its content or its path) says; raises KeyError or OSError."""
    config = _loaded(kubeconfig)
    chosen = _named(config["contexts"], context or config["current-context"])["context"]
    found = _named(config["clusters"], cluster or chosen["cluster"])["cluster"]
    user = _named(config["users"], chosen["user"])["user"]
    if "certificate-authority-data" in found:
        ca = base64.b64decode(found["certificate-authority-data"]).decode()
    else:
        ca = Path(found["certificate-authority"]).read_text(encoding="utf-8")
    return Access(found["server"], user["token"], ca, chosen.get("namespace") or "default")


def _loaded(kubeconfig: str | Object) -> Object:
    if isinstance(kubeconfig, dict):
        return kubeconfig
    looks_like_content = "\n" in kubeconfig or kubeconfig.lstrip().startswith("{")
    text = kubeconfig if looks_like_content else Path(kubeconfig).expanduser().read_text(encoding="utf-8")
    return yaml.safe_load(text)


def _named(items: list[Object], name: str) -> Object:
    for item in items:
        if item["name"] == name:
            return item
    raise KeyError(name)


@dataclass(frozen=True)
class Kind:
    """How the server names a kind in paths. verbs: what can be done with it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...]

    def path(self, namespace: str | None, name: str = "") -> str:
        root = "/apis/" if "/" in self.api_version else "/api/"
        where = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{self.api_version}{where}/{self.plural}" + (f"/{name}" if name else "")


class Api:
    """One server. on_warning is given each `Warning` header's text and the path that was called."""

    def __init__(self, where: Access, on_warning: Callable[[str, str], None] | None = None) -> None:
        self.where = where
        self.on_warning = on_warning
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._lock = threading.Lock()
        self._http = httpx.Client(
            base_url=where.server,
            verify=ssl.create_default_context(cadata=where.ca),
            headers={"Authorization": f"Bearer {where.token}", "Accept": "application/json"},
            timeout=60,
            trust_env=False,
        )

    def call(self, method: str, path: str, body: Any = None, *, media: str = "json", **query: str) -> Any:
        """One request; raises ApiError. media: `json`, `merge-patch+json`, `apply-patch+yaml`."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": f"application/{media}"}
        end = time.monotonic() + PATIENCE
        answer = self._http.request(method, path, content=content, headers=headers, params=query)
        while "retry-after" in answer.headers and time.monotonic() < end:  # it is busy, or still starting
            time.sleep(float(answer.headers["retry-after"]))
            answer = self._http.request(method, path, content=content, headers=headers, params=query)
        if self.on_warning is not None:
            for header in answer.headers.get_list("warning"):
                for text in WARNING.findall(header):
                    self.on_warning(text.replace('\\"', '"').replace("\\\\", "\\"), path)
        if answer.is_error:
            raise _error(answer)
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    def kind(self, api_version: str, kind: str) -> Kind:
        """How the server serves a kind; raises NoSuchKind."""
        known = self._kinds.get(api_version, {})
        if kind not in known:
            with self._lock:
                self._kinds[api_version] = known = self._discover(api_version)
        if kind not in known:
            raise NoSuchKind(f"this cluster has no kind {kind} in {api_version}")
        return known[kind]

    def _discover(self, api_version: str) -> dict[str, Kind]:
        root = "/apis/" if "/" in api_version else "/api/"
        try:
            resources = self.call("GET", root + api_version)["resources"]
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        return {
            one["kind"]: Kind(api_version, one["kind"], one["name"], one["namespaced"], tuple(one["verbs"]))
            for one in resources
            if "/" not in one["name"]
        }

    def path(self, thing: Object) -> str:
        """Of an object with a name; without a namespace it is in the context's own."""
        metadata = thing["metadata"]
        namespace = metadata.get("namespace") or self.where.namespace
        return self.kind(thing["apiVersion"], thing["kind"]).path(namespace, metadata["name"])

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """The live object, or None."""
        path = self.kind(api_version, kind).path(namespace or self.where.namespace, name)
        return self.live(path)

    def live(self, path: str) -> Object | None:
        try:
            return self.call("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, api_version: str, kind: str, namespace: str | None = None, **query: str) -> list[Object]:
        """The objects of a namespace, or of all; each with its apiVersion and kind."""
        found = self.call("GET", self.kind(api_version, kind).path(namespace), **query)
        return [{"apiVersion": api_version, "kind": kind, **item} for item in found["items"]]

    def create(self, thing: Object) -> Object:
        """POST with strict field checking; raises ApiError."""
        metadata = thing["metadata"]
        namespace = metadata.get("namespace") or self.where.namespace
        path = self.kind(thing["apiVersion"], thing["kind"]).path(namespace)
        return self.call("POST", path, thing, fieldValidation="Strict")

    def apply(self, thing: Object, manager: str, *, force: bool = False, dry_run: bool = False) -> Object:
        """Server-side apply with strict field checking; raises ApiError."""
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return self.call("PATCH", self.path(thing), thing, media="apply-patch+yaml", **query)

    def patch(self, thing: Object, change: Object, manager: str = "someone") -> Object:
        """A merge patch, as `kubectl patch` or an edit by hand would do."""
        return self.call("PATCH", self.path(thing), change, media="merge-patch+json", fieldManager=manager)

    def delete(self, thing: Object) -> None:
        """Ask for deletion, dependents first; nothing happens if it is gone."""
        try:
            self.call("DELETE", self.path(thing), FOREGROUND)
        except ApiError as error:
            if error.status != 404:
                raise

    def everything(self, namespace: str | None = None) -> Iterator[Object]:
        """Every object, of one namespace or of all and of none; events and endpoints are left out."""
        versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in self._groups())]
        for version in versions:
            for kind in self._discover(version).values():
                listed = "list" in kind.verbs and (kind.namespaced or namespace is None)
                if listed and kind.kind not in ("Event", "Endpoints", "EndpointSlice", "Lease"):
                    yield from self.list(version, kind.kind, namespace)

    def _groups(self) -> list[Object]:
        return self.call("GET", "/apis")["groups"]

    def close(self) -> None:
        self._http.close()


def _error(answer: httpx.Response) -> ApiError:
    try:
        told = answer.json()
        return ApiError(answer.status_code, told.get("reason", ""), told["message"])
    except (ValueError, KeyError, TypeError):
        return ApiError(answer.status_code, "", answer.text[:500])
