"""The calls that AWS resources stand for, through boto3's own parameter validation, against moto's emulation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.clouds.programs import EXAMPLES, recorded
from tests.clouds.recording import Recording, Resource

pytestmark = pytest.mark.programs
REGION = "eu-central-1"
AWS = ["prod", *(name for name in EXAMPLES if "aws_" in name)]
Inputs = dict[str, Any]


def _upper(value: Any) -> Any:
    """camelCase → UpperCamelCase, down to the leaves, as most of AWS's APIs want it."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: _upper(item) for key, item in value.items()}
    return [_upper(item) for item in value] if isinstance(value, list) else value


def _role(iam: Any, i: Inputs) -> None:
    description = i.get("description", "")
    iam.create_role(
        RoleName=i["name"], AssumeRolePolicyDocument=i["assumeRolePolicy"], Description=description
    )


def _role_policy(iam: Any, i: Inputs) -> None:
    iam.put_role_policy(RoleName=i["role"], PolicyName=i.get("name", "inline"), PolicyDocument=i["policy"])


def _key(kms: Any, i: Inputs) -> None:
    made = kms.create_key(Description=i["description"], Policy=i["policy"])["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=made)


def _logs(logs: Any, i: Inputs) -> None:
    logs.create_log_group(logGroupName=i["name"], kmsKeyId=i["kmsKeyId"])
    logs.put_retention_policy(logGroupName=i["name"], retentionInDays=i["retentionInDays"])


def _secret(secrets: Any, i: Inputs) -> None:
    secrets.create_secret(Name=i["name"], Description=i["description"], KmsKeyId=i["kmsKeyId"])


def _repository(ecr: Any, i: Inputs) -> None:
    encryption = i["encryptionConfigurations"][0]
    ecr.create_repository(
        repositoryName=i["name"],
        imageTagMutability=i["imageTagMutability"],
        imageScanningConfiguration=i["imageScanningConfiguration"],
        encryptionConfiguration={
            "encryptionType": encryption["encryptionType"],
            "kmsKey": encryption["kmsKey"],
        },
    )


def _bucket(s3: Any, i: Inputs) -> None:
    location = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=i["bucketPrefix"] + "x" * 26, CreateBucketConfiguration=location)


def _task(ecs: Any, i: Inputs) -> None:
    ecs.register_task_definition(
        family=i["family"],
        requiresCompatibilities=i["requiresCompatibilities"],
        networkMode=i["networkMode"],
        cpu=i["cpu"],
        memory=i["memory"],
        executionRoleArn=i["executionRoleArn"],
        taskRoleArn=i["taskRoleArn"],
        containerDefinitions=json.loads(i["containerDefinitions"]),
        volumes=[{"name": one["name"]} for one in i["volumes"]],
    )


def _parameters(rds: Any, i: Inputs) -> None:
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=i["name"], DBParameterGroupFamily=i["family"], Description="x"
    )


def _cluster(rds: Any, i: Inputs) -> None:
    rds.create_db_cluster(
        DBClusterIdentifier=i["clusterIdentifier"],
        Engine=i["engine"],
        EngineVersion=i["engineVersion"],
        DatabaseName=i["databaseName"],
        MasterUsername=i["masterUsername"],
        MasterUserPassword="x" * 40,
        Port=i["port"],
        StorageEncrypted=i["storageEncrypted"],
        KmsKeyId=i["kmsKeyId"],
        BackupRetentionPeriod=i["backupRetentionPeriod"],
        PreferredBackupWindow=i["preferredBackupWindow"],
        PreferredMaintenanceWindow=i["preferredMaintenanceWindow"],
        DeletionProtection=i["deletionProtection"],
        EnableCloudwatchLogsExports=i["enabledCloudwatchLogsExports"],
        ServerlessV2ScalingConfiguration=_upper(i["serverlessv2ScalingConfiguration"]),
    )


def _vpc(ec2: Any, i: Inputs) -> None:
    ec2.create_vpc(CidrBlock=i["cidrBlock"])


def _workspace(amp: Any, i: Inputs) -> None:
    amp.create_workspace(alias=i["alias"])


def _schedule(scheduler: Any, i: Inputs) -> None:
    scheduler.create_schedule(
        Name=i["name"],
        ScheduleExpression=i["scheduleExpression"],
        FlexibleTimeWindow=_upper(i["flexibleTimeWindow"]),
        Target={"Arn": i["target"]["arn"], "RoleArn": i["target"]["roleArn"]},
    )


# type → the service's client and the call
CALLS: dict[str, tuple[str, Callable[[Any, Inputs], None]]] = {
    "aws:iam/role:Role": ("iam", _role),
    "aws:iam/rolePolicy:RolePolicy": ("iam", _role_policy),
    "aws:kms/key:Key": ("kms", _key),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", _logs),
    "aws:secretsmanager/secret:Secret": ("secretsmanager", _secret),
    "aws:ecr/repository:Repository": ("ecr", _repository),
    "aws:s3/bucket:Bucket": ("s3", _bucket),
    "aws:ecs/taskDefinition:TaskDefinition": ("ecs", _task),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": ("rds", _parameters),
    "aws:rds/cluster:Cluster": ("rds", _cluster),
    "aws:ec2/vpc:Vpc": ("ec2", _vpc),
    "aws:amp/workspace:Workspace": ("amp", _workspace),
    "aws:scheduler/schedule:Schedule": ("scheduler", _schedule),
}


def _known(found: Recording) -> Iterator[Resource]:
    """In the order of the program, so that roles are there before their policies."""
    yield from (resource for resource in found.resources if resource.type in CALLS)


@pytest.mark.parametrize("name", AWS)
def test_the_services_apis_take_what_the_resources_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "testing")
    count = 0
    with mock_aws():
        clients: dict[str, Any] = {}
        for resource in _known(recorded(name)):
            service, call = CALLS[resource.type]
            client = clients.setdefault(service, boto3.client(service, region_name=REGION))  # type: ignore[call-overload]
            call(client, resource.inputs)
            count += 1
    assert count >= 1
