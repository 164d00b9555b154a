"""The user's own job on ECS Fargate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from aws_platform.containers import Container
from aws_platform.encryption import key_for_schedule
from aws_platform.fargate import Compute, Task
from aws_platform.images import own_image
from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy, trust_policy
from aws_platform.workloads import Caller
from aws_platform.zone import Zone
from binding_variables import environment, split


@dataclass(frozen=True, kw_only=True)
class AwsFargateArgs:
    """source: the code's folder, which the image is built from. uses: component → bindings it gets as variables.

    schedule: an EventBridge expression, such as cron(0 3 * * ? *), in `time_zone`.
    """

    aws: Zone
    source: str
    command: Sequence[str]
    callers: Sequence[Caller] = ()
    uses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    image: str | None = None
    image_tag: str
    schedule: str
    time_zone: str
    cpu: int
    memory: int


class AwsFargate(pulumi.ComponentResource):
    """A task that starts on a schedule, and by hand for users who may run it."""

    def __init__(self, name: str, args: AwsFargateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:job:AwsFargate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plain, secret = split(environment(args.uses))
        container = Container(
            name="job",
            image=own_image(name, args.aws, args.image, args.image_tag, child),
            command=list(args.command),
            environment={**plain, "OTEL_SERVICE_NAME": name, "HOME": "/tmp"},  # noqa: S108
            secrets=secret,
        )
        task = Task(name, args.aws, [container], Compute(cpu=args.cpu, memory=args.memory), opts=child)
        args.aws.services.connect([task.workload] if args.uses else [])
        starter = self._starter(name, args.aws, task, child)
        aws.scheduler.Schedule(
            f"{name}-schedule",
            name=physical_name(name, 64),
            description=f"Runs {name}",
            schedule_expression=args.schedule,
            schedule_expression_timezone=args.time_zone,
            kms_key_arn=args.aws.key.arn,
            flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            target=aws.scheduler.ScheduleTargetArgs(
                arn=args.aws.cluster.arn,
                role_arn=starter.arn,
                ecs_parameters=aws.scheduler.ScheduleTargetEcsParametersArgs(
                    task_definition_arn=task.definition.arn,
                    launch_type="FARGATE",
                    propagate_tags="TASK_DEFINITION",
                    network_configuration=aws.scheduler.ScheduleTargetEcsParametersNetworkConfigurationArgs(
                        subnets=list(args.aws.network.private_subnet_ids),
                        security_groups=[task.workload.security_group_id],
                        assign_public_ip=False,
                    ),
                ),
                retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(maximum_retry_attempts=2),
            ),
            opts=child,
        )
        self.register_outputs({"task": task.definition.arn})

    def _starter(self, name: str, zone: Zone, task: Task, opts: pulumi.ResourceOptions) -> aws.iam.Role:
        """The scheduler's role: may run this one task, as its own two roles."""
        role = aws.iam.Role(
            f"{name}-schedule",
            name=physical_name(f"{name}-schedule", 64),
            description=f"Starts {name} on schedule",
            assume_role_policy=trust_policy(
                "scheduler.amazonaws.com", {"StringEquals": {"aws:SourceAccount": zone.account}}
            ),
            opts=opts,
        )
        run = Statement(
            ("ecs:RunTask",),
            [task.definition.arn_without_revision.apply(lambda arn: f"{arn}:*")],
            {"ArnEquals": {"ecs:cluster": zone.cluster.arn}},
        )
        pass_on = Statement(
            ("iam:PassRole",),
            [task.execution_role_arn, task.workload.role.arn],
            {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        )
        decrypt = key_for_schedule(zone, physical_name(name, 64))
        aws.iam.RolePolicy(
            f"{name}-schedule", role=role.name, policy=policy(run, pass_on, decrypt), opts=opts
        )
        return role
