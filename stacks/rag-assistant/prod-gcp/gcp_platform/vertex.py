"""Models of Vertex AI, and the permission to call them without a stored key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_gcp as gcp

from gcp_platform.naming import physical_name
from gcp_platform.workloads import AwsCaller, Workload
from gcp_platform.zone import Zone

TOKEN_URL = "https://sts.googleapis.com/v1/token"  # noqa: S105 - an address
IMPERSONATE = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"


def open_to(
    name: str, zone: Zone, callers: Sequence[object], location: str, opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Input[Any]]:
    """Let the callers call the project's models; returns the parameters with which a gateway calls them.

    A model of Google is no resource of this project, so the grant is for the whole project: one permission, to call
    models.
    """
    found: dict[str, pulumi.Input[Any]] = {"vertex_project": zone.project, "vertex_location": location}
    for caller in callers:
        if isinstance(caller, Workload):
            caller.may(f"call-{name}", zone.may_predict())
        elif isinstance(caller, AwsCaller):
            found["vertex_credentials"] = _federated(name, zone, caller, opts)
    return found


def _federated(name: str, zone: Zone, caller: AwsCaller, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Return credentials for a service account that one AWS role may act as. They hold no secret.

    https://google.aip.dev/auth/4117
    """
    account = gcp.serviceaccount.Account(
        f"{name}-for-{caller.name}",
        account_id=f"f-{physical_name(name, 28)}",
        description=f"Lets {caller.name}, on AWS, call {name}",
        opts=opts,
    )
    gcp.projects.IAMMember(
        f"{name}-for-{caller.name}",
        project=zone.project,
        role=zone.may_predict(),
        member=pulumi.Output.concat("serviceAccount:", account.email),
        opts=opts,
    )
    provider = zone.trusts_aws(caller.account)
    pool = provider.name.apply(lambda path: path.rsplit("/providers/", 1)[0])
    role = pulumi.Output.from_input(caller.role.name)
    gcp.serviceaccount.IAMMember(
        f"{name}-from-{caller.name}",
        service_account_id=account.name,
        role="roles/iam.workloadIdentityUser",
        member=pulumi.Output.concat("principalSet://iam.googleapis.com/", pool, "/attribute.aws_role/", role),
        opts=opts,
    )
    return pulumi.Output.json_dumps(
        {
            "type": "external_account",
            "audience": pulumi.Output.concat("//iam.googleapis.com/", provider.name),
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "token_url": TOKEN_URL,
            "service_account_impersonation_url": pulumi.Output.concat(
                IMPERSONATE, account.email, ":generateAccessToken"
            ),
            # LiteLLM signs with the task's own role where a region is given here, instead of asking for
            # instance metadata, which Fargate has not
            "aws_region_name": caller.region,
        }
    )
