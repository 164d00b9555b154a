"""Tasks on ECS Fargate, and services in front of which stands an HTTPS address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_aws as aws

from aws_platform.containers import PREPARE, Container, prepare_container, volume
from aws_platform.encryption import key_for_secret
from aws_platform.images import PULL, repositories_of
from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy, trust_policy
from aws_platform.workloads import Workload, admit
from aws_platform.zone import Zone

REGISTER_TARGETS = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForVpcLattice"


@dataclass(frozen=True, kw_only=True)
class Compute:
    """cpu: thousandths of a vCPU as Fargate counts (256, 512, 1024 ...). memory: MiB. Tasks at least and at most."""

    cpu: int = 512
    memory: int = 1024
    minimum: int = 1
    maximum: int = 1


@dataclass(frozen=True, kw_only=True)
class Files:
    """Configuration files that containers find: path → content; secret ones pass through the task's secret."""

    plain: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secret: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])


NO_FILES = Files()


class Task(pulumi.ComponentResource):
    """A task definition, its one secret, its logs, and the role that starts it.

    secret_version: changes with what is secret; "" where nothing is.
    """

    def __init__(
        self,
        name: str,
        zone: Zone,
        containers: Sequence[Container],
        compute: Compute,
        files: Files = NO_FILES,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:aws:Task", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        paths = sorted(
            {path for container in containers for path in (*container.writable, *container.readable)}
        )
        first = prepare_container(containers[0].image, paths, files.plain, files.secret)
        containers = [first, *(replace(c, after=(PREPARE, *c.after)) for c in containers)]
        self.workload: Workload = zone.workload(name)
        self.log_group = zone.log_group(name, child)
        secret, version = self._secret(name, zone, containers, child)
        self.secret_version: pulumi.Input[str] = version.version_id if version else ""
        execution, may_start = self._execution_role(name, zone, secret, [c.image for c in containers], child)
        zone.endpoints.connect(self.workload, "ecr.api", "ecr.dkr", "logs", "secretsmanager")
        zone.endpoints.connect_s3(self.workload)  # where image layers are
        definitions = [
            c.definition(name, secret.arn if secret else None, self.log_group.name, zone.region)
            for c in containers
        ]
        self.definition = aws.ecs.TaskDefinition(
            f"{name}-task",
            family=physical_name(name, 255),
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(compute.cpu),
            memory=str(compute.memory),
            runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
                operating_system_family="LINUX", cpu_architecture="X86_64"
            ),
            execution_role_arn=execution.arn,
            task_role_arn=self.workload.role.arn,
            container_definitions=pulumi.Output.json_dumps(definitions),
            volumes=[aws.ecs.TaskDefinitionVolumeArgs(name=volume(path)) for path in paths],
            # Nothing starts a task before what it starts with is there.
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(depends_on=[may_start, *([version] if version else [])]),
            ),
        )
        self.execution_role_arn = execution.arn
        self.register_outputs({"arn": self.definition.arn})

    def _secret(
        self,
        name: str,
        zone: Zone,
        containers: Sequence[Container],
        opts: pulumi.ResourceOptions,
    ) -> tuple[aws.secretsmanager.Secret, aws.secretsmanager.SecretVersion] | tuple[None, None]:
        """Everything secret that the task gets, as one JSON object."""
        values = {c.secret_key(key): value for c in containers for key, value in c.secrets.items()}
        if not values:
            return None, None
        secret = aws.secretsmanager.Secret(
            f"{name}-secret",
            name=physical_name(f"{name}-environment", 500),
            description=f"What {name} connects with",
            kms_key_id=zone.key.arn,
            recovery_window_in_days=30 if zone.protect else 7,
            opts=opts,
        )
        version = aws.secretsmanager.SecretVersion(
            f"{name}-secret",
            secret_id=secret.id,
            secret_string=pulumi.Output.secret(pulumi.Output.json_dumps(values)),
            opts=opts,
        )
        return secret, version

    def _execution_role(
        self,
        name: str,
        zone: Zone,
        secret: aws.secretsmanager.Secret | None,
        images: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        """May write the task's logs, read its secret and pull its images; nothing else."""
        role = aws.iam.Role(
            f"{name}-start",
            name=physical_name(f"{name}-start", 64),
            description=f"Starts {name}",
            assume_role_policy=trust_policy(
                "ecs-tasks.amazonaws.com", {"StringEquals": {"aws:SourceAccount": zone.account}}
            ),
            opts=opts,
        )
        statements = [
            Statement(
                ("logs:CreateLogStream", "logs:PutLogEvents"),
                [pulumi.Output.concat(self.log_group.arn, ":*")],
            ),
            Statement(("ecr:GetAuthorizationToken",), ["*"]),  # the action knows no resources
            Statement(PULL, repositories_of(images)),
        ]
        if secret is not None:
            statements.append(Statement(("secretsmanager:GetSecretValue",), [secret.arn]))
            statements.append(key_for_secret(zone, secret.arn))
        may = aws.iam.RolePolicy(f"{name}-start", role=role.name, policy=policy(*statements), opts=opts)
        return role, may


class Service(pulumi.ComponentResource):
    """Tasks behind an HTTPS address that the given callers may reach. url: without a trailing slash."""

    url: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        zone: Zone,
        containers: Sequence[Container],
        compute: Compute,
        *,
        health_path: str,
        files: Files = NO_FILES,
        callers: Sequence[object] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:aws:Service", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        port = next(container.port for container in containers if container.port)
        target, self.url = zone.services.publish(name, port, health_path, child)
        zone.services.connect(callers)
        task = Task(name, zone, containers, compute, files, child)
        group = pulumi.Output.from_input(task.workload.security_group_id)
        admit(name, group, "services", port, child, prefix_list_id=zone.services.prefix_list_id)
        service = aws.ecs.Service(
            f"{name}-service",
            name=physical_name(name, 255),
            cluster=zone.cluster.arn,
            task_definition=task.definition.arn,
            launch_type="FARGATE",
            platform_version="LATEST",
            desired_count=compute.minimum,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(
                enable=True, rollback=True
            ),
            availability_zone_rebalancing="ENABLED",
            enable_execute_command=False,
            propagate_tags="SERVICE",
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=list(zone.network.private_subnet_ids), security_groups=[group], assign_public_ip=False
            ),
            vpc_lattice_configurations=[
                aws.ecs.ServiceVpcLatticeConfigurationArgs(
                    port_name="http",
                    target_group_arn=target.arn,
                    role_arn=self._registrar(name, zone, child),
                )
            ],
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    ignore_changes=["desiredCount"] if compute.maximum > compute.minimum else []
                ),
            ),
        )
        if compute.maximum > compute.minimum:
            self._scale(name, zone, service, compute, child)
        self.workload = task.workload
        self.register_outputs({"url": self.url})

    def _registrar(self, name: str, zone: Zone, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        """The role with which ECS registers tasks as targets."""
        role = aws.iam.Role(
            f"{name}-register",
            name=physical_name(f"{name}-register", 64),
            description=f"Registers tasks of {name} with its service",
            assume_role_policy=trust_policy(
                "ecs.amazonaws.com", {"StringEquals": {"aws:SourceAccount": zone.account}}
            ),
            opts=opts,
        )
        aws.iam.RolePolicyAttachment(
            f"{name}-register", role=role.name, policy_arn=REGISTER_TARGETS, opts=opts
        )
        return role.arn

    def _scale(
        self,
        name: str,
        zone: Zone,
        service: aws.ecs.Service,
        compute: Compute,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """More tasks while they are busy."""
        target = aws.appautoscaling.Target(
            f"{name}-tasks",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", zone.cluster.name, "/", service.name),
            min_capacity=compute.minimum,
            max_capacity=compute.maximum,
            opts=opts,
        )
        busy = (
            aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs
        )
        aws.appautoscaling.Policy(
            f"{name}-busy",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=60,
                predefined_metric_specification=busy(
                    predefined_metric_type="ECSServiceAverageCPUUtilization"
                ),
            ),
            opts=opts,
        )
