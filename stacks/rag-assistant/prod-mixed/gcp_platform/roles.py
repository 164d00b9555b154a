"""The role that applications connect as: no superuser, created by a job before any client connects."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from database_roles import IMAGE, make_role_command
from gcp_platform.naming import physical_name
from gcp_platform.secrets import secret_for
from gcp_platform.workloads import Workload, allow_egress
from gcp_platform.zone import Zone

PORT = 5432


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """The user of a server who may create roles. ready: resources that must exist before it can connect."""

    host: pulumi.Output[str]
    user: str
    password: pulumi.Output[str]
    ready: Sequence[pulumi.Resource] = ()


class ApplicationRole(pulumi.ComponentResource):
    """Owner of a database with extensions, on a server that others administer.

    password: the role's, whose name is `database_roles.APPLICATION`. host: the server's, known once the role exists.
    """

    host: pulumi.Output[str]
    password: pulumi.Output[str]

    def __init__(
        self,
        server: str,
        zone: Zone,
        administrator: Administrator,
        *,
        database: str,
        extensions: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = f"{server}-roles"
        super().__init__("stackgen:gcp:ApplicationRole", name, None, opts)
        self._child = child = pulumi.ResourceOptions(parent=self)
        self.password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=child).result
        workload = zone.workload(name)
        way = allow_egress(
            workload, server, zone.network.id, [pulumi.Output.concat(administrator.host, "/32")], PORT
        )
        passwords = {"PGPASSWORD": administrator.password, "APPLICATION_PASSWORD": self.password}
        secrets = {
            key: secret_for(workload, f"{name}-{key.lower().replace('_', '-')}", value, zone, child)
            for key, value in passwords.items()
        }
        script = make_role_command(database, *extensions)
        job = gcp.cloudrunv2.Job(
            f"{name}-job",
            name=physical_name(name, 49),
            location=zone.region,
            deletion_protection=False,  # it holds no data
            # The job is there when this execution of it has succeeded; another script or password is another execution.
            run_execution_token=_token(script, administrator.host, [one.version for one in secrets.values()]),
            template=gcp.cloudrunv2.JobTemplateArgs(
                template=self._task(zone, workload, administrator, script, secrets)
            ),
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    depends_on=[zone.grant_key("run.googleapis.com"), way, *administrator.ready]
                ),
            ),
        )
        self.host = pulumi.Output.all(job.id, administrator.host).apply(lambda known: known[1])
        self.register_outputs({"host": self.host})

    def _task(
        self,
        zone: Zone,
        workload: Workload,
        administrator: Administrator,
        script: str,
        secrets: dict[str, gcp.secretmanager.SecretVersion],
    ) -> gcp.cloudrunv2.JobTemplateTemplateArgs:
        """Return a task that runs psql in the network, as the administrator."""
        args = gcp.cloudrunv2
        plain = {
            "PGHOST": administrator.host,
            "PGPORT": str(PORT),
            "PGUSER": administrator.user,
            "PGSSLMODE": "require",
        }
        envs = [args.JobTemplateTemplateContainerEnvArgs(name=k, value=v) for k, v in plain.items()]
        for key, version in secrets.items():
            reference = args.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs(
                secret=version.secret, version=version.version
            )
            source = args.JobTemplateTemplateContainerEnvValueSourceArgs(secret_key_ref=reference)
            envs.append(args.JobTemplateTemplateContainerEnvArgs(name=key, value_source=source))
        interface = args.JobTemplateTemplateVpcAccessNetworkInterfaceArgs(
            network=zone.network.id, subnetwork=zone.network.subnet, tags=[workload.tag]
        )
        return args.JobTemplateTemplateArgs(
            service_account=workload.email,
            encryption_key=zone.key_id,
            execution_environment="EXECUTION_ENVIRONMENT_GEN2",
            max_retries=2,
            timeout="900s",
            vpc_access=args.JobTemplateTemplateVpcAccessArgs(
                egress="ALL_TRAFFIC", network_interfaces=[interface]
            ),
            containers=[
                args.JobTemplateTemplateContainerArgs(
                    name="psql",
                    image=zone.image(IMAGE),
                    commands=["sh", "-euc"],
                    args=[script],
                    envs=envs,
                    resources=args.JobTemplateTemplateContainerResourcesArgs(
                        limits={"cpu": "1", "memory": "512Mi"}
                    ),
                )
            ],
        )


def _token(
    script: str, host: pulumi.Output[str], versions: Sequence[pulumi.Output[str]]
) -> pulumi.Output[str]:
    """Return the name of an execution, which changes with the script, the server and the passwords."""

    def named(known: Sequence[str]) -> str:
        return hashlib.sha256("\n".join([script, *known]).encode()).hexdigest()[:8]

    return pulumi.Output.all(host, *versions).apply(named)
