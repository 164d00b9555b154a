"""Models of Amazon Bedrock, and the permission to call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from aws_platform.federation import SESSION, assumable_role
from aws_platform.policies import Statement
from aws_platform.workloads import FederatedCaller, Workload
from aws_platform.zone import Zone


def invoke(zone: Zone, model_id: str, profile: str | None) -> Statement:
    """Return the permission to call one model, directly or through one inference profile.

    A profile routes to the model in any of its regions, so both are named.
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    """
    actions = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
    if profile is None:
        return Statement(actions, [f"arn:aws:bedrock:{zone.region}::foundation-model/{model_id}"])
    own = f"arn:aws:bedrock:{zone.region}:{zone.account}:inference-profile/{profile}.{model_id}"
    return Statement(actions, [own, f"arn:aws:bedrock:*::foundation-model/{model_id}"])


def open_to(
    name: str,
    zone: Zone,
    callers: Sequence[object],
    model_id: str,
    profile: str | None,
    opts: pulumi.ResourceOptions,
) -> Mapping[str, pulumi.Input[Any]]:
    """Let the callers call the model; returns the parameters with which a gateway calls it."""
    statement = invoke(zone, model_id, profile)
    found: dict[str, pulumi.Input[Any]] = {"aws_region_name": zone.region}
    for caller in callers:
        if isinstance(caller, Workload):
            caller.allow(f"call-{name}", statement)
            zone.endpoints.connect(caller, "bedrock-runtime")
        elif isinstance(caller, FederatedCaller):
            role, audience = assumable_role(name, zone, caller, [statement], opts)
            found |= {
                "aws_role_name": role,
                "aws_session_name": SESSION,
                "aws_web_identity_token": f"oidc/google/{audience}",
            }
    return found
