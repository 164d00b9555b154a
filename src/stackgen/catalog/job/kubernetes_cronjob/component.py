"""The user's own job as a Job or CronJob."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from binding_variables import environment, split
from kubernetes_platform.containers import Container
from kubernetes_platform.ground import Ground
from kubernetes_platform.pods import JUSTIFIED, Pod, template
from kubernetes_platform.workloads import Caller

KEPT = 3  # runs whose pods are kept to be looked at


@dataclass(frozen=True, kw_only=True)
class KubernetesCronjobArgs:
    """source: the code's folder, which the image is built from. uses: component → bindings it gets as variables.

    schedule: as cron has it, in `time_zone`; absent: it runs once, and again when it changes. timeout: seconds.
    """

    kubernetes: Ground
    source: str
    command: Sequence[str]
    callers: Sequence[Caller] = ()
    uses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    image: str | None = None
    image_tag: str
    schedule: str | None = None
    time_zone: str
    cpu: str
    memory: str
    timeout: int
    retries: int


class KubernetesCronjob(pulumi.ComponentResource):
    """A job that runs to completion, on its schedule or when it is new."""

    def __init__(
        self, name: str, args: KubernetesCronjobArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:job:KubernetesCronjob", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        ground = args.kubernetes
        plain, secret = split(environment(args.uses))
        container = Container(
            name="job",
            image=args.image or ground.own_image(name, args.image_tag),
            command=list(args.command),
            environment={**plain, "OTEL_SERVICE_NAME": name},
            secrets=secret,
            cpu=args.cpu,
            memory=args.memory,
        )
        spec = k8s.batch.v1.JobSpecArgs(
            active_deadline_seconds=args.timeout,
            backoff_limit=args.retries,
            template=template(name, name, Pod(containers=[container], restart="Never"), ground, child),
        )
        if args.schedule is None:
            # Pulumi names it: a Job can't be changed, so another one is made, runs, and takes its place
            k8s.batch.v1.Job(
                name, metadata=ground.metadata(name, annotations=JUSTIFIED), spec=spec, opts=child
            )
        else:
            self._scheduled(name, args, spec, child)
        self.register_outputs({"schedule": args.schedule})

    def _scheduled(
        self,
        name: str,
        args: KubernetesCronjobArgs,
        spec: k8s.batch.v1.JobSpecArgs,
        child: pulumi.ResourceOptions,
    ) -> None:
        k8s.batch.v1.CronJob(
            name,
            metadata=args.kubernetes.metadata(name, name, annotations=JUSTIFIED),
            spec=k8s.batch.v1.CronJobSpecArgs(
                schedule=args.schedule or "",
                time_zone=args.time_zone,
                concurrency_policy="Forbid",
                successful_jobs_history_limit=KEPT,
                failed_jobs_history_limit=KEPT,
                job_template=k8s.batch.v1.JobTemplateSpecArgs(
                    metadata=args.kubernetes.metadata(name), spec=spec
                ),
            ),
            opts=child,
        )
