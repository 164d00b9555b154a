"""PostgreSQL on RDS and Aurora: private, encrypted, TLS only, backed up, guarded against deletion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from aws_platform.naming import physical_name
from aws_platform.policies import trust_policy
from aws_platform.roles import PORT, Administrator, ApplicationRole
from aws_platform.workloads import Workload, admit, security_group
from aws_platform.zone import Zone
from contract_bindings import PgvectorBinding
from database_roles import APPLICATION

MASTER = "stackgen"
PARAMETERS = {
    "rds.force_ssl": "1",
    "log_connections": "1",
    "log_min_duration_statement": "1000",
    "log_statement": "ddl",
}
# AWS raises the minor version by itself in the maintenance window; the program never takes that back,
# which AWS refuses.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_UpgradeDBInstance.Upgrading.html
RAISED_BY_AWS = ["engineVersion"]
ENHANCED_MONITORING = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


@dataclass(frozen=True)
class Access:
    """Access to a database: its security group, its subnets and the administrator's password."""

    group: aws.ec2.SecurityGroup
    subnets: aws.rds.SubnetGroup
    password: pulumi.Output[str]
    monitoring_role_arn: pulumi.Output[str]


def access(name: str, zone: Zone, callers: Sequence[object], opts: pulumi.ResourceOptions) -> Access:
    """Let only the callers, and the networks that the environment names as peers, open connections."""
    group = security_group(f"{name}-database", f"Connections to {name}", zone.network.vpc_id, opts)
    for caller in callers:
        if isinstance(caller, Workload):
            caller.reach(name, PORT, group_id=group.id)
            admit(name, group.id, caller.name, PORT, opts, source_group_id=caller.security_group_id)
    for index, peer in enumerate(zone.peers):
        admit(name, group.id, f"peer-{index}", PORT, opts, cidr=peer)
    subnets = aws.rds.SubnetGroup(
        f"{name}-subnets",
        name=physical_name(name, 255),
        subnet_ids=list(zone.network.private_subnet_ids),
        opts=opts,
    )
    password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=opts)
    return Access(group, subnets, password.result, _monitoring_role(name, zone, opts))


def _monitoring_role(name: str, zone: Zone, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    role = aws.iam.Role(
        f"{name}-monitoring",
        name=physical_name(f"{name}-monitoring", 64),
        description=f"Publishes operating system metrics of {name}",
        assume_role_policy=trust_policy(
            "monitoring.rds.amazonaws.com", {"StringEquals": {"aws:SourceAccount": zone.account}}
        ),
        opts=opts,
    )
    aws.iam.RolePolicyAttachment(
        f"{name}-monitoring", role=role.name, policy_arn=ENHANCED_MONITORING, opts=opts
    )
    return role.arn


class AuroraServerless(pulumi.ComponentResource):
    """An Aurora PostgreSQL cluster that scales with its load. capacity: ACUs, at least and at most.

    application: the role that owns `database`; the master user, `stackgen`, serves to make it. component: whose it is.
    """

    application: ApplicationRole

    def __init__(
        self,
        name: str,
        zone: Zone,
        *,
        component: str,
        database: str,
        extensions: Sequence[str] = (),
        version: str,
        capacity: tuple[float, float],
        instances: int,
        callers: Sequence[object],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:aws:AuroraServerless", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        entry = access(name, zone, callers, child)
        parameters = aws.rds.ClusterParameterGroup(
            f"{name}-parameters",
            name=physical_name(name, 255),
            family=f"aurora-postgresql{version.split('.', maxsplit=1)[0]}",
            parameters=[
                aws.rds.ClusterParameterGroupParameterArgs(name=k, value=v) for k, v in PARAMETERS.items()
            ],
            opts=child,
        )
        cluster = aws.rds.Cluster(
            f"{name}-cluster",
            cluster_identifier=physical_name(name, 63),
            engine=aws.rds.EngineType.AURORA_POSTGRESQL,
            engine_mode="provisioned",
            engine_version=version,
            database_name=database,
            master_username=MASTER,
            master_password=entry.password,
            port=PORT,
            db_subnet_group_name=entry.subnets.name,
            db_cluster_parameter_group_name=parameters.name,
            vpc_security_group_ids=[entry.group.id],
            storage_encrypted=True,
            kms_key_id=zone.key.arn,
            iam_database_authentication_enabled=True,
            backup_retention_period=zone.backup_retention,
            preferred_backup_window="02:00-03:00",
            preferred_maintenance_window="sun:03:30-sun:04:30",
            copy_tags_to_snapshot=True,
            deletion_protection=not zone.deletable,
            skip_final_snapshot=False,
            final_snapshot_identifier=physical_name(f"{name}-final", 200),
            enabled_cloudwatch_logs_exports=["postgresql"],
            serverlessv2_scaling_configuration=aws.rds.ClusterServerlessv2ScalingConfigurationArgs(
                min_capacity=capacity[0], max_capacity=capacity[1]
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=zone.protect, ignore_changes=RAISED_BY_AWS),
        )
        made = [
            aws.rds.ClusterInstance(
                f"{name}-{index}",
                identifier=physical_name(f"{name}-{index}", 63),
                cluster_identifier=cluster.id,
                instance_class="db.serverless",
                engine=aws.rds.EngineType.AURORA_POSTGRESQL,
                engine_version=cluster.engine_version,
                publicly_accessible=False,
                auto_minor_version_upgrade=True,
                copy_tags_to_snapshot=True,
                promotion_tier=index,
                opts=pulumi.ResourceOptions(parent=self, protect=zone.protect),
                **_observed(entry, zone),
            )
            for index in range(instances)
        ]
        self.application = _application(
            name, zone, entry, cluster.endpoint, made, component, database, extensions, child
        )
        self.register_outputs({"host": cluster.endpoint})


class PostgresInstance(pulumi.ComponentResource):
    """An RDS for PostgreSQL instance with a standby in another zone. storage: GiB, grows by itself.

    application: the role that owns `database`; the master user, `stackgen`, serves to make it. component: whose it is.
    """

    application: ApplicationRole

    def __init__(
        self,
        name: str,
        zone: Zone,
        *,
        component: str,
        database: str,
        extensions: Sequence[str] = (),
        version: str,
        instance_class: str,
        storage: int,
        standby: bool,
        callers: Sequence[object],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:aws:PostgresInstance", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        entry = access(name, zone, callers, child)
        parameters = aws.rds.ParameterGroup(
            f"{name}-parameters",
            name=physical_name(name, 255),
            family=f"postgres{version.split('.', maxsplit=1)[0]}",
            parameters=[aws.rds.ParameterGroupParameterArgs(name=k, value=v) for k, v in PARAMETERS.items()],
            opts=child,
        )
        instance = aws.rds.Instance(
            f"{name}-instance",
            identifier=physical_name(name, 63),
            engine="postgres",
            engine_version=version,
            instance_class=instance_class,
            db_name=database,
            username=MASTER,
            password=entry.password,
            port=PORT,
            allocated_storage=storage,
            max_allocated_storage=storage * 10,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=zone.key.arn,
            multi_az=standby,
            publicly_accessible=False,
            db_subnet_group_name=entry.subnets.name,
            parameter_group_name=parameters.name,
            vpc_security_group_ids=[entry.group.id],
            iam_database_authentication_enabled=True,
            backup_retention_period=zone.backup_retention,
            backup_window="02:00-03:00",
            maintenance_window="sun:03:30-sun:04:30",
            auto_minor_version_upgrade=True,
            copy_tags_to_snapshot=True,
            deletion_protection=not zone.deletable,
            skip_final_snapshot=False,
            final_snapshot_identifier=physical_name(f"{name}-final", 200),
            enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
            opts=pulumi.ResourceOptions(parent=self, protect=zone.protect, ignore_changes=RAISED_BY_AWS),
            **_observed(entry, zone),
        )
        self.application = _application(
            name, zone, entry, instance.address, [instance], component, database, extensions, child
        )
        self.register_outputs({"host": instance.address})


def _observed(entry: Access, zone: Zone) -> dict[str, Any]:
    """Return settings for encrypted metrics of queries and of the operating system."""
    return {
        "monitoring_interval": 60,
        "monitoring_role_arn": entry.monitoring_role_arn,
        "performance_insights_enabled": True,
        "performance_insights_kms_key_id": zone.key.arn,
    }


def _application(
    name: str,
    zone: Zone,
    entry: Access,
    host: pulumi.Output[str],
    ready: Sequence[pulumi.Resource],
    component: str,
    database: str,
    extensions: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> ApplicationRole:
    administrator = Administrator(
        host=host, user=MASTER, password=entry.password, group_id=entry.group.id, ready=ready
    )
    return ApplicationRole(
        name,
        zone,
        administrator,
        component=component,
        database=database,
        extensions=extensions,
        opts=opts,
    )


def pgvector_binding(application: ApplicationRole, database: str, dimensions: int) -> PgvectorBinding:
    """Return the binding of a database. The server requires TLS."""
    return {
        "host": application.host,
        "port": PORT,
        "database": database,
        "username": APPLICATION,
        "password": application.password,
        "sslmode": "require",
        "dimensions": dimensions,
    }
