"""How Pulumi's bridge names what Terraform names otherwise: the inverse of its rules.

https://github.com/pulumi/pulumi-terraform-bridge: camelCase, plurals for lists, a list of at most one flattened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.clouds.terraform import terraform_type

TYPES = {
    "aws:amp/alertManagerDefinition:AlertManagerDefinition": "aws_prometheus_alert_manager_definition",
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace": "aws_prometheus_rule_group_namespace",
    "aws:amp/workspace:Workspace": "aws_prometheus_workspace",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": "google_kms_crypto_key_iam_member",
    "gcp:projects/iAMCustomRole:IAMCustomRole": "google_project_iam_custom_role",
    "gcp:serviceaccount/iAMMember:IAMMember": "google_service_account_iam_member",
    "gcp:storage/bucketIAMMember:BucketIAMMember": "google_storage_bucket_iam_member",
}
"""Resources whose name does not follow from the rules."""
BETA = {
    "gcp:projects/serviceIdentity:ServiceIdentity",
    "gcp:vertex/aiEndpointIamMember:AiEndpointIamMember",
}
"""Resources that only the beta of the provider has, which is not published as a module that builds."""
RENAMED = {"aws:lambda/function:Function": {"name": "functionName", "code": "filename"}}
"""Inputs whose name does not follow from the rules; where Pulumi takes an archive, Terraform wants a file's name."""
NEWER = {"aws:vpclattice/service:Service.idleTimeoutSeconds"}
"""Properties that pulumi-aws has and the newest published version of the provider has not yet."""


def type_of(token: str, known: Mapping[str, Any]) -> str | None:
    """Terraform's type of a Pulumi resource; None if the built provider has none."""
    name = TYPES.get(token) or terraform_type(token)
    return name if name in known else None


def camel(name: str) -> str:
    """vpc_security_group_ids → vpcSecurityGroupIds."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def spellings(name: str) -> Iterator[str]:
    """Pulumi's possible names of one of Terraform's fields, the likeliest first."""
    plain = camel(name)
    yield plain
    yield f"{plain}s"
    yield f"{plain}es"
    if plain.endswith("y"):
        yield f"{plain[:-1]}ies"
    if plain.endswith("s"):
        yield plain[:-1]
        yield f"{plain}es"
    if plain.endswith("ies"):
        yield f"{plain[:-3]}y"


def matched(keys: Mapping[str, Any], fields: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Pulumi's key → Terraform's field, and the keys that no field is found for."""
    left = dict.fromkeys(fields)
    found: dict[str, str] = {}
    for rank in range(7):
        for field in [*left]:
            names = list(spellings(field))
            if rank < len(names) and names[rank] in keys and names[rank] not in found:
                found[names[rank]] = field
                del left[field]
    lowered = {field.replace("_", "").lower(): field for field in left}
    for key in keys:
        if key not in found and key.lower() in lowered:
            found[key] = lowered[key.lower()]
    return found, sorted(key for key in keys if key not in found)
