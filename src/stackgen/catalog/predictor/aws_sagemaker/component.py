"""A predictive model on a SageMaker endpoint, and in front of it the Open Inference Protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from open_inference_tunnel import ALIVE, FRONT

from aws_platform.containers import Container
from aws_platform.fargate import Compute, Files, Service
from aws_platform.images import PULL, SIGV4_PROXY, own_image, repositories_of
from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy, trust_policy
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from contract_bindings import Bindings

PORT, SIGNER = 8080, 8005
FOLDER = "/etc/front"


@dataclass(frozen=True, kw_only=True)
class AwsSagemakerArgs:
    """model: the registry reference that the image is built with. registry: bindings of the registry it is in.

    image: the image with the model in it; `image_tag` in a repository of this stack if absent.
    requests_per_minute: of one instance, beyond which there are more of them, up to `maximum`.
    """

    aws: Zone
    model: str
    registry: Mapping[str, Any]
    callers: Sequence[Caller] = ()
    image: str | None = None
    image_tag: str
    front_image: str
    instance_type: str
    minimum: int
    maximum: int
    requests_per_minute: int


class AwsSagemaker(pulumi.ComponentResource):
    """An endpoint without network access, which only the front may invoke, by its role."""

    bindings: Bindings

    def __init__(self, name: str, args: AwsSagemakerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:predictor:AwsSagemaker", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._zone = args.aws
        endpoint = self._endpoint(name, args)
        workload = args.aws.workload(name)
        workload.allow("invoke", Statement(("sagemaker:InvokeEndpoint",), [endpoint.arn]))
        args.aws.endpoints.connect(workload, "sagemaker.runtime")
        service = Service(
            name,
            args.aws,
            self._front(args, endpoint),
            Compute(cpu=256, memory=512, minimum=args.minimum, maximum=args.maximum),
            health_path=ALIVE,
            files=Files(plain={f"{FOLDER}/front.py": FRONT}),
            callers=args.callers,
            opts=self._child,
        )
        self.bindings = {"open-inference": {"url": service.url, "model": name}}
        self.register_outputs({"bindings": self.bindings})

    def _front(self, args: AwsSagemakerArgs, endpoint: aws.sagemaker.Endpoint) -> list[Container]:
        region = self._zone.region
        host = f"runtime.sagemaker.{region}.amazonaws.com"
        signer = ["--name", "sagemaker", "--region", region, "--host", host, "--port", f":{SIGNER}"]
        upstream = pulumi.Output.concat(
            f"http://127.0.0.1:{SIGNER}/endpoints/", endpoint.name, "/invocations"
        )
        return [
            Container(
                name="front",
                image=self._zone.image(args.front_image),
                entry_point=["python", f"{FOLDER}/front.py"],
                environment={"UPSTREAM_URL": upstream, "PORT": str(PORT)},
                readable=[FOLDER],
                writable=[],
                port=PORT,
            ),
            Container(name="signer", image=self._zone.image(SIGV4_PROXY), command=signer, writable=[]),
        ]

    def _endpoint(self, name: str, args: AwsSagemakerArgs) -> aws.sagemaker.Endpoint:
        child = self._child
        image = own_image(name, self._zone, args.image, args.image_tag, child)
        model = aws.sagemaker.Model(
            f"{name}-model",
            execution_role_arn=self._role(name, image).arn,
            enable_network_isolation=True,  # the model is in the image; the server needs no network
            primary_container=aws.sagemaker.ModelPrimaryContainerArgs(image=image),
            tags={"model": args.model.removeprefix("models:/")},
            opts=child,
        )
        variant = aws.sagemaker.EndpointConfigurationProductionVariantArgs(
            variant_name="main",
            model_name=model.name,
            instance_type=args.instance_type,
            initial_instance_count=args.minimum,
            initial_variant_weight=1,
        )
        configuration = aws.sagemaker.EndpointConfiguration(
            f"{name}-configuration",
            kms_key_arn=self._zone.key.arn,
            production_variants=[variant],
            opts=child,
        )
        endpoint = aws.sagemaker.Endpoint(
            f"{name}-endpoint",
            name=physical_name(name, 63),
            endpoint_config_name=configuration.name,
            opts=child,
        )
        if args.maximum > args.minimum:
            self._scale(name, args, endpoint)
        return endpoint

    def _role(self, name: str, image: pulumi.Input[str]) -> aws.iam.Role:
        """May pull the image and write logs; nothing else."""
        zone = self._zone
        role = aws.iam.Role(
            f"{name}-endpoint",
            name=physical_name(f"{name}-endpoint", 64),
            description=f"Runs the model {name}",
            assume_role_policy=trust_policy(
                "sagemaker.amazonaws.com", {"StringEquals": {"aws:SourceAccount": zone.account}}
            ),
            opts=self._child,
        )
        place = f"{zone.region}:{zone.account}"
        grant = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        aws.iam.RolePolicy(
            f"{name}-endpoint",
            role=role.name,
            policy=policy(
                Statement(PULL, repositories_of([image])),
                Statement(("ecr:GetAuthorizationToken",), ["*"]),  # the action knows no resources
                Statement(("kms:CreateGrant",), [zone.key.arn], grant),
                Statement(
                    ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
                    [f"arn:aws:logs:{place}:log-group:/aws/sagemaker/Endpoints/*"],
                ),
            ),
            opts=self._child,
        )
        return role

    def _scale(self, name: str, args: AwsSagemakerArgs, endpoint: aws.sagemaker.Endpoint) -> None:
        """More instances while they are busy.

        https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-define.html
        """
        target = aws.appautoscaling.Target(
            f"{name}-instances",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=pulumi.Output.concat("endpoint/", endpoint.name, "/variant/main"),
            min_capacity=args.minimum,
            max_capacity=args.maximum,
            opts=self._child,
        )
        busy = (
            aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs
        )
        aws.appautoscaling.Policy(
            f"{name}-requests",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=args.requests_per_minute,
                predefined_metric_specification=busy(
                    predefined_metric_type="SageMakerVariantInvocationsPerInstance"
                ),
            ),
            opts=self._child,
        )
