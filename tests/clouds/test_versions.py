"""Who may delete old versions of objects: the lifecycle of the bucket, and no workload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from stackgen.contracts.s3.contract import S3Binding, client, probe_versioning, scratch
from tests.clouds.programs import PROGRAMS, generated, recorded
from tests.clouds.recording import run_program

pytestmark = pytest.mark.programs
SPEC = """
apiVersion: stackgen/v1
name: versions
components:
  documents: {capability: object_store}
  app: {capability: service, source: ., command: [run], uses: [documents]}
environments: {prod: {provider: aws, settings: {account: "111122223333", region: eu-central-1}}}
"""
REGION, BUCKET = "eu-central-1", "documents-bucket"  # as the mocks name it
# what removes a version at once, or lets the bucket remove it, or stops that versions are kept
DESTROYING = {
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket",
    "s3:DeleteObjectVersion",
    "s3:PutBucketPolicy",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
}
# roles on a bucket that cannot change its versioning, its lifecycle or its soft delete
USERS_ROLES = {"roles/storage.legacyBucketReader", "roles/storage.objectUser"}
MONTH = 30 * 86400


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_workload_may_destroy_versions(name: str) -> None:
    for policy in recorded(name).of_type("aws:iam/rolePolicy:RolePolicy"):
        for statement in json.loads(str(policy.inputs["policy"]))["Statement"]:
            assert not DESTROYING & set(statement["Action"]), policy.name


@pytest.mark.parametrize("name", [one for one in PROGRAMS if "aws" not in one])
def test_what_workloads_delete_on_google_cloud_can_be_restored_for_a_month(name: str) -> None:
    """Overwriting needs the permission that deletes versions too, so the bucket itself keeps what was deleted."""
    found = recorded(name)
    granted = {one.inputs["bucket"] for one in found.of_type("gcp:storage/bucketIAMMember:BucketIAMMember")}
    for bucket in found.of_type("gcp:storage/bucket:Bucket"):
        if bucket.inputs["name"] in granted and bucket.name != "access-logs-bucket":
            kept = bucket.inputs["softDeletePolicy"]["retentionDurationSeconds"]
            assert kept >= MONTH, f"{bucket.name}: {kept} seconds"
    for member in found.of_type("gcp:storage/bucketIAMMember:BucketIAMMember"):
        if not str(member.inputs["member"]).startswith("group:"):
            assert member.inputs["role"] in USERS_ROLES, member.name


def _bucket_and_a_user(policy: str) -> tuple[str, str]:
    """A bucket with versions, and the key of a user with the rights of the policy and no other."""
    operator, iam = boto3.client("s3", region_name=REGION), boto3.client("iam")
    place: Any = {"LocationConstraint": REGION}
    operator.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    operator.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    iam.create_user(UserName="app")
    iam.put_user_policy(UserName="app", PolicyName="use", PolicyDocument=policy)
    key = iam.create_access_key(UserName="app")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@set_initial_no_auth_action_count(0)  # moto asks the policy about every call
def _use(binding: S3Binding) -> None:
    s3 = client(binding)
    first = s3.put_object(Bucket=BUCKET, Key="a", Body=b"first")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"second")
    s3.delete_object(Bucket=BUCKET, Key="a")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key="a", VersionId=first)
    assert s3.get_object(Bucket=BUCKET, Key="a", VersionId=first)["Body"].read() == b"first"
    assert probe_versioning(binding)
    with scratch(binding) as (probe, prefix):
        probe.put_object(Bucket=BUCKET, Key=f"{prefix}x", Body=b"x")
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)


def test_an_application_on_aws_deletes_objects_and_no_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the very policy of its program; probes of the store still pass and clean up what they may."""
    found = run_program(generated(SPEC, tmp_path), stack="prod")
    policy = str(found.named("app-use-documents", "aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "operator")
    with mock_aws():
        access_key, secret_key = _bucket_and_a_user(policy)
        binding = {"endpoint": f"https://s3.{REGION}.amazonaws.com", "region": REGION, "bucket": BUCKET}
        keys = {"access-key-id": access_key, "secret-access-key": secret_key}
        _use(S3Binding.model_validate({**binding, **keys}))
