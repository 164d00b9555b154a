"""Names, ids and ARNs that stand-in resources get: the form is the real one, the account is not."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from tests.clouds.shapes import JSON, Schema
from tests.clouds.wire import UNKNOWN, plain

ACCOUNT = "123456789012"
PROJECT_NUMBER = "123456789"

NAMING = ("name", "bucket", "clusterIdentifier", "identifier", "replicationGroupId", "clusterId", "family")
"""Properties that are the name of a resource; those a program may leave out get a name made up."""
GIVEN = ("repositoryId", "secretId", "accountId", "datasetId", "instanceId", "topicId", "domainName", "role")
"""Properties that are a name too, but are always given."""
LENGTHS = {
    "aws:s3/bucket:Bucket": 63,
    "aws:iam/role:Role": 64,
    "aws:rds/cluster:Cluster": 63,
    "aws:rds/instance:Instance": 63,
    "aws:rds/clusterInstance:ClusterInstance": 63,
    "aws:lb/loadBalancer:LoadBalancer": 32,
    "aws:lb/targetGroup:TargetGroup": 32,
}
"""How long a name may be, where the service allows fewer than 255 characters."""
LOWER = ("aws:s3/", "aws:rds/", "aws:elasticache/", "aws:opensearch/", "gcp:")
"""Where made-up names are all in lower case."""
PREFIXES = {
    "Vpc": "vpc",
    "Subnet": "subnet",
    "SecurityGroup": "sg",
    "SecurityGroupRule": "sgrule",
    "SecurityGroupIngressRule": "sgr",
    "SecurityGroupEgressRule": "sgr",
    "RouteTable": "rtb",
    "RouteTableAssociation": "rtbassoc",
    "InternetGateway": "igw",
    "NatGateway": "nat",
    "Eip": "eipalloc",
    "Instance": "i",
    "VpcEndpoint": "vpce",
    "LaunchTemplate": "lt",
    "NetworkInterface": "eni",
    "FlowLog": "fl",
    "FileSystem": "fs",
    "AccessPoint": "fsap",
    "MountTarget": "fsmt",
}
"""Type → what ids begin with, in EC2, VPC and EFS."""
BY_ARN = ("lb", "secretsmanager", "acm", "sns", "ecs", "sfn", "bedrock", "apprunner", "imagebuilder")
"""AWS services whose ids are ARNs."""
GLOBAL = ("iam", "s3", "route53", "cloudfront")
"""AWS services whose ARNs name no region."""
KINDS = {"logs": {"LogGroup": "log-group"}, "rds": {"Instance": "db", "ClusterInstance": "db"}}
"""The kind in an ARN, where it is not the type's name."""


@dataclass(frozen=True)
class Subject:
    """A resource about to be, as far as names and outputs depend on it; inputs and settings are plain."""

    token: str
    logical: str
    inputs: dict[str, JSON]
    settings: dict[str, JSON] = field(default_factory=dict[str, JSON])

    @property
    def name(self) -> str:
        """Its name in the cloud; the logical name where it has none or it is not known yet."""
        known = (self.inputs.get(field) for field in (*NAMING, *GIVEN))
        return next((name for name in known if isinstance(name, str) and name != UNKNOWN), self.logical)

    @property
    def package(self) -> str:
        return self.token.split(":")[0]

    @property
    def service(self) -> str:
        return self.token.split(":")[1].split("/")[0].rstrip("_")

    @property
    def type(self) -> str:
        return self.token.split(":")[2]

    def setting(self, key: str, otherwise: str) -> str:
        """A property such as `region`, given to the resource or else to its provider."""
        value = self.inputs.get(key) or self.settings.get(key) or otherwise
        return value if value != UNKNOWN else otherwise

    @property
    def region(self) -> str:
        return self.setting("region", "us-east-1" if self.package == "aws" else "us-central1")

    @property
    def project(self) -> str:
        return self.setting("project", "standin")


def naming_property(schema: Schema) -> str | None:
    """The property for which the provider makes up a name when none is given."""
    if schema.token.startswith("random:"):
        return None
    optional = (name for name in NAMING if name in schema.inputs.properties)
    return next((name for name in optional if name not in schema.inputs.required), None)


def made_up_name(token: str, logical: str, seed: bytes) -> str:
    """`logical-1a2b3c4`, cut to the length and in the case that the service allows."""
    tail = "-" + uuid.uuid5(uuid.NAMESPACE_OID, seed.hex() + logical).hex[:7]
    longest = LENGTHS.get(token, 63 if token.startswith("gcp:") else 255)
    name = logical[: longest - len(tail)] + tail
    return name.lower() if token.startswith(LOWER) else name


def arn(subject: Subject) -> str:
    """The ARN of an AWS resource."""
    service, name = subject.service, subject.name
    if service == "s3" and subject.type.startswith("Bucket"):
        return f"arn:aws:s3:::{name}"
    region = "" if service in GLOBAL else subject.region
    kind = KINDS.get(service, {}).get(subject.type, subject.type.lower())
    start = f"arn:aws:{service}:{region}:{ACCOUNT}"
    if service in ("sns", "sqs"):
        return f"{start}:{name}"
    separator = ":" if service in ("rds", "logs", "lambda", "secretsmanager") else "/"
    return f"{start}:{kind}{separator}{name}"


def gcp_path(subject: Subject) -> str:
    """`projects/P/locations/L/services/N`: both the id and the end of the self link."""
    place = "global"
    for key, collection in (("zone", "zones"), ("region", "regions"), ("location", "locations")):
        if subject.inputs.get(key):
            place = f"{collection}/{subject.inputs[key]}"
            break
    kind = subject.type[0].lower() + subject.type[1:]
    plural = kind[:-1] + "ies" if kind.endswith("y") else kind + "s"
    return f"projects/{subject.project}/{place}/{plural}/{subject.name}"


def new_id(subject: Subject, *, settled: bool = False) -> str:
    """The id of a resource just made; a settled one is the same in every run."""
    name = f"{subject.token} {subject.logical}"
    unique = (uuid.uuid5(uuid.NAMESPACE_OID, name) if settled else uuid.uuid4()).hex
    if subject.package == "gcp":
        return _gcp_id(subject, unique)
    if subject.package != "aws":
        return unique
    if subject.service in ("ec2", "vpc", "efs") and subject.type in PREFIXES:
        return f"{PREFIXES[subject.type]}-{unique[:17]}"
    if subject.service in BY_ARN:
        return arn(subject)
    if subject.service == "kms" and subject.type == "Key":
        return str(uuid.UUID(unique))
    if subject.name != subject.logical:
        return subject.name
    return f"{subject.type.lower()}-{unique[:12]}"


def _gcp_id(subject: Subject, unique: str) -> str:
    if "Iam" in subject.type or "IAM" in subject.type:
        return f"{gcp_path(subject)}/{unique[:8]}"
    if subject.service == "storage" and subject.type == "Bucket":
        return subject.name
    if subject.service == "serviceaccount" and subject.type == "Account":
        return f"projects/{subject.project}/serviceAccounts/{email(subject)}"
    return gcp_path(subject)


def email(subject: Subject) -> str:
    """The address of a GCP service account."""
    return f"{subject.name}@{subject.project}.iam.gserviceaccount.com"


def subject_of(token: str, logical: str, inputs: dict[str, JSON], settings: dict[str, JSON]) -> Subject:
    """A subject of inputs that may still hold marks."""
    return Subject(token, logical, plain(inputs), settings)
