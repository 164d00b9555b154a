"""Recorded resources as the JSON of a Terraform plan, which checkov can judge.

Names are mapped by rule, with a table where a module's name is another there; nested objects become the
one-element lists that blocks are. Enough for policy checks; not a plan that could be applied.
"""

from __future__ import annotations

import json
import re
from typing import Any

JSON = Any

MODULES = {
    "ec2": "",
    "vpc": "vpc",
    "amp": "prometheus",
    "rds": "rds",
    "appautoscaling": "appautoscaling",
    "cloudrunv2": "cloud_run_v2",
    "serviceaccount": "service_account",
    "artifactregistry": "artifact_registry",
    "secretmanager": "secret_manager",
    "cloudscheduler": "cloud_scheduler",
    "servicenetworking": "service_networking",
    "projects": "project",
    "vertex": "vertex",
}
TYPES = {
    "aws:rds/instance:Instance": "aws_db_instance",
    "aws:rds/subnetGroup:SubnetGroup": "aws_db_subnet_group",
    "aws:rds/parameterGroup:ParameterGroup": "aws_db_parameter_group",
    "aws:ec2/vpc:Vpc": "aws_vpc",
    "gcp:serviceaccount/account:Account": "google_service_account",
    "gcp:projects/iAMMember:IAMMember": "google_project_iam_member",
    "gcp:compute/network:Network": "google_compute_network",
    "gcp:sql/databaseInstance:DatabaseInstance": "google_sql_database_instance",
    "gcp:kms/cryptoKey:CryptoKey": "google_kms_crypto_key",
}
MAPS = {
    "tags",
    "tags_all",
    "labels",
    "default_labels",
    "environment",
    "attribute_mapping",
    "limits",
    "database_flags",
}


def snake(text: str) -> str:
    """vpcSecurityGroupIds → vpc_security_group_ids."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", text).lower()


def terraform_type(token: str) -> str:
    """aws:s3/bucketVersioning:BucketVersioning → aws_s3_bucket_versioning."""
    if token in TYPES:
        return TYPES[token]
    package, module, name = token.split(":")
    module = module.split("/")[0]
    middle = MODULES.get(module, module)
    prefix = "google" if package == "gcp" else package
    return "_".join(part for part in (prefix, middle, snake(name)) if part)


def _values(value: JSON, key: str = "") -> JSON:
    if isinstance(value, dict):
        if key in MAPS:
            return value
        return [{snake(name): _values(item, snake(name)) for name, item in value.items()}]
    if isinstance(value, list):
        return [_block(item, key) for item in value]
    return value


def _block(item: JSON, key: str) -> JSON:
    found = _values(item, key)
    return found[0] if isinstance(item, dict) and isinstance(found, list) else found


def _singular(values: dict[str, JSON]) -> dict[str, JSON]:
    """Blocks under the name of one of them, as Terraform has them, beside the plural that Pulumi has."""
    found = dict(values)
    for key, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], dict) and key.endswith("s"):
            found[key[:-3] + "y" if key.endswith("ies") else key[:-1]] = value
    return found


def _address(resource: dict[str, JSON]) -> str:
    name = re.sub(r"[^a-z0-9_]", "_", str(resource["name"]).lower())
    return f"{terraform_type(str(resource['type']))}.{name}"


def _configured(resource: dict[str, JSON], addresses: dict[str, str]) -> dict[str, JSON]:
    """Which properties come from which other resources: the edges that checks of two resources need."""
    expressions: dict[str, JSON] = {}
    for key, urns in resource["property_dependencies"].items():
        found = [addresses[urn] for urn in urns if urn in addresses]
        if found:
            references = [text for one in found for text in (f"{one}.id", one)]
            expressions[snake(key)] = {"references": references}
            if key.endswith("s"):
                expressions[snake(key)[:-1]] = {"references": references}
    address = _address(resource)
    kind, _, name = address.partition(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "expressions": expressions,
    }


def plan(resources: list[dict[str, JSON]]) -> dict[str, JSON]:
    """The plan of one recorded program."""
    own = [r for r in resources if r["custom"] and str(r["type"]).startswith(("aws:", "gcp:"))]
    addresses = {str(resource["urn"]): _address(resource) for resource in own}
    planned: list[dict[str, JSON]] = []
    changes: list[dict[str, JSON]] = []
    for resource in own:
        values = _singular(_values(resource["inputs"])[0])
        kind, _, name = _address(resource).partition(".")
        head = {
            "address": f"{kind}.{name}",
            "mode": "managed",
            "type": kind,
            "name": name,
            "provider_name": f"registry.terraform.io/hashicorp/{kind.split('_')[0]}",
        }
        planned.append({**head, "values": values})
        change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
        changes.append({**head, "change": change})
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": [_configured(r, addresses) for r in own]}},
    }


def main(source: str, target: str) -> None:
    with open(source, encoding="utf-8") as file:  # noqa: PTH123
        recorded = json.load(file)
    with open(target, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(plan(recorded["resources"]), file, indent=1)


if __name__ == "__main__":
    import sys

    main(sys.argv[1], sys.argv[2])
