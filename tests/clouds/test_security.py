"""What an auditor would ask of the recorded resources: by rules of ours, and by checkov's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clouds import terraform
from tests.clouds.checkov import checkov
from tests.clouds.programs import PROGRAMS, copy_of, program, recorded
from tests.clouds.recording import Recording, Resource, run_program

pytestmark = pytest.mark.programs
HERE = Path(__file__).parent
ACCEPTED: dict[str, dict[str, str]] = yaml.safe_load((HERE / "accepted.yaml").read_text(encoding="utf-8"))

# A mistake somebody could make in a program, in a file of it, and the rule that finds it.
SEEDED = [
    (
        "object_store-aws_s3",
        "aws_platform/buckets.py",
        "block_public_policy=True",
        "block_public_policy=False",
        "CKV_AWS_54",
    ),
    (
        "object_store-aws_s3",
        "aws_platform/buckets.py",
        "block_public_acls=True",
        "block_public_acls=False",
        "CKV_AWS_53",
    ),
    (
        "object_store-aws_s3",
        "aws_platform/buckets.py",
        "ignore_public_acls=True",
        "ignore_public_acls=False",
        "CKV_AWS_55",
    ),
    (
        "object_store-aws_s3",
        "aws_platform/buckets.py",
        "restrict_public_buckets=True",
        "restrict_public_buckets=False",
        "CKV_AWS_56",
    ),
    (
        "object_store-aws_s3",
        "aws_platform/buckets.py",
        '(status="Enabled")',
        '(status="Suspended")',
        "CKV_AWS_21",
    ),
    (
        "object_store-aws_s3",
        "aws_platform/buckets.py",
        '"aws:SecureTransport": "false"',
        '"aws:SecureTransport": "true"',
        "tls-only",
    ),
    (
        "object_store-aws_s3",
        "aws_platform/encryption.py",
        "enable_key_rotation=True",
        "enable_key_rotation=False",
        "CKV_AWS_7",
    ),
    (
        "vector_store-aws_aurora_postgresql",
        "aws_platform/databases.py",
        "storage_encrypted=True",
        "storage_encrypted=False",
        "CKV_AWS_96",
    ),
    (
        "vector_store-aws_aurora_postgresql",
        "aws_platform/databases.py",
        "deletion_protection=not zone.deletable",
        "deletion_protection=False",
        "CKV_AWS_139",
    ),
    (
        "vector_store-aws_aurora_postgresql",
        "aws_platform/databases.py",
        "backup_retention_period=zone.backup_retention",
        "backup_retention_period=1",
        "backups",
    ),
    (
        "vector_store-aws_aurora_postgresql",
        "aws_platform/databases.py",
        "publicly_accessible=False",
        "publicly_accessible=True",
        "no-public-database",
    ),
    (
        "vector_store-aws_aurora_postgresql",
        "aws_platform/databases.py",
        '"rds.force_ssl": "1"',
        '"rds.force_ssl": "0"',
        "database-tls",
    ),
    (
        "vector_store-aws_aurora_postgresql",
        "aws_platform/databases.py",
        "iam_database_authentication_enabled=True",
        "iam_database_authentication_enabled=False",
        "CKV_AWS_162",
    ),
    (
        "vector_store-aws_rds_postgresql",
        "aws_platform/databases.py",
        "multi_az=standby",
        "multi_az=False",
        "CKV_AWS_157",
    ),
    (
        "service-aws_fargate",
        "aws_platform/containers.py",
        '"readonlyRootFilesystem": True',
        '"readonlyRootFilesystem": False',
        "CKV_AWS_336",
    ),
    (
        "service-aws_fargate",
        "aws_platform/containers.py",
        "user: str = UNPRIVILEGED_USER",
        'user: str = "0:0"',
        "non-root",
    ),
    (
        "service-aws_fargate",
        "aws_platform/fargate.py",
        "assign_public_ip=False",
        "assign_public_ip=True",
        "CKV_AWS_333",
    ),
    ("service-aws_fargate", "aws_platform/images.py", '"IMMUTABLE"', '"MUTABLE"', "CKV_AWS_51"),
    (
        "service-aws_fargate",
        "aws_platform/images.py",
        "scan_on_push=True",
        "scan_on_push=False",
        "CKV_AWS_163",
    ),
    (
        "service-aws_fargate",
        "aws_platform/fargate.py",
        '("secretsmanager:GetSecretValue",), [secret.arn]',
        '("secretsmanager:*",), ["*"]',
        "no-stars",
    ),
    (
        "service-aws_fargate",
        "components/foundation/aws_landing_zone.py",
        "retention_in_days=self._args.log_retention",
        "retention_in_days=0",
        "CKV_AWS_338",
    ),
    (
        "service-aws_fargate",
        "components/foundation/aws_landing_zone.py",
        "kms_key_id=self.key.arn",
        "kms_key_id=None",
        "CKV_AWS_158",
    ),
    (
        "service-aws_fargate",
        "components/foundation/aws_landing_zone.py",
        'value="enhanced"',
        'value="disabled"',
        "CKV_AWS_65",
    ),
    (
        "service-aws_fargate",
        "aws_platform/service_network.py",
        'protocol="HTTPS"',
        'protocol="HTTP"',
        "https-only",
    ),
    (
        "service-aws_fargate",
        "aws_platform/workloads.py",
        "from_port=port,\n            to_port=port,\n            referenced",
        "from_port=0,\n            to_port=65535,\n            referenced",
        "one-port",
    ),
    (
        "object_store-gcp_cloud_storage",
        "gcp_platform/buckets.py",
        "uniform_bucket_level_access=True",
        "uniform_bucket_level_access=False",
        "CKV_GCP_29",
    ),
    (
        "object_store-gcp_cloud_storage",
        "gcp_platform/buckets.py",
        'public_access_prevention="enforced"',
        'public_access_prevention="inherited"',
        "CKV_GCP_114",
    ),
    (
        "object_store-gcp_cloud_storage",
        "gcp_platform/buckets.py",
        "BucketVersioningArgs(enabled=True)",
        "BucketVersioningArgs(enabled=False)",
        "CKV_GCP_78",
    ),
    (
        "object_store-gcp_cloud_storage",
        "components/foundation/gcp_landing_zone.py",
        'rotation_period="7776000s"',
        'rotation_period="31536000s"',
        "CKV_GCP_43",
    ),
    (
        "vector_store-gcp_cloud_sql",
        "gcp_platform/databases.py",
        "ipv4_enabled=False",
        "ipv4_enabled=True",
        "CKV_GCP_60",
    ),
    (
        "vector_store-gcp_cloud_sql",
        "gcp_platform/databases.py",
        'ssl_mode="ENCRYPTED_ONLY"',
        'ssl_mode="ALLOW_UNENCRYPTED_AND_ENCRYPTED"',
        "database-tls",
    ),
    (
        "vector_store-gcp_cloud_sql",
        "gcp_platform/databases.py",
        "point_in_time_recovery_enabled=True",
        "point_in_time_recovery_enabled=False",
        "backups",
    ),
    (
        "vector_store-gcp_cloud_sql",
        "gcp_platform/databases.py",
        '"log_connections": "on"',
        '"log_connections": "off"',
        "CKV_GCP_52",
    ),
    (
        "service-gcp_cloud_run",
        "gcp_platform/cloud_run.py",
        '"INGRESS_TRAFFIC_INTERNAL_ONLY"',
        '"INGRESS_TRAFFIC_ALL"',
        "internal-only",
    ),
    (
        "service-gcp_cloud_run",
        "gcp_platform/cloud_run.py",
        "encryption_key=zone.key_id",
        "encryption_key=None",
        "own-key",
    ),
    (
        "service-gcp_cloud_run",
        "gcp_platform/secrets.py",
        '"roles/secretmanager.secretAccessor"',
        '"roles/owner"',
        "narrow-roles",
    ),
    (
        "service-gcp_cloud_run",
        "gcp_platform/network.py",
        "private_ip_google_access=True",
        "private_ip_google_access=False",
        "CKV_GCP_74",
    ),
]


def _documents(found: Recording) -> list[tuple[str, dict[str, Any]]]:
    """Every IAM policy document of a program: the resource's name and the document."""
    keys = ("policy", "assumeRolePolicy")
    return [
        (f"{r.type.rsplit(':', 1)[-1]} {r.name}", json.loads(str(r.inputs[key])))
        for r in found.resources
        if r.type.startswith("aws:iam/")
        for key in keys
        if key in r.inputs
    ]


def _walk(value: Any, key: str) -> list[Any]:
    if isinstance(value, dict):
        return [v for k, v in value.items() if k == key] + [x for v in value.values() for x in _walk(v, key)]
    return [x for item in value for x in _walk(item, key)] if isinstance(value, list) else []


# actions that AWS lets nobody restrict to a resource, or that make what has no name yet
UNRESTRICTABLE = {
    "ecr:GetAuthorizationToken",
    "xray:BatchGetTraces",
    "xray:GetServiceGraph",
    "xray:GetTraceGraph",
    "xray:GetTraceSummaries",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


Broken = Iterator[tuple[str, str]]


def rules(found: Recording) -> dict[str, list[str]]:
    """Rule of ours → what breaks it."""
    broken: dict[str, list[str]] = {}
    for rule, what in _broken(found):
        broken.setdefault(rule, []).append(what)
    return broken


def _broken(found: Recording) -> Broken:
    for name, document in _documents(found):
        yield from _statements(name, document)
    for resource in found.resources:
        kind = resource.type
        if kind.startswith(("aws:s3/", "aws:rds/")):
            yield from _data(resource)
        elif kind.startswith(("aws:vpc/", "aws:vpclattice/", "aws:ecs/")):
            yield from _connections(resource)
        elif kind.startswith("gcp:"):
            yield from _google(resource)


def _statements(name: str, document: dict[str, Any]) -> Broken:
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement.get("Resource", [])
        if any("*" in action for action in actions):
            yield "no-stars", f"{name}: {actions}"
        limited = set(actions) <= UNRESTRICTABLE or "Condition" in statement
        if "*" in ([resources] if isinstance(resources, str) else resources) and not limited:
            yield "no-stars", f"{name}: {actions} on *"


def _data(r: Resource) -> Broken:
    if (
        r.type.startswith("aws:s3/bucketPolicy")
        and '"aws:SecureTransport": "false"' not in r.inputs["policy"]
    ):
        yield "tls-only", r.name
    if (
        r.type.startswith(("aws:rds/cluster:", "aws:rds/instance:"))
        and r.inputs.get("backupRetentionPeriod", 0) < 7
    ):
        yield "backups", r.name
    if r.inputs.get("publiclyAccessible") is True:
        yield "no-public-database", r.name
    if r.type.endswith("ParameterGroup"):
        forced = {p["name"]: p["value"] for p in r.inputs["parameters"]}
        if forced.get("rds.force_ssl") != "1":
            yield "database-tls", r.name


def _connections(r: Resource) -> Broken:
    if r.type.endswith(":Listener") and r.inputs["protocol"] != "HTTPS":
        yield "https-only", r.name
    if r.type.endswith("gressRule"):
        if r.inputs["fromPort"] != r.inputs["toPort"]:
            yield "one-port", r.name
        outward = r.type.endswith("EgressRule") and r.inputs["toPort"] == 443
        if r.inputs.get("cidrIpv4") == "0.0.0.0/0" and not outward:
            yield "no-open-door", r.name
    if r.type.endswith(":TaskDefinition"):
        for container in json.loads(r.inputs["containerDefinitions"]):
            if container["user"].startswith("0") and container["name"] != "prepare":
                yield "non-root", f"{r.name} {container['name']}"


def _google(r: Resource) -> Broken:
    if r.type == "gcp:cloudrunv2/service:Service":
        if r.inputs.get("ingress") != "INGRESS_TRAFFIC_INTERNAL_ONLY":
            yield "internal-only", r.name
        if not _walk(r.inputs, "encryptionKey"):
            yield "own-key", r.name
    if r.type == "gcp:sql/databaseInstance:DatabaseInstance":
        if _walk(r.inputs, "sslMode") != ["ENCRYPTED_ONLY"]:
            yield "database-tls", r.name
        if _walk(r.inputs, "pointInTimeRecoveryEnabled") != [True]:
            yield "backups", r.name
    broad = re.search(r"roles/(owner|editor|.*\.admin)$", str(r.inputs.get("role", "")))
    if broad or str(r.inputs.get("member", "")).startswith("allU"):
        yield "narrow-roles", r.name


@pytest.mark.parametrize("name", PROGRAMS)
def test_our_own_rules_hold(name: str) -> None:
    assert rules(recorded(name)) == {}


def _checkov(plans: dict[str, Recording], folder: Path) -> dict[str, dict[str, list[str]]]:
    """Program → check → resources that fail it, by one run over all plans."""
    for name, recording in plans.items():
        target = folder / name
        target.mkdir(parents=True)
        resources = json.loads(json.dumps([vars(r) for r in recording.resources]))
        (target / "tfplan.json").write_text(json.dumps(terraform.plan(resources)), encoding="utf-8")
    report = checkov(folder, "terraform_plan")
    assert report["summary"]["passed"] > 20 * len(plans)
    found: dict[str, dict[str, list[str]]] = {name: {} for name in plans}
    for failed in report["results"]["failed_checks"]:
        name = Path(failed["file_path"]).parent.name
        found[name].setdefault(failed["check_id"], []).append(failed["resource"])
    return found


@cache
def _judged() -> dict[str, dict[str, list[str]]]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return _checkov({name: recorded(name) for name in PROGRAMS}, Path(folder))


@pytest.mark.parametrize("name", PROGRAMS)
def test_checkov_finds_nothing_that_is_not_explained(name: str) -> None:
    """`accepted.yaml` says for each rule that we don't keep where, and why not."""
    unexplained = {
        check: resources
        for check, resources in _judged()[name].items()
        if not all(re.fullmatch(ACCEPTED[check]["where"], one) for one in resources if check in ACCEPTED)
        or check not in ACCEPTED
    }
    assert unexplained == {}


def test_every_accepted_rule_is_still_needed() -> None:
    failing = {check for checks in _judged().values() for check in checks}
    assert set(ACCEPTED) - failing == set()


@pytest.mark.nightly
def test_seeded_misconfigurations_are_caught(tmp_path: Path) -> None:
    """At least 95 % of what we spoil is found by the rule that should find it."""
    plans: dict[str, Recording] = {}
    for index, (base, file, right, wrong, _) in enumerate(SEEDED):
        folder = copy_of(base, tmp_path / f"program-{index}")
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert right in text, f"{file} has no {right!r}"
        path.write_text(text.replace(right, wrong), encoding="utf-8")
        plans[f"seed-{index}"] = run_program(folder, stack="prod")
    judged = _checkov(plans, tmp_path / "plans")
    missed = [
        seed
        for (name, found), seed in zip(plans.items(), SEEDED, strict=True)
        if seed[-1] not in rules(found) and seed[-1] not in judged[name]
    ]
    print(f"{len(SEEDED) - len(missed)} of {len(SEEDED)} seeded misconfigurations found; missed: {missed}")
    assert len(missed) <= len(SEEDED) * 0.05, missed


def test_programs_exist() -> None:
    assert all(program(name).is_dir() for name in PROGRAMS)
