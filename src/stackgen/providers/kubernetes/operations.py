"""Pods and logs of an environment in a cluster, and connections to its services from outside, by kubectl."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from stackgen.descriptors.provider import Status
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.providers.kubernetes.forwarding import HOST, forward_port


class _Resource(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def outputs(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class ClusterNamespace:
    """The namespace of an environment, and the context of the kubeconfig that it was created with."""

    context: str
    namespace: str

    def kubectl(self, *words: str) -> list[str]:
        """Return a kubectl command in this namespace; raises StackgenError(kubectl-missing) if there is no kubectl."""
        if shutil.which("kubectl") is None:
            message = "kubectl is not on PATH, and services of the cluster are reached with it"
            problem = Problem("kubectl-missing", message, hint="install kubectl, of the cluster's version")
            raise StackgenError(problem, ExitCode.NOT_FOUND)
        return ["kubectl", "--context", self.context, "--namespace", self.namespace, *words]


def status(resources: Iterable[_Resource]) -> Status:
    """Return every pod of the environment: phase, ready containers, restarts, node."""
    place = find_namespace(resources)
    header: tuple[str, ...] = ("pod", "state", "ready", "restarts", "node")
    if place is None:
        return Status(header, (), (), "nothing is deployed")
    answer = subprocess.run(
        place.kubectl("get", "pods", "-o", "json"), capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise StackgenError(
            Problem("cluster-unreachable", answer.stderr.strip() or "kubectl failed"), ExitCode.DEPLOYMENT
        )
    rows = [_row(item) for item in json.loads(answer.stdout)["items"]]
    items: list[dict[str, Any]] = [dict(zip(header, row, strict=True)) for row in rows]
    return Status(header, tuple(rows), tuple(items), f"{len(rows)} pods in {place.namespace}")


def log_command(resources: Iterable[_Resource], component: str | None, lines: int, follow: bool) -> list[str]:
    """Return the command that prints components' logs; [] if nothing is deployed."""
    place = find_namespace(resources)
    if place is None:
        return []
    selector = f"workload={component}" if component else "workload"
    words = ["logs", "-l", selector, "--all-containers", "--prefix", f"--tail={lines}"]
    words += ["--max-log-requests=100", *(["--follow"] if follow else [])]
    return place.kubectl(*words)


@contextmanager
def reach_services(
    resources: Iterable[_Resource], bindings: Mapping[str, Any], ended: Callable[[], None] = lambda: None
) -> Iterator[dict[str, Any]]:
    """Forward a port of 127.0.0.1 to every service in the bindings within the context; yield the changed bindings.

    ended: called from another thread as soon as a port is no longer forwarded. Raises
    StackgenError(cluster-unreachable, kubectl-missing), and StackgenError(forward-ended) at the end.
    """
    place = find_namespace(resources)
    if place is None:
        yield dict(bindings)
        return
    with ExitStack() as stack:
        ports: dict[tuple[str, int], int] = {}

        def port(service: str, number: int) -> int:
            if (service, number) not in ports:
                words = ("port-forward", "--address", HOST, f"service/{service}", f":{number}")
                way = forward_port(place.kubectl(*words), f"{service} of {place.namespace}", ended)
                ports[service, number] = stack.enter_context(way)
            return ports[service, number]

        yield {
            component: {
                contract: _rewritten(binding, place.namespace, port)
                for contract, binding in contracts.items()
            }
            for component, contracts in bindings.items()
        }


def find_namespace(resources: Iterable[_Resource]) -> ClusterNamespace | None:
    """Return the namespace of the environment from its Pulumi state; None if it is not deployed."""
    context = namespace = None
    for resource in resources:
        if resource.type == "pulumi:providers:kubernetes":
            context = resource.outputs.get("context") or context
        elif resource.type == "kubernetes:core/v1:Namespace":
            namespace = resource.outputs["metadata"]["name"]
    return ClusterNamespace(str(context), str(namespace)) if context and namespace else None


def _row(pod: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    states: list[Mapping[str, Any]] = pod["status"].get("containerStatuses", [])
    ready = sum(bool(state.get("ready")) for state in states)
    restarts = sum(int(state.get("restartCount", 0)) for state in states)
    name, node = pod["metadata"]["name"], pod["spec"].get("nodeName", "")
    return (
        name,
        pod["status"].get("phase", ""),
        f"{ready}/{len(pod['spec']['containers'])}",
        str(restarts),
        node,
    )


def _rewritten(binding: Mapping[str, Any], namespace: str, port: Any) -> dict[str, Any]:
    inside = re.compile(rf"([a-z0-9-]+)\.{re.escape(namespace)}\.svc(?::(\d+))?")
    found = dict(binding)
    if inside.fullmatch(str(found.get("host", ""))):
        service = str(found["host"]).partition(".")[0]
        found |= {"host": HOST, "port": port(service, int(found["port"]))}

    def address(match: re.Match[str]) -> str:
        return f"{HOST}:{port(match[1], int(match[2] or 80))}"

    return {
        key: inside.sub(address, value) if isinstance(value, str) else value for key, value in found.items()
    }
