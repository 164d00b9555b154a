"""The user's own job on Cloud Run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_gcp as gcp

from binding_variables import environment, split
from gcp_platform.cloud_run import allow_internet, secret_name
from gcp_platform.images import own_image
from gcp_platform.naming import physical_name
from gcp_platform.secrets import secret_for
from gcp_platform.workloads import Caller, Workload
from gcp_platform.zone import Zone


@dataclass(frozen=True, kw_only=True)
class GcpCloudRunArgs:
    """source: the code's folder, which the image is built from. uses: component → bindings it gets as variables.

    schedule: as cron has it, in `time_zone`. timeout: longest run, seconds.
    """

    gcp: Zone
    source: str
    command: Sequence[str]
    callers: Sequence[Caller] = ()
    uses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    image: str | None = None
    image_tag: str
    schedule: str
    time_zone: str
    cpu: str
    memory: str
    timeout: int


class GcpCloudRun(pulumi.ComponentResource):
    """A job that starts on a schedule, and by hand for users who may run it."""

    def __init__(self, name: str, args: GcpCloudRunArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:job:GcpCloudRun", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        zone = args.gcp
        workload = zone.workload(name)
        allow_internet(workload, zone)
        job = gcp.cloudrunv2.Job(
            f"{name}-job",
            name=physical_name(name, 49),
            location=zone.region,
            deletion_protection=False,  # it holds no data
            template=gcp.cloudrunv2.JobTemplateArgs(
                template=gcp.cloudrunv2.JobTemplateTemplateArgs(
                    service_account=workload.email,
                    encryption_key=zone.key_id,
                    execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                    max_retries=2,
                    timeout=f"{args.timeout}s",
                    vpc_access=gcp.cloudrunv2.JobTemplateTemplateVpcAccessArgs(
                        egress="ALL_TRAFFIC",
                        network_interfaces=[
                            gcp.cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArgs(
                                network=zone.network.id, subnetwork=zone.network.subnet, tags=[workload.tag]
                            )
                        ],
                    ),
                    containers=[self._container(name, args, workload)],
                )
            ),
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=[zone.grant_key("run.googleapis.com")])
            ),
        )
        self._schedule(name, args, job)
        self.register_outputs({"job": job.name})

    def _container(
        self, name: str, args: GcpCloudRunArgs, workload: Workload
    ) -> gcp.cloudrunv2.JobTemplateTemplateContainerArgs:
        run = gcp.cloudrunv2
        plain, secret = split(environment(args.uses))
        variables = {**plain, "OTEL_SERVICE_NAME": pulumi.Output.from_input(name)}
        envs = [
            run.JobTemplateTemplateContainerEnvArgs(name=k, value=v) for k, v in sorted(variables.items())
        ]
        for key, value in sorted(secret.items()):
            version = secret_for(workload, secret_name(name, "job", key), value, args.gcp, self._child)
            reference = run.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs(
                secret=version.secret, version=version.version
            )
            source = run.JobTemplateTemplateContainerEnvValueSourceArgs(secret_key_ref=reference)
            envs.append(run.JobTemplateTemplateContainerEnvArgs(name=key, value_source=source))
        return run.JobTemplateTemplateContainerArgs(
            name="job",
            image=own_image(name, args.gcp, workload, args.image, args.image_tag, self._child),
            commands=list(args.command),
            envs=envs,
            resources=run.JobTemplateTemplateContainerResourcesArgs(
                limits={"cpu": args.cpu, "memory": args.memory}
            ),
        )

    def _schedule(self, name: str, args: GcpCloudRunArgs, job: gcp.cloudrunv2.Job) -> None:
        """The scheduler acts as an account that may run this one job."""
        zone = args.gcp
        starter = gcp.serviceaccount.Account(
            f"{name}-schedule",
            account_id=f"s-{physical_name(name, 28)}",
            description=f"Starts {name} on schedule",
            opts=self._child,
        )
        gcp.cloudrunv2.JobIamMember(
            f"{name}-schedule",
            name=job.name,
            location=zone.region,
            role="roles/run.invoker",
            member=pulumi.Output.concat("serviceAccount:", starter.email),
            opts=self._child,
        )
        api = f"https://run.googleapis.com/v2/projects/{zone.project}/locations/{zone.region}/jobs/"
        gcp.cloudscheduler.Job(
            f"{name}-schedule",
            name=physical_name(name, 200),
            region=zone.region,
            description=f"Runs {name}",
            schedule=args.schedule,
            time_zone=args.time_zone,
            retry_config=gcp.cloudscheduler.JobRetryConfigArgs(retry_count=2),
            http_target=gcp.cloudscheduler.JobHttpTargetArgs(
                http_method="POST",
                uri=pulumi.Output.concat(api, job.name, ":run"),
                oauth_token=gcp.cloudscheduler.JobHttpTargetOauthTokenArgs(
                    service_account_email=starter.email
                ),
            ),
            opts=self._child,
        )
