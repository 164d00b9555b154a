"""Containers under the restricted Pod Security standard: non-root, no capability, read-only root.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

USER = 65532  # no user of the node; many images know it as "nonroot"


@dataclass(frozen=True, kw_only=True)
class Health:
    """Check whether a container is ready and alive. path: HTTP path on `port`; TCP if absent. command: instead of both.

    patience: seconds that starting may take.
    """

    port: int = 0
    path: str | None = None
    command: Sequence[str] = ()
    patience: int = 120

    def probe(self, *, period: int, failures: int) -> k8s.core.v1.ProbeArgs:
        """Return a probe that runs every `period` seconds and accepts up to `failures` failures."""
        http = (
            k8s.core.v1.HTTPGetActionArgs(path=self.path, port=self.port)
            if self.path and not self.command
            else None
        )
        return k8s.core.v1.ProbeArgs(
            exec_=k8s.core.v1.ExecActionArgs(command=list(self.command)) if self.command else None,
            http_get=http,
            tcp_socket=(None if http or self.command else k8s.core.v1.TCPSocketActionArgs(port=self.port)),
            period_seconds=period,
            failure_threshold=failures,
            timeout_seconds=5,
        )


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container of a pod.

    environment: plain variables; secrets: variables kept in a Secret. files, secret_files: path → content;
    writable: paths of scratch space in memory or on the node; volumes: path → claim.
    ports: name → number. cpu, memory: what it is given, as Kubernetes writes quantities; gpus: whole ones.
    """

    name: str
    image: str
    command: Sequence[pulumi.Input[str]] = ()
    args: Sequence[pulumi.Input[str]] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    secret_files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    writable: Sequence[str] = ("/tmp",)  # noqa: S108 - a volume of the pod's own
    volumes: Mapping[str, str] = field(default_factory=dict[str, str])
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    health: Health | None = None
    cpu: str = "250m"
    memory: str = "512Mi"
    gpus: int = 0

    def spec(
        self, mounts: Sequence[k8s.core.v1.VolumeMountArgs], secret: pulumi.Input[str] | None, gpu: str
    ) -> k8s.core.v1.ContainerArgs:
        """Return the container, with its mounts. secret: the Secret that holds its variables. gpu: resource name."""
        health = self.health
        return k8s.core.v1.ContainerArgs(
            name=self.name,
            image=self.image,
            image_pull_policy="Always",  # a node's cached image is no leave to use it
            command=list(self.command) or None,
            args=list(self.args) or None,
            env=self._variables(secret),
            ports=[
                k8s.core.v1.ContainerPortArgs(name=name, container_port=number, protocol="TCP")
                for name, number in self.ports.items()
            ]
            or None,
            volume_mounts=list(mounts) or None,
            security_context=container_security(),
            resources=self._resources(gpu),
            startup_probe=health.probe(period=5, failures=max(1, health.patience // 5)) if health else None,
            readiness_probe=health.probe(period=5, failures=3) if health else None,
            liveness_probe=health.probe(period=10, failures=6) if health else None,
        )

    def _variables(self, secret: pulumi.Input[str] | None) -> list[k8s.core.v1.EnvVarArgs]:
        plain = [k8s.core.v1.EnvVarArgs(name=k, value=v) for k, v in sorted(self.environment.items())]
        if secret is None:
            return plain
        return plain + [
            k8s.core.v1.EnvVarArgs(
                name=name,
                value_from=k8s.core.v1.EnvVarSourceArgs(
                    secret_key_ref=k8s.core.v1.SecretKeySelectorArgs(name=secret, key=self.secret_key(name))
                ),
            )
            for name in sorted(self.secrets)
        ]

    def secret_key(self, variable: str) -> str:
        """Return the key of a variable in the pod's one Secret."""
        return f"{self.name}.{variable}"

    def _resources(self, gpu: str) -> k8s.core.v1.ResourceRequirementsArgs:
        """Return requests equal to limits: memory above the requests could be missing on the node."""
        given = {"cpu": self.cpu, "memory": self.memory, "ephemeral-storage": "2Gi"}
        if self.gpus:
            given[gpu] = str(self.gpus)
        return k8s.core.v1.ResourceRequirementsArgs(requests=given, limits=given)


def container_security() -> k8s.core.v1.SecurityContextArgs:
    """Return the security context of a container."""
    return k8s.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        run_as_non_root=True,
        run_as_user=USER,
        capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def pod_security(user: int = USER) -> k8s.core.v1.PodSecurityContextArgs:
    """Return the security context of a pod; volumes belong to its group."""
    return k8s.core.v1.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user,
        run_as_group=user,
        fs_group=user,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )
