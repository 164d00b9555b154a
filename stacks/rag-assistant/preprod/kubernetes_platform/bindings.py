"""Bindings as Secrets of the Service Binding specification, for other workloads in the namespace.

https://servicebinding.io/spec/core/1.1.0/#well-known-secret-entries
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from kubernetes_platform.ground import Ground

HIDDEN = ("upstream",)  # for the gateway alone


def publish(name: str, bindings: Mapping[str, Any], ground: Ground, opts: pulumi.ResourceOptions) -> None:
    """Create a Secret `<component>.<contract>` per contract, with the keys of the exported binding."""
    for contract, binding in bindings.items():
        if contract in HIDDEN or not binding:
            continue
        entries = {key: pulumi.Output.from_input(value).apply(_text) for key, value in binding.items()}
        k8s.core.v1.Secret(
            f"{name}.{contract}",
            metadata=ground.metadata(name, f"{name}.{contract}", contract),
            type=f"servicebinding.io/{contract}",
            string_data={
                "type": pulumi.Output.from_input(contract),
                "provider": pulumi.Output.from_input("kubernetes"),
                **entries,
            },
            opts=opts,
        )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
