"""PostgreSQL on AlloyDB and Cloud SQL: private, encrypted, TLS only, backed up, guarded against deletion."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from contract_bindings import PgvectorBinding
from database_roles import APPLICATION
from gcp_platform.naming import physical_name
from gcp_platform.roles import PORT, Administrator, ApplicationRole
from gcp_platform.workloads import Workload, allow_egress
from gcp_platform.zone import Zone

DAY = 86400
# https://cloud.google.com/sql/docs/postgres/flags and the CIS benchmark's logging items
FLAGS = {
    "cloudsql.iam_authentication": "on",
    "cloudsql.enable_pgaudit": "on",
    "log_checkpoints": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_duration": "on",
    "log_hostname": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "error",
    "log_min_messages": "error",
    "log_statement": "ddl",
    "log_temp_files": "0",
}


class AlloyDb(pulumi.ComponentResource):
    """An AlloyDB cluster with a primary instance, and readers if asked for. cpus: of each instance.

    application: the role that owns `database`; `postgres` serves to make it.
    """

    application: ApplicationRole

    def __init__(
        self,
        name: str,
        zone: Zone,
        *,
        database: str,
        extensions: Sequence[str] = (),
        version: str,
        cpus: int,
        readers: int,
        callers: Sequence[object],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:gcp:AlloyDb", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=child).result
        encrypted = zone.grant_key("alloydb.googleapis.com")
        cluster = gcp.alloydb.Cluster(
            f"{name}-cluster",
            cluster_id=physical_name(name),
            location=zone.region,
            database_version=f"POSTGRES_{version}",
            network_config=gcp.alloydb.ClusterNetworkConfigArgs(network=zone.network.id),
            initial_user=gcp.alloydb.ClusterInitialUserArgs(user="postgres", password=password),
            encryption_config=gcp.alloydb.ClusterEncryptionConfigArgs(kms_key_name=zone.key_id),
            continuous_backup_config=gcp.alloydb.ClusterContinuousBackupConfigArgs(
                enabled=True,
                recovery_window_days=zone.backup_retention,
                encryption_config=gcp.alloydb.ClusterContinuousBackupConfigEncryptionConfigArgs(
                    kms_key_name=zone.key_id
                ),
            ),
            automated_backup_policy=_daily(zone),
            maintenance_update_policy=_maintenance(),
            deletion_protection=not zone.deletable,
            opts=pulumi.ResourceOptions(
                parent=self, protect=zone.protect, depends_on=[*zone.network.databases, encrypted]
            ),
        )
        primary = self._instance(f"{name}-primary", zone, cluster, cpus)
        if readers:
            pool = gcp.alloydb.InstanceReadPoolConfigArgs(node_count=readers)
            self._instance(f"{name}-readers", zone, cluster, cpus, pool, primary)
        admit(name, zone, callers, primary.ip_address)
        self.application = ApplicationRole(
            name,
            zone,
            Administrator(host=primary.ip_address, user="postgres", password=password, ready=[primary]),
            database=database,
            extensions=extensions,
            opts=child,
        )
        self.register_outputs({"host": primary.ip_address})

    def _instance(
        self,
        name: str,
        zone: Zone,
        cluster: gcp.alloydb.Cluster,
        cpus: int,
        pool: gcp.alloydb.InstanceReadPoolConfigArgs | None = None,
        after: gcp.alloydb.Instance | None = None,
    ) -> gcp.alloydb.Instance:
        ssl = gcp.alloydb.InstanceClientConnectionConfigSslConfigArgs(ssl_mode="ENCRYPTED_ONLY")
        return gcp.alloydb.Instance(
            name,
            cluster=cluster.name,
            instance_id=physical_name(name),
            instance_type="READ_POOL" if pool else "PRIMARY",
            availability_type="REGIONAL" if zone.protect else "ZONAL",
            machine_config=gcp.alloydb.InstanceMachineConfigArgs(cpu_count=cpus),
            read_pool_config=pool,
            client_connection_config=gcp.alloydb.InstanceClientConnectionConfigArgs(ssl_config=ssl),
            database_flags={"alloydb.iam_authentication": "on", "log_connections": "on"},
            opts=pulumi.ResourceOptions(
                parent=self, protect=zone.protect, depends_on=[after] if after else None
            ),
        )


def _daily(zone: Zone) -> gcp.alloydb.ClusterAutomatedBackupPolicyArgs:
    """Return the policy of a nightly backup, in addition to the continuous one."""
    start = gcp.alloydb.ClusterAutomatedBackupPolicyWeeklyScheduleStartTimeArgs(hours=2)
    days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
    return gcp.alloydb.ClusterAutomatedBackupPolicyArgs(
        enabled=True,
        location=zone.region,
        weekly_schedule=gcp.alloydb.ClusterAutomatedBackupPolicyWeeklyScheduleArgs(
            start_times=[start], days_of_weeks=days
        ),
        time_based_retention=gcp.alloydb.ClusterAutomatedBackupPolicyTimeBasedRetentionArgs(
            retention_period=f"{zone.backup_retention * DAY}s"
        ),
        encryption_config=gcp.alloydb.ClusterAutomatedBackupPolicyEncryptionConfigArgs(
            kms_key_name=zone.key_id
        ),
    )


def _maintenance() -> gcp.alloydb.ClusterMaintenanceUpdatePolicyArgs:
    """Return the time at which Google installs minor versions, the same as for Cloud SQL."""
    window = gcp.alloydb.ClusterMaintenanceUpdatePolicyMaintenanceWindowArgs(
        day="SUNDAY",
        start_time=gcp.alloydb.ClusterMaintenanceUpdatePolicyMaintenanceWindowStartTimeArgs(hours=3),
    )
    return gcp.alloydb.ClusterMaintenanceUpdatePolicyArgs(maintenance_windows=[window])


class CloudSql(pulumi.ComponentResource):
    """A Cloud SQL for PostgreSQL instance. storage: GiB, grows by itself; standby: in another zone.

    application: the role that owns `database`; `stackgen`, of the class cloudsqlsuperuser, serves to make it.
    """

    application: ApplicationRole

    def __init__(
        self,
        name: str,
        zone: Zone,
        *,
        database: str,
        extensions: Sequence[str] = (),
        version: str,
        tier: str,
        storage: int,
        standby: bool,
        callers: Sequence[object],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgen:gcp:CloudSql", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=zone.protect)
        password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=child).result
        encrypted = zone.grant_key("sqladmin.googleapis.com")
        instance = gcp.sql.DatabaseInstance(
            f"{name}-instance",
            name=physical_name(name, 80),
            region=zone.region,
            database_version=f"POSTGRES_{version}",
            encryption_key_name=zone.key_id,
            deletion_protection=not zone.deletable,
            settings=_sql_settings(zone, tier, storage, standby),
            opts=pulumi.ResourceOptions.merge(
                kept, pulumi.ResourceOptions(depends_on=[*zone.network.databases, encrypted])
            ),
        )
        made = gcp.sql.Database(f"{name}-database", name=database, instance=instance.name, opts=kept)
        user = gcp.sql.User(
            f"{name}-user",
            name="stackgen",
            instance=instance.name,
            password=password,
            deletion_policy="ABANDON",  # it may own things; it goes with the instance
            opts=child,
        )
        host = instance.private_ip_address
        admit(name, zone, callers, host)
        self.application = ApplicationRole(
            name,
            zone,
            Administrator(host=host, user="stackgen", password=password, ready=[made, user]),
            database=database,
            extensions=extensions,
            opts=child,
        )
        self.register_outputs({"host": host})


def _sql_settings(zone: Zone, tier: str, storage: int, standby: bool) -> gcp.sql.DatabaseInstanceSettingsArgs:
    return gcp.sql.DatabaseInstanceSettingsArgs(
        tier=tier,
        edition="ENTERPRISE",
        availability_type="REGIONAL" if standby else "ZONAL",
        disk_type="PD_SSD",
        disk_size=storage,
        disk_autoresize=True,
        deletion_protection_enabled=not zone.deletable,
        ip_configuration=gcp.sql.DatabaseInstanceSettingsIpConfigurationArgs(
            ipv4_enabled=False, private_network=zone.network.id, ssl_mode="ENCRYPTED_ONLY"
        ),
        backup_configuration=gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgs(
            enabled=True,
            start_time="02:00",
            point_in_time_recovery_enabled=True,
            transaction_log_retention_days=7,
            backup_retention_settings=gcp.sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
                retained_backups=zone.backup_retention, retention_unit="COUNT"
            ),
        ),
        insights_config=gcp.sql.DatabaseInstanceSettingsInsightsConfigArgs(query_insights_enabled=True),
        maintenance_window=gcp.sql.DatabaseInstanceSettingsMaintenanceWindowArgs(
            day=7, hour=3, update_track="stable"
        ),
        database_flags=[
            gcp.sql.DatabaseInstanceSettingsDatabaseFlagArgs(name=key, value=value)
            for key, value in FLAGS.items()
        ],
    )


def admit(name: str, zone: Zone, callers: Sequence[object], host: pulumi.Input[str]) -> None:
    """Let only the callers open connections to the database."""
    for caller in callers:
        if isinstance(caller, Workload):
            allow_egress(caller, name, zone.network.id, [pulumi.Output.concat(host, "/32")], PORT)


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
