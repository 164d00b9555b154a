"""Custom resource definitions, each from its operator's published Go module; cached as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from tests.kubernetes.api import Object
from tests.kubernetes.control_plane.modules import home, source

CLOUDNATIVE_PG = ("github.com/cloudnative-pg/cloudnative-pg", "v1.28.0", "config/crd/bases")
KSERVE = ("github.com/kserve/kserve", "v0.15.0", "config/crd/full")
PROMETHEUS = (
    "github.com/prometheus-operator/prometheus-operator",
    "v0.85.0",
    "example/prometheus-operator-crd",
)
GATEWAY = ("sigs.k8s.io/gateway-api", "v1.6.3", "config/crd/standard")
CERT_MANAGER = ("github.com/cert-manager/cert-manager", "v1.21.2", "deploy/crds")
EXTERNAL_SECRETS = ("github.com/external-secrets/external-secrets", "v1.3.2", "config/crds/bases")
KEDA = ("github.com/kedacore/keda/v2", "v2.21.0", "config/crd/bases")
BUCKETS = (
    "github.com/kube-object-storage/lib-bucket-provisioner",
    "v0.0.0-20221122204822-d1a8c34382f1",
    "deploy/crds",
)
DEFINITIONS = {
    CLOUDNATIVE_PG: "clusters poolers scheduledbackups backups imagecatalogs clusterimagecatalogs databases",
    KSERVE: "inferenceservices servingruntimes clusterservingruntimes",
    PROMETHEUS: "prometheuses alertmanagers servicemonitors podmonitors prometheusrules",
    GATEWAY: "gatewayclasses gateways httproutes grpcroutes tcproutes backendtlspolicies referencegrants",
    CERT_MANAGER: "certificates issuers clusterissuers",
    EXTERNAL_SECRETS: "externalsecrets secretstores clustersecretstores",
    KEDA: "scaledobjects triggerauthentications",
    BUCKETS: "objectbucketclaim",
}
"""(module, version, folder) → the definitions we install, as their files are named."""
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
UNPUBLISHED: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "objectstores.barmancloud.cnpg.io"},
    "spec": {
        "group": "barmancloud.cnpg.io",
        "scope": "Namespaced",
        "names": {
            "kind": "ObjectStore",
            "listKind": "ObjectStoreList",
            "plural": "objectstores",
            "singular": "objectstore",
        },
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": OPEN}}],
    },
}
"""Of CloudNativePG's Barman Cloud plugin, whose module can't be had: any field is taken, so none is checked."""


def definitions() -> list[Object]:
    """Every definition, ready to be created. Raises CannotBuild."""
    digest = hashlib.sha256(repr(DEFINITIONS).encode() + Path(__file__).read_bytes()).hexdigest()[:12]
    file = home() / f"definitions-{digest}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.lock"):
        if not file.exists():
            collected = json.dumps(list(_collect()))
            half = file.with_suffix(".part")
            half.write_text(collected, encoding="utf-8")
            half.replace(file)
    return json.loads(file.read_text(encoding="utf-8"))


def _collect() -> Iterator[Object]:
    for (module, version, folder), names in DEFINITIONS.items():
        files = sorted((source(module, version) / folder).glob("*.yaml"))
        for name in names.split():
            file = next(one for one in files if re.search(rf"_{name}(_crd)?\.yaml$", one.name))
            loaded = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            yield _without_prose(_current(loaded))
    yield UNPUBLISHED


def _current(definition: Object) -> Object:
    """The same definition as apiextensions.k8s.io/v1 has it, where it was written for v1beta1."""
    definition.pop("status", None)
    if definition["apiVersion"] == "apiextensions.k8s.io/v1":
        return definition
    spec = definition["spec"]
    schema = {"type": "object", **spec.pop("validation")["openAPIV3Schema"]}
    subresources, columns = spec.pop("subresources", {}), spec.pop("additionalPrinterColumns", [])
    spec.pop("version", None)
    for column in columns:
        column["jsonPath"] = column.pop("JSONPath")
    for version in spec["versions"]:
        version |= {
            "schema": {"openAPIV3Schema": schema},
            "subresources": subresources,
            "additionalPrinterColumns": columns,
        }
    return {**definition, "apiVersion": "apiextensions.k8s.io/v1"}


def _without_prose(value: Any) -> Any:
    """Descriptions are half of these files' bytes, and take the server as long to read; they validate nothing."""
    if isinstance(value, dict):
        return {
            key: _without_prose(item)
            for key, item in value.items()
            if not (key == "description" and isinstance(item, str))
        }
    return [_without_prose(item) for item in value] if isinstance(value, list) else value
