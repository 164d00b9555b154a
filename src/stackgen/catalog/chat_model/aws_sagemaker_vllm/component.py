"""A chat model with open weights on a SageMaker endpoint, served by vLLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from aws_platform.buckets import data_bucket
from aws_platform.encryption import key_for_bucket
from aws_platform.federation import SESSION, assumable_role
from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy, trust_policy
from aws_platform.workloads import Caller, FederatedCaller, Workload
from aws_platform.zone import Zone

IMAGES = "763104351884"  # AWS's account for Deep Learning Containers


@dataclass(frozen=True, kw_only=True)
class AwsSagemakerVllmArgs:
    """model: logical name. weights: s3:// folder; `<model>/` in a bucket of this stack if absent.

    container: tag of AWS's Large Model Inference container. context: tokens.
    """

    aws: Zone
    model: str
    callers: Sequence[Caller] = ()
    weights: str | None = None
    container: str
    instance_type: str
    instances: int
    context: int


class AwsSagemakerVllm(pulumi.ComponentResource):
    """An endpoint that only its callers may invoke; the gateway that serves it speaks OpenAI's API for it."""

    bindings: dict[str, Mapping[str, pulumi.Input[Any]]]

    def __init__(
        self, name: str, args: AwsSagemakerVllmArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:chat_model:AwsSagemakerVllm", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._zone = args.aws
        if args.weights:
            folder, bucket_arn = args.weights.rstrip("/"), f"arn:aws:s3:::{args.weights.split('/')[2]}"
            weights: pulumi.Input[str] = f"{folder}/"
            source: pulumi.Input[str] = bucket_arn
        else:
            bucket = data_bucket(f"{name}-weights", args.aws, self._child)
            weights = pulumi.Output.concat("s3://", bucket.bucket, f"/{args.model}/")
            source = bucket.arn
        role = self._role(name, source)
        endpoint = self._endpoint(name, args, weights, role)
        self.bindings = {"upstream": self._open_to(name, args.callers, endpoint), "openai-chat": {}}
        self.register_outputs({"endpoint": endpoint.name})

    def _role(self, name: str, bucket_arn: pulumi.Input[str]) -> aws.iam.Role:
        """May read the weights and pull the container; nothing else."""
        role = aws.iam.Role(
            f"{name}-endpoint",
            name=physical_name(f"{name}-endpoint", 64),
            description=f"Runs the model {name}",
            assume_role_policy=trust_policy(
                "sagemaker.amazonaws.com", {"StringEquals": {"aws:SourceAccount": self._zone.account}}
            ),
            opts=self._child,
        )
        region, account = self._zone.region, self._zone.account
        containers = f"arn:aws:ecr:{region}:{IMAGES}:repository/djl-inference"
        logs = f"arn:aws:logs:{region}:{account}:log-group:/aws/sagemaker/Endpoints/*"
        aws.iam.RolePolicy(
            f"{name}-endpoint",
            role=role.name,
            policy=policy(
                Statement(("s3:GetObject",), [pulumi.Output.concat(bucket_arn, "/*")]),
                Statement(("s3:ListBucket",), [bucket_arn]),
                key_for_bucket(self._zone, bucket_arn, "kms:Decrypt"),
                Statement(
                    ("kms:CreateGrant",),
                    [self._zone.key.arn],
                    {"Bool": {"kms:GrantIsForAWSResource": "true"}},
                ),
                Statement(
                    ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                    [containers],
                ),
                Statement(("ecr:GetAuthorizationToken",), ["*"]),  # the action knows no resources
                Statement(("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"), [logs]),
            ),
            opts=self._child,
        )
        return role

    def _endpoint(
        self, name: str, args: AwsSagemakerVllmArgs, weights: pulumi.Input[str], role: aws.iam.Role
    ) -> aws.sagemaker.Endpoint:
        zone, child = self._zone, self._child
        model = aws.sagemaker.Model(
            f"{name}-model",
            execution_role_arn=role.arn,
            enable_network_isolation=True,  # weights come by SageMaker itself; the server calls nobody
            primary_container=aws.sagemaker.ModelPrimaryContainerArgs(
                image=f"{IMAGES}.dkr.ecr.{zone.region}.amazonaws.com/djl-inference:{args.container}",
                environment={
                    "HF_MODEL_ID": "/opt/ml/model",
                    "OPTION_ROLLING_BATCH": "vllm",
                    "OPTION_MAX_MODEL_LEN": str(args.context),
                    "OPTION_ENABLE_AUTO_TOOL_CHOICE": "true",
                },
                model_data_source=aws.sagemaker.ModelPrimaryContainerModelDataSourceArgs(
                    s3_data_sources=[
                        aws.sagemaker.ModelPrimaryContainerModelDataSourceS3DataSourceArgs(
                            s3_uri=weights, s3_data_type="S3Prefix", compression_type="None"
                        )
                    ]
                ),
            ),
            opts=child,
        )
        configuration = aws.sagemaker.EndpointConfiguration(
            f"{name}-configuration",
            kms_key_arn=zone.key.arn,
            production_variants=[
                aws.sagemaker.EndpointConfigurationProductionVariantArgs(
                    variant_name="main",
                    model_name=model.name,
                    instance_type=args.instance_type,
                    initial_instance_count=args.instances,
                    container_startup_health_check_timeout_in_seconds=1800,
                    model_data_download_timeout_in_seconds=1800,
                )
            ],
            opts=child,
        )
        return aws.sagemaker.Endpoint(
            f"{name}-endpoint",
            name=physical_name(name, 63),
            endpoint_config_name=configuration.name,
            opts=child,
        )

    def _open_to(
        self, name: str, callers: Sequence[object], endpoint: aws.sagemaker.Endpoint
    ) -> Mapping[str, pulumi.Input[Any]]:
        """Grant the callers the endpoint; returns the parameters with which a gateway calls it."""
        invoke = Statement(
            ("sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"), [endpoint.arn]
        )
        found: dict[str, pulumi.Input[Any]] = {
            "model": pulumi.Output.concat("sagemaker_chat/", endpoint.name),
            "aws_region_name": self._zone.region,
        }
        for caller in callers:
            if isinstance(caller, Workload):
                caller.allow(f"call-{name}", invoke)
                self._zone.endpoints.connect(caller, "sagemaker.runtime")
            elif isinstance(caller, FederatedCaller):
                role, audience = assumable_role(name, self._zone, caller, [invoke], self._child)
                token = f"oidc/google/{audience}"
                found |= {
                    "aws_role_name": role,
                    "aws_session_name": SESSION,
                    "aws_web_identity_token": token,
                }
        return found
