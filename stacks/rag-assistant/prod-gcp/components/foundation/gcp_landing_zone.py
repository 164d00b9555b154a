"""The ground Google Cloud components stand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi
import pulumi_gcp as gcp
import pulumi_random as random

from gcp_platform.buckets import log_bucket
from gcp_platform.naming import bound_name, label, label_key, physical_name
from gcp_platform.network import Network, existing_network, new_network
from gcp_platform.workloads import Workload

APIS = (
    "aiplatform.googleapis.com",
    "alloydb.googleapis.com",
    "artifactregistry.googleapis.com",
    "cloudkms.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "dns.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
)

Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class GcpLandingZoneArgs:
    """project and region everything is created in. labels: of everything.

    allow_deletion: whether databases and buckets with data in them may be deleted (never where `protect`).
    network and subnetwork: ones that others own, instead of new ones with address range `cidr`.
    egress: component → why it may open HTTPS connections to the internet; a new network has NAT only if one does.
    peers: address ranges that may connect.
    log_retention and backup_retention: days.
    """

    project: str
    region: str
    labels: Mapping[str, str] = field(default_factory=dict)
    protect: bool
    allow_deletion: bool
    cidr: str
    database_cidr: str
    network: str | None = None
    subnetwork: str | None = None
    egress: Mapping[str, str] = field(default_factory=dict)
    image_registry: str | None = None
    peers: Sequence[str] = ()
    log_retention: int
    backup_retention: int


class GcpLandingZone(pulumi.ComponentResource):
    """APIs, network, key, logs, and an identity for every workload.

    providers: for every component here; nothing is created with anybody's ambient settings.
    """

    def __init__(
        self, name: str, args: GcpLandingZoneArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgen:foundation:GcpLandingZone", name, None, opts)
        self._name, self._args = name, args
        self.project, self.region = args.project, args.region
        self.protect, self.egress = args.protect, args.egress
        self.deletable = args.allow_deletion and not args.protect
        self.backup_retention = 35 if args.protect else args.backup_retention
        own = pulumi.ResourceOptions(parent=self)
        provider = gcp.Provider(
            f"{name}-project",
            project=args.project,
            region=args.region,
            user_project_override=True,
            billing_project=args.project,
            default_labels={label_key(key): label(value) for key, value in args.labels.items()},
            opts=own,
        )
        self.providers: Mapping[str, pulumi.ProviderResource] = {
            "gcp": provider,
            "random": random.Provider(f"{name}-random", opts=own),
        }
        first = pulumi.ResourceOptions(parent=self, provider=provider)
        apis = [
            gcp.projects.Service(
                f"{name}-{api.split('.')[0]}",
                project=args.project,
                service=api,
                disable_on_destroy=False,
                opts=first,
            )
            for api in APIS
        ]
        self._child = child = pulumi.ResourceOptions(parent=self, provider=provider, depends_on=apis)
        gcp.logging.ProjectBucketConfig(
            f"{name}-logs",
            project=args.project,
            location="global",
            bucket_id="_Default",
            retention_days=args.log_retention,
            opts=child,
        )
        self._workloads: dict[str, Workload] = {}
        self._made: dict[str, Any] = {}
        self._encrypted: dict[str, pulumi.Resource] = {}
        self._predict: gcp.projects.IAMCustomRole | None = None
        self._trusted: dict[str, gcp.iam.WorkloadIdentityPoolProvider] = {}
        self._access_logs: gcp.storage.Bucket | None = None
        self.register_outputs({"project": args.project, "region": args.region})

    # What follows is made when the first component needs it.

    def _once(self, name: str, make: Callable[[], Made]) -> Made:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @property
    def network(self) -> Network:
        """One private subnet; Google's APIs by private addresses."""
        return self._once("network", self._new_network)

    def _new_network(self) -> Network:
        args = self._args
        if args.network:
            return existing_network(args.network, args.subnetwork or "")
        return new_network(
            self._name, self.region, args.cidr, args.database_cidr, bool(self.egress), args.peers, self._child
        )

    @property
    def key_id(self) -> pulumi.Output[str]:
        """The environment's own key: everything at rest is encrypted with it; it rotates every 90 days."""
        return self._once("key_id", self._new_key_id)

    def _new_key_id(self) -> pulumi.Output[str]:
        opts = self._child
        ring = gcp.kms.KeyRing(
            f"{self._name}-keys", name=physical_name("keys"), location=self.region, opts=opts
        )
        key = gcp.kms.CryptoKey(
            f"{self._name}-key",
            name="data",
            key_ring=ring.id,
            rotation_period="7776000s",
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=self.protect)),
        )
        return key.id

    def workload(self, name: str) -> Workload:
        """Return a component's identity: a service account without permissions and a tag without rules, at first."""
        if name not in self._workloads:
            account = gcp.serviceaccount.Account(
                f"{name}-identity",
                account_id=f"w-{physical_name(name, 28)}",
                display_name=bound_name(f"{pulumi.get_stack()} {name}", 100),
                description=f"What {name} may do",
                opts=self._child,
            )
            tag = physical_name(f"w-{name}")
            self._workloads[name] = Workload(name, self.project, account, tag, self._child)
        return self._workloads[name]

    def grant_key(self, service: str) -> pulumi.Resource:
        """Lets a Google service use the environment's key; what it encrypts depends on this."""
        if service not in self._encrypted:
            label = service.split(".", maxsplit=1)[0]
            self._encrypted[service] = gcp.kms.CryptoKeyIAMMember(
                f"{self._name}-key-for-{label}",
                crypto_key_id=self.key_id,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=self._agent(service, label),
                opts=self._child,
            )
        return self._encrypted[service]

    def _agent(self, service: str, label: str) -> pulumi.Input[str]:
        """The account a Google service acts as in this project."""
        if service == "storage.googleapis.com":
            found = gcp.storage.get_project_service_account_output(
                project=self.project,
                opts=pulumi.InvokeOutputOptions(parent=self, provider=self.providers["gcp"]),
            )
            return pulumi.Output.concat("serviceAccount:", found.email_address)
        agent = gcp.projects.ServiceIdentity(
            f"{self._name}-{label}-agent", project=self.project, service=service, opts=self._child
        )
        return agent.member

    def may_predict(self) -> pulumi.Output[str]:
        """A role that may call models, and nothing else."""
        if self._predict is None:
            self._predict = gcp.projects.IAMCustomRole(
                f"{self._name}-predict",
                project=self.project,
                role_id=physical_name("predict").replace("-", "_"),
                title=f"{pulumi.get_project()} {pulumi.get_stack()}: call models",
                permissions=["aiplatform.endpoints.predict"],
                opts=self._child,
            )
        return self._predict.name

    def trusts_aws(self, account: str) -> gcp.iam.WorkloadIdentityPoolProvider:
        """A provider of identities for roles of one AWS account.

        https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
        """
        if account not in self._trusted:
            pool = gcp.iam.WorkloadIdentityPool(
                f"{self._name}-aws",
                project=self.project,
                workload_identity_pool_id=physical_name("aws", 32),
                display_name="AWS",
                description=f"Workloads of AWS account {account}",
                opts=self._child,
            )
            self._trusted[account] = gcp.iam.WorkloadIdentityPoolProvider(
                f"{self._name}-aws",
                project=self.project,
                workload_identity_pool_id=pool.workload_identity_pool_id,
                workload_identity_pool_provider_id=bound_name(f"account-{account}", 32),
                aws=gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id=account),
                # only roles of this environment, by the name they begin with
                attribute_condition=(
                    f"attribute.aws_role.startsWith('{pulumi.get_project()}-{pulumi.get_stack()}-')"
                ),
                attribute_mapping={
                    "google.subject": "assertion.arn.extract('assumed-role/{role}/')",
                    "attribute.aws_role": "assertion.arn.extract('assumed-role/{role}/')",
                },
                opts=self._child,
            )
        return self._trusted[account]

    def access_log_bucket(self) -> gcp.storage.Bucket:
        """The bucket that has the access logs of the others."""
        if self._access_logs is None:
            self._access_logs = log_bucket("access-logs", self, self._child)
        return self._access_logs

    def image(self, upstream: str) -> str:
        """A public image, from the mirror where there is one."""
        return f"{self._args.image_registry}/{upstream}" if self._args.image_registry else upstream
