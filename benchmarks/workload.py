"""The same n components for every tool.

For stackgen a component is a service: source, command, size and limits, which becomes a container, its identity and its
network on a cloud. For the others it is a Deployment and a Service with the same fields.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml


def resources(count: int) -> list[dict[str, Any]]:
    """Manifests of `count` components, two each."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        name = f"app-{number}"
        container = {
            "name": name,
            "image": "nginx:1.27",
            "command": ["python", "-m", "app"],
            "ports": [{"containerPort": 8080}],
            "env": [{"name": "KIND", "value": str(number)}, {"name": "LEVEL", "value": "info"}],
            "resources": {"limits": {"cpu": "512m", "memory": "1024Mi"}},
        }
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
        deployment = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template}
        service = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
        metadata = {"name": name}
        found += [
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment},
            {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
        ]
    return found


def spec(count: int, provider: str, memory: int = 1024) -> str:
    """A stackgen spec of `count` components. memory: of the one in the middle, to have it changed."""
    lines = ["apiVersion: stackgen/v1", f"name: bench-{count}", "components:"]
    for number in range(count):
        lines += [
            f"  app-{number}:",
            "    capability: service",
            "    source: ./app",
            "    command: [python, -m, app]",
        ]
        limits = f"{{cpu: 512, memory: {memory if number == count // 2 else 1024}}}"
        lines.append(f"    settings: {limits}" if provider == "aws" else f"    port: {2000 + number}")
    account = '{account: "111122223333", region: eu-central-1}'
    place = f"aws, settings: {account}" if provider == "aws" else provider
    return "\n".join([*lines, "environments:", f"  bench: {{provider: {place}}}"]) + "\n"


def write_values(folder: Path, count: int) -> list[dict[str, Any]]:
    """`apps.json`: the values that template tools fill in, one entry per component."""
    values = [{"name": f"app-{number}", "kind": number} for number in range(count)]
    (folder / "apps.json").write_text(json.dumps({"apps": values}))
    return values


def manifest(name: str, kind: str) -> str:
    """One component as a template's text, with the template language's expressions for its two values."""
    dumper: Any = yaml
    text: str = dumper.safe_dump_all(resources(1), sort_keys=False)
    return text.replace("app-0", name).replace("value: '0'", f"value: '{kind}'")


def write_resources(folder: Path, count: int) -> None:
    """`resources.json` and `resources.yaml`: all manifests."""
    found = resources(count)
    (folder / "resources.json").write_text(json.dumps(found))
    (folder / "resources.yaml").write_text("---\n".join(json.dumps(item) + "\n" for item in found))
