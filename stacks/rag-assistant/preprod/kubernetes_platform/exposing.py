"""Components reached from outside the cluster: a route of the Gateway API, and a certificate for its name.

https://gateway-api.sigs.k8s.io/reference/spec/ · https://cert-manager.io/docs/reference/api-docs/
"""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from kubernetes_platform.ground import Exposure, Ground
from kubernetes_platform.policies import admit_namespace


def expose_component(
    name: str, component: str, port: int, ground: Ground, opts: pulumi.ResourceOptions
) -> str:
    """Route a name of the gateway, which ends TLS, to a component; return its URL. Raises ValueError without one."""
    way = ground.exposure
    if way is None:
        raise ValueError(f"{component} is to be exposed; that takes the settings `domain` and `gateway`")
    host = f"{name}.{way.domain}"
    CustomResource(
        name,
        api_version="gateway.networking.k8s.io/v1",
        kind="HTTPRoute",
        metadata=ground.metadata(component, name, name),
        spec={
            "parentRefs": [{"name": way.name, "namespace": way.namespace}],
            "hostnames": [host],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                    "backendRefs": [{"name": name, "port": port}],
                }
            ],
        },
        opts=opts,
    )
    if way.issuer:
        _certificate(name, component, host, way, ground, opts)
    admit_namespace(component, way.namespace, [port], ground, opts)
    return f"https://{host}"


def _certificate(
    name: str, component: str, host: str, way: Exposure, ground: Ground, opts: pulumi.ResourceOptions
) -> None:
    """Request a certificate in the component's namespace, and let the gateway read it from another namespace."""
    secret = f"{name}-tls"
    CustomResource(
        secret,
        api_version="cert-manager.io/v1",
        kind="Certificate",
        metadata=ground.metadata(component, secret, name),
        spec={
            "secretName": secret,
            "dnsNames": [host],
            "issuerRef": {"kind": "ClusterIssuer", "name": way.issuer},
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        },
        opts=opts,
    )
    CustomResource(
        secret,
        api_version="gateway.networking.k8s.io/v1beta1",
        kind="ReferenceGrant",
        metadata=ground.metadata(component, secret, name),
        spec={
            "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": way.namespace}],
            "to": [{"group": "", "kind": "Secret", "name": secret}],
        },
        opts=opts,
    )
