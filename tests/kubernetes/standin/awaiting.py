"""When an object counts as ready, and waiting for that, as the official plugin waits."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from tests.kubernetes.api import Api, Object
from tests.kubernetes.control_plane.stages import OPERATED
from tests.kubernetes.standin.objects import annotation

SKIP, TIMEOUT, WAIT_FOR = "pulumi.com/skipAwait", "pulumi.com/timeoutSeconds", "pulumi.com/waitFor"
PATIENCE = float(os.environ.get("STANDIN_TIMEOUT", "120"))
"""Seconds; the official plugin waits five to ten minutes."""
PAUSE = 0.2


class NotReady(Exception):
    """It isn't ready and won't be, or not in time; the message says what the cluster says of it."""


def wait_ready(api: Api, path: str, live: Object) -> Object:
    """The object once it is ready. Raises NotReady."""
    if annotation(live, SKIP) in ("true", "ready"):
        return live
    ready = _rule(live)
    end = time.monotonic() + float(annotation(live, TIMEOUT) or PATIENCE)
    while not ready(api, live):
        refusal = _refusal(api, live)
        if refusal or time.monotonic() > end:
            raise NotReady(refusal or _report(api, live))
        time.sleep(PAUSE)
        found = api.live(path)
        if found is None:
            raise NotReady(f"{live['kind']} {live['metadata']['name']} was deleted meanwhile")
        live = found
    return live


def wait_gone(api: Api, path: str, uid: str | None) -> None:
    """Until the object is gone, or is another one of the same name. Raises NotReady."""
    end = time.monotonic() + PATIENCE
    while (live := api.live(path)) is not None and uid in (None, live["metadata"]["uid"]):
        if time.monotonic() > end:
            raise NotReady(f"{path} is still there: finalizers {live['metadata'].get('finalizers')}")
        time.sleep(PAUSE)


Rule = Callable[[Api, Object], bool]


def _rule(live: Object) -> Rule:
    wanted = annotation(live, WAIT_FOR)
    if wanted and wanted.startswith("jsonpath="):
        return lambda _, thing: _has_value(thing, wanted.removeprefix("jsonpath="))
    if wanted:
        return lambda _, thing: _condition(thing, wanted.removeprefix("condition=").split("=")[0])
    if (live["apiVersion"], live["kind"]) in OPERATED:
        condition = OPERATED[live["apiVersion"], live["kind"]][0]
        return lambda _, thing: _condition(thing, condition)
    return RULES.get(live["kind"], lambda *_: True)


def _has_value(live: Object, wanted: str) -> bool:
    """`{.status.phase}=Bound`: a path of plain keys, and the value found there."""
    path, _, value = wanted.partition("=")
    found: Any = live
    for key in path.strip("{}").strip(".").split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found == value


def _condition(live: Object, name: str, status: str = "True") -> bool:
    conditions = live.get("status", {}).get("conditions", [])
    return any(one["type"] == name and one["status"] == status for one in conditions)


def _observed(live: Object) -> bool:
    return live.get("status", {}).get("observedGeneration", 0) >= live["metadata"]["generation"]


def _replicas(_: Api, live: Object) -> bool:
    """All replicas are of this generation and ready, and no older one is left."""
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    counts = [status.get(name, 0) for name in ("replicas", "readyReplicas", "updatedReplicas")]
    return _observed(live) and counts == [wanted, wanted, wanted if wanted else counts[2]]


def _daemons(_: Api, live: Object) -> bool:
    status = live.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    return _observed(live) and status.get("numberReady", 0) == wanted == status.get(
        "updatedNumberScheduled", 0
    )


def _claim(api: Api, live: Object) -> bool:
    """Bound; or to be bound when a pod asks for it, as its class may say."""
    if live.get("status", {}).get("phase") == "Bound":
        return True
    name = live["spec"].get("storageClassName")
    found = api.get("storage.k8s.io/v1", "StorageClass", name) if name else None
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"


def _service(api: Api, live: Object) -> bool:
    """Where it selects pods, one of them is ready; a load balancer has an address."""
    spec, metadata = live["spec"], live["metadata"]
    if spec.get("type") == "LoadBalancer" and not _has_address(api, live):
        return False
    if not spec.get("selector") or spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None":
        return True
    label = f"kubernetes.io/service-name={metadata['name']}"
    slices = api.list("discovery.k8s.io/v1", "EndpointSlice", metadata["namespace"], labelSelector=label)
    return any(
        one.get("conditions", {}).get("ready") for found in slices for one in found.get("endpoints") or []
    )


def _has_address(_: Api, live: Object) -> bool:
    return bool(live.get("status", {}).get("loadBalancer", {}).get("ingress"))


def _phase(*names: str) -> Rule:
    return lambda _, live: live.get("status", {}).get("phase") in names


def _is(name: str) -> Rule:
    return lambda _, live: _condition(live, name)


RULES: dict[str, Rule] = {
    "Deployment": _replicas,
    "StatefulSet": _replicas,
    "DaemonSet": _daemons,
    "Job": _is("Complete"),
    "Pod": lambda _, live: _condition(live, "Ready") or live.get("status", {}).get("phase") == "Succeeded",
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _phase("Available", "Bound"),
    "Namespace": _phase("Active"),
    "Service": _service,
    "Ingress": _has_address,
    "ObjectBucketClaim": _phase("Bound"),
    "CustomResourceDefinition": _is("Established"),
    "APIService": _is("Available"),
}


def _refusal(api: Api, live: Object) -> str:
    """Why the cluster refuses to make the object's pods, if it does: waiting would not help."""
    if live["kind"] == "Deployment":
        told = [one.get("message", "") for one in live.get("status", {}).get("conditions", [])]
    elif live["kind"] in ("StatefulSet", "DaemonSet", "Job"):
        told = _events(api, live)
    else:
        return ""
    refused = [text for text in told if "is forbidden" in text and "violates PodSecurity" in text]
    if _condition(live, "Failed"):
        refused += [one["message"] for one in live["status"]["conditions"] if one["type"] == "Failed"]
    return refused[0] if refused else ""


def _events(api: Api, live: Object) -> list[str]:
    metadata = live["metadata"]
    chosen = f"involvedObject.uid={metadata['uid']},type=Warning"
    events = api.list("v1", "Event", metadata.get("namespace") or "default", fieldSelector=chosen)
    return [one.get("message", "") for one in events]


def _report(api: Api, live: Object) -> str:
    status = live.get("status", {})
    told = [f"{one['type']}={one['status']} {one.get('message', '')}" for one in status.get("conditions", [])]
    numbers = {key: value for key, value in status.items() if isinstance(value, int | str)}
    name = f"{live['kind']} {live['metadata']['name']}"
    return f"{name} is not ready in time: {numbers} {'; '.join([*told, *_events(api, live)])}"
