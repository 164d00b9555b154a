"""What every workload may do: linted by parliament, and written down for a reviewer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import parliament
import pytest

from tests.clouds.programs import PROGRAMS, recorded

pytestmark = pytest.mark.programs
HERE = Path(__file__).parent
# parliament's data is older than these actions
NEWER = {"sagemaker-mlflow", "aps:ListAlertManagerAlerts", "ecr:BatchImportUpstreamImage"}


def _policies(name: str) -> list[tuple[str, str]]:
    """Role policies of a program, as (resource's name, document)."""
    return [
        (resource.name, str(resource.inputs["policy"]))
        for resource in recorded(name).of_type("aws:iam/rolePolicy:RolePolicy")
    ]


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_policy_is_one_that_iam_understands(name: str) -> None:
    for resource, document in _policies(name):
        found = parliament.analyze_policy_string(document)
        serious = [
            finding
            for finding in found.findings
            if finding.severity not in ("MUTED", "INFO", "LOW")
            and not any(word in f"{finding.detail}{document}" for word in NEWER)
            and finding.issue not in ("RESOURCE_MISMATCH", "UNKNOWN_ACTION", "UNKNOWN_PREFIX")
        ]
        assert serious == [], f"{resource}: {serious}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_key_is_used_through_services_and_for_named_data(name: str) -> None:
    """Nobody decrypts with the environment's one key but through a service, for one bucket, secret or schedule."""
    for resource, document in _policies(name):
        for statement in json.loads(document)["Statement"]:
            if not {"kms:Decrypt", "kms:GenerateDataKey"} & set(statement["Action"]):
                continue
            keys = {key for test in statement.get("Condition", {}).values() for key in test}
            assert any(key.startswith("kms:EncryptionContext:") for key in keys), f"{resource}: {statement}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_images_are_pulled_from_named_repositories(name: str) -> None:
    for resource, document in _policies(name):
        for statement in json.loads(document)["Statement"]:
            if any(action.startswith("ecr:Batch") for action in statement["Action"]):
                assert all("*" not in one for one in statement["Resource"]), f"{resource}: {statement}"


@pytest.mark.parametrize("name", ["prod", "prod-gcp", "prod-mixed"])
def test_least_privilege_can_be_read(name: str, golden: Callable[[Path, str], None]) -> None:
    """Who may do what, on what: a change of it is a change of this file."""
    lines: list[str] = []
    for resource, document in sorted(_policies(name)):
        lines.append(resource)
        for statement in json.loads(document)["Statement"]:
            lines.append(f"  {', '.join(statement['Action'])}")
            lines += [f"    on {one}" for one in statement["Resource"]]
            if "Condition" in statement:
                lines.append(f"    if {json.dumps(statement['Condition'], sort_keys=True)}")
    for resource in sorted(recorded(name).resources, key=lambda one: one.name):
        if "role" in resource.inputs and "member" in resource.inputs:
            lines.append(f"{resource.name}\n  {resource.inputs['role']}\n    to {resource.inputs['member']}")
    golden(HERE / "golden" / f"permissions-{name}.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("name", ["prod", "prod-gcp", "prod-mixed"])
def test_connections_are_those_of_the_wiring(name: str, golden: Callable[[Path, str], None]) -> None:
    """Every opening in a security group or firewall, by its description."""
    found = recorded(name)
    lines = [
        f"{r.inputs['description']} {r.inputs['fromPort']}"
        for kind in ("Egress", "Ingress")
        for r in found.of_type(f"aws:vpc/securityGroup{kind}Rule:SecurityGroup{kind}Rule")
    ]
    lines += [
        f"{r.inputs.get('description', r.name)} {json.dumps(r.inputs.get('allows', 'deny'), sort_keys=True)}"
        for r in found.of_type("gcp:compute/firewall:Firewall")
    ]
    golden(HERE / "golden" / f"connections-{name}.txt", "\n".join(sorted(lines)) + "\n")
