"""IAM policy documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

VERSION = "2012-10-17"


@dataclass(frozen=True)
class Statement:
    """Permission for actions on resources. conditions: operator → key → value."""

    actions: Sequence[str]
    resources: pulumi.Input[Sequence[pulumi.Input[str]]]
    conditions: Mapping[str, Mapping[str, pulumi.Input[Any]]] = field(
        default_factory=dict[str, Mapping[str, pulumi.Input[Any]]]
    )

    def to_dict(self) -> dict[str, Any]:
        """Return the statement in the syntax of IAM."""
        found: dict[str, Any] = {
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": self.resources,
        }
        return {**found, "Condition": dict(self.conditions)} if self.conditions else found


def policy(*statements: Statement) -> pulumi.Output[str]:
    """Return the document of an identity policy as JSON, without statements that name no resource."""

    def written(resolved: Sequence[Mapping[str, Any]]) -> str:
        return json.dumps({"Version": VERSION, "Statement": [one for one in resolved if one["Resource"]]})

    return pulumi.Output.from_input([statement.to_dict() for statement in statements]).apply(written)


def trust_policy(
    service: str, conditions: Mapping[str, Mapping[str, pulumi.Input[Any]]] | None = None
) -> pulumi.Output[str]:
    """Return the trust policy of a role that only this AWS service may assume."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": service},
    }
    return document([{**statement, "Condition": dict(conditions)} if conditions else statement])


def document(statements: Sequence[Mapping[str, Any]]) -> pulumi.Output[str]:
    """Return a policy document as JSON."""
    return pulumi.Output.json_dumps({"Version": VERSION, "Statement": list(statements)})
