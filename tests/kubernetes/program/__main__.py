"""A small program by hand: what the harness itself is tested with. Settings in the stack's configuration."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random

config = pulumi.Config()
namespace = config.require("namespace")
provider = kubernetes.Provider("cluster", kubeconfig=config.get("kubeconfig"), namespace=namespace)
options = pulumi.ResourceOptions(provider=provider)
labels = {"app.kubernetes.io/name": "web"}
restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
space = kubernetes.core.v1.Namespace(
    "space", metadata={"name": namespace, "labels": restricted}, opts=options
)
inside = pulumi.ResourceOptions(provider=provider, depends_on=[space])
healing = {"pulumi.com/patchForce": "true"} if config.get_bool("healing") else {}

password = random.RandomPassword("password", length=24, special=False)
secret = kubernetes.core.v1.Secret(
    "database", metadata={"name": "database"}, string_data={"password": password.result}, opts=inside
)
settings = kubernetes.core.v1.ConfigMap(
    "settings", data={"level": config.get("level") or "info"}, opts=inside
)
claim = kubernetes.core.v1.PersistentVolumeClaim(
    "data",
    metadata={"name": "data"},
    spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    opts=inside,
)
container: dict[str, Any] = {
    "name": "web",
    "image": "registry.example/web:1.0",
    "ports": [{"container_port": 8080}],
    "env": [
        {
            "name": "PASSWORD",
            "value_from": {"secret_key_ref": {"name": secret.metadata.name, "key": "password"}},
        },
        {
            "name": "LEVEL",
            "value_from": {"config_map_key_ref": {"name": settings.metadata.name, "key": "level"}},
        },
    ],
    "resources": {"requests": {"cpu": "1000m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}},
    "security_context": {
        "allow_privilege_escalation": config.get_bool("privileged") or False,
        "capabilities": {"drop": ["ALL"]},
    },
}
pod: dict[str, Any] = {
    "containers": [container],
    "automount_service_account_token": False,
    "security_context": {
        "run_as_non_root": True,
        "run_as_user": 1000,
        "seccomp_profile": {"type": "RuntimeDefault"},
    },
}


def runs(app: dict[str, str], **more: Any) -> Any:
    """The spec of what keeps such pods running."""
    return {
        "selector": {"match_labels": app},
        "template": {"metadata": {"labels": app}, "spec": pod},
        **more,
    }


once: Any = {"template": {"spec": {**pod, "restart_policy": "Never"}}}
web = kubernetes.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "annotations": healing},
    spec=runs(labels, replicas=config.get_int("replicas") or 2),
    opts=inside,
)
kubernetes.apps.v1.StatefulSet(
    "database",
    metadata={"name": "database"},
    spec=runs({"app.kubernetes.io/name": "database"}, service_name=config.get("headless") or "database"),
    opts=inside,
)
kubernetes.batch.v1.Job("prepare", metadata={"name": "prepare"}, spec=once, opts=inside)
service = kubernetes.core.v1.Service(
    "web",
    metadata={"name": "web"},
    spec={"type": "LoadBalancer", "selector": labels, "ports": [{"port": 80, "target_port": 8080}]},
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[web]),
)
kubernetes.apiextensions.CustomResource(
    "cluster",
    api_version="postgresql.cnpg.io/v1",
    kind="Cluster",
    metadata={"name": "vectors"},
    spec={
        "instances": 3,
        "storage": {"size": "1Gi"},
        **({config.require("unknown"): True} if config.get("unknown") else {}),
    },
    opts=inside,
)
if config.get_bool("deprecated"):
    kubernetes.core.v1.Endpoints(
        "old",
        metadata={"name": "old"},
        subsets=[{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}],
        opts=inside,
    )
pulumi.export("address", service.status.load_balancer.ingress[0].ip)
pulumi.export("password", password.result)
