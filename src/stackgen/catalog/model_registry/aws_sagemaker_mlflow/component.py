"""MLflow as Amazon SageMaker runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from aws_platform.buckets import data_bucket, use_of
from aws_platform.encryption import key_for_bucket
from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy, trust_policy
from aws_platform.workloads import Caller, Workload
from aws_platform.zone import Zone
from contract_bindings import Bindings

# What the client of runs, registry, traces and artifacts calls.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemakerwithmlflow.html
ACTIONS = tuple(
    f"sagemaker-mlflow:{action}"
    for action in (
        "CreateExperiment",
        "CreateModelVersion",
        "CreateRegisteredModel",
        "CreateRun",
        "DeleteModelVersion",
        "DeleteModelVersionTag",
        "DeleteRegisteredModel",
        "DeleteRegisteredModelAlias",
        "DeleteRun",
        "GetDownloadURIForModelVersionArtifacts",
        "GetExperiment",
        "GetExperimentByName",
        "GetLatestModelVersions",
        "GetMetricHistory",
        "GetModelVersion",
        "GetModelVersionByAlias",
        "GetRegisteredModel",
        "GetRun",
        "ListArtifacts",
        "LogBatch",
        "LogInputs",
        "LogMetric",
        "LogModel",
        "LogParam",
        "SearchExperiments",
        "SearchModelVersions",
        "SearchRegisteredModels",
        "SearchRuns",
        "SetExperimentTag",
        "SetModelVersionTag",
        "SetRegisteredModelAlias",
        "SetRegisteredModelTag",
        "SetTag",
        "UpdateModelVersion",
        "UpdateRegisteredModel",
        "UpdateRun",
    )
)


@dataclass(frozen=True, kw_only=True)
class AwsSagemakerMlflowArgs:
    """artifacts: bindings of the object store that keeps artifacts; a bucket of its own if absent."""

    aws: Zone
    callers: Sequence[Caller] = ()
    artifacts: Mapping[str, Any] | None = None
    mlflow_version: str
    server_size: str
    maintenance: str


class AwsSagemakerMlflow(pulumi.ComponentResource):
    """A tracking server that others keep running; clients sign requests with the role of their workload."""

    bindings: Bindings

    def __init__(
        self, name: str, args: AwsSagemakerMlflowArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:model_registry:AwsSagemakerMlflow", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-server",
            name=physical_name(f"{name}-server", 64),
            description=f"Keeps the artifacts of {name}",
            assume_role_policy=trust_policy(
                "sagemaker.amazonaws.com", {"StringEquals": {"aws:SourceAccount": args.aws.account}}
            ),
            opts=child,
        )
        place, statements = self._artifacts(name, args, child)
        aws.iam.RolePolicy(f"{name}-server", role=role.name, policy=policy(*statements), opts=child)
        server = aws.sagemaker.MlflowTrackingServer(
            f"{name}-server",
            tracking_server_name=physical_name(name, 256),
            artifact_store_uri=place,
            mlflow_version=args.mlflow_version,
            role_arn=role.arn,
            tracking_server_size=args.server_size,
            automatic_model_registration=False,
            weekly_maintenance_window_start=args.maintenance,
            opts=pulumi.ResourceOptions(parent=self, protect=args.aws.protect),
        )
        for caller in args.callers:
            if isinstance(caller, Workload):
                caller.allow(f"use-{name}", Statement(ACTIONS, [server.arn]), *statements)
                args.aws.endpoints.connect(caller, f"aws.sagemaker.{args.aws.region}.experiments")
                args.aws.endpoints.connect_s3(caller)
        self.bindings = {"mlflow": {"tracking-uri": server.arn}}
        self.register_outputs({"bindings": self.bindings})

    def _artifacts(
        self, name: str, args: AwsSagemakerMlflowArgs, opts: pulumi.ResourceOptions
    ) -> tuple[pulumi.Output[str], tuple[Statement, ...]]:
        if args.artifacts is None:
            bucket = data_bucket(f"{name}-artifacts", args.aws, opts)
            return pulumi.Output.concat("s3://", bucket.bucket), use_of(bucket, args.aws)
        store = args.artifacts["s3"]["bucket"]
        arn = pulumi.Output.concat("arn:aws:s3:::", store)
        objects = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
        return pulumi.Output.concat("s3://", store, f"/{name}"), (
            Statement(objects, [pulumi.Output.concat(arn, f"/{name}/*")]),
            Statement(("s3:ListBucket",), [arn]),
            key_for_bucket(args.aws, arn, "kms:Decrypt", "kms:GenerateDataKey"),
        )
