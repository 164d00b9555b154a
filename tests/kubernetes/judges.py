"""Public judges of Kubernetes objects: checkov's rules, and the upstream evaluator of the Pod Security Standards."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.clouds.checkov import checkov
from tests.kubernetes.api import Api, Object
from tests.kubernetes.control_plane.modules import GoProgram, build
from tests.kubernetes.standin.provider import MANAGER

POD_SECURITY = GoProgram("pod-security", Path(__file__).parent / "pod_security")
_TEMPLATE = ("spec", "template")
TEMPLATES = {
    "Pod": (),
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
}
"""Kind → where its pods' template is."""
RUNTIMES = ("ServingRuntime", "ClusterServingRuntime")
"""Kinds whose `spec` has containers and volumes as a pod's has, among other things."""


@dataclass(frozen=True)
class Violation:
    """name: `Kind/namespace/name`; check: as upstream names it, `runAsNonRoot`; reason: upstream's words."""

    name: str
    check: str
    reason: str


@dataclass
class Report:
    """checkov's: check → resources (`Kind.namespace.name`). skipped: by an annotation `checkov.io/skip…`."""

    failed: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    skipped: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    passed: int = 0


def deployed(api: Api, namespace: str) -> list[Object]:
    """The namespace's objects that a program made, without what controllers made of them."""
    return [
        _bare(one)
        for one in api.everything(namespace)
        if any(part["manager"] == MANAGER for part in one["metadata"].get("managedFields", []))
    ]


def _bare(thing: Object) -> Object:
    metadata = {key: value for key, value in thing["metadata"].items() if key != "managedFields"}
    return {**{key: value for key, value in thing.items() if key != "status"}, "metadata": metadata}


def judged_by_checkov(things: Iterable[Object], folder: Path) -> Report:
    """All of checkov's Kubernetes rules; `folder` is for the objects' file."""
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump_all(list(things), sort_keys=False)
    (folder / "objects.yaml").write_text(text, encoding="utf-8")
    told = checkov(folder, "kubernetes", everything=True)
    report = Report(passed=told["summary"]["passed"])
    for name, found in (("failed_checks", report.failed), ("skipped_checks", report.skipped)):
        for one in told["results"][name]:
            found.setdefault(one["check_id"], []).append(one["resource"])
    return report


def judged_by_pod_security(things: Iterable[Object]) -> list[Violation]:
    """What breaks the Pod Security Standard `restricted`. Raises CannotBuild, CalledProcessError (no pod's fields)."""
    pods = [pod for thing in things for pod in _pods(thing)]
    done = subprocess.run(
        [str(build(POD_SECURITY))], input=json.dumps(pods), capture_output=True, text=True, check=True
    )
    return [Violation(**one) for one in json.loads(done.stdout)]


def _pods(thing: Object) -> Iterator[dict[str, Any]]:
    """Each with the `name`, `metadata` and `spec` that the evaluator reads."""
    kind, metadata = thing["kind"], thing["metadata"]
    name = f"{kind}/{metadata.get('namespace', '')}/{metadata['name']}"
    if kind in TEMPLATES:
        template: Any = thing
        for key in TEMPLATES[kind]:
            template = template[key]
        yield {"name": name, "metadata": _annotations(template), "spec": template["spec"]}
    elif kind in RUNTIMES or (kind == "InferenceService" and "containers" in thing["spec"]["predictor"]):
        spec = thing["spec"] if kind in RUNTIMES else thing["spec"]["predictor"]
        pod = (
            "containers",
            "initContainers",
            "volumes",
            "securityContext",
            "hostNetwork",
            "hostPID",
            "hostIPC",
        )
        kept = {key: spec[key] for key in pod if key in spec}
        yield {"name": name, "metadata": _annotations(spec), "spec": kept}


def _annotations(template: Any) -> dict[str, Any]:
    """Some checks read annotations of older times."""
    metadata = template.get("metadata") or template
    return {"annotations": metadata.get("annotations") or {}}
