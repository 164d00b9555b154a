"""Which connections a namespace's network policies allow, worked out from the live objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.kubernetes.api import Object

WORKLOAD = "workload"


class Flow(NamedTuple):
    """source and target: a component of the namespace, `namespace/...` of another one, or an address range."""

    source: str
    target: str
    port: int


def allowed(policies: Iterable[Object], components: Iterable[str]) -> set[Flow]:
    """Flows between components that both ends admit, and flows across the namespace's border."""
    every = sorted(components)
    ingress = {flow for policy in policies for flow in _rules(policy, "ingress", every)}
    egress = {flow for policy in policies for flow in _rules(policy, "egress", every)}
    inside = set(every)
    border = {flow for flow in ingress | egress if {flow.source, flow.target} - inside}
    return (ingress & egress) | border


def denies_by_default(policies: Iterable[Object]) -> bool:
    """Whether one policy selects every pod and allows nothing, either way."""
    return any(
        not policy["spec"].get("podSelector", {}).get("matchLabels")
        and sorted(policy["spec"]["policyTypes"]) == ["Egress", "Ingress"]
        and not policy["spec"].get("ingress")
        and not policy["spec"].get("egress")
        for policy in policies
    )


def _rules(policy: Object, direction: str, every: list[str]) -> Iterator[Flow]:
    selected = policy["spec"].get("podSelector", {}).get("matchLabels")
    own = [selected[WORKLOAD]] if selected else every
    for rule in policy["spec"].get(direction, []):
        peers = rule.get("from" if direction == "ingress" else "to")
        assert peers, f"{policy['metadata']['name']} allows everybody"
        for peer in peers:
            for port in rule["ports"]:
                for other in _peer(peer):
                    for mine in own:
                        ends = (other, mine) if direction == "ingress" else (mine, other)
                        yield Flow(*ends, port["port"])


def _peer(peer: Object) -> list[str]:
    if "ipBlock" in peer:
        return [peer["ipBlock"]["cidr"]]
    if "namespaceSelector" in peer:
        return [f"namespace/{peer['namespaceSelector']['matchLabels']['kubernetes.io/metadata.name']}"]
    return [peer["podSelector"]["matchLabels"][WORKLOAD]]
