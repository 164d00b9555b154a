"""The outputs that stand-in resources get: every property the cloud computes, each of the right type."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable

from tests.clouds.identity import ACCOUNT, PROJECT_NUMBER, Subject, arn, email, gcp_path
from tests.clouds.shapes import JSON, Fields, Schema, Shape
from tests.clouds.wire import UNKNOWN, plain

PORTS = {"mysql": 3306, "redis": 6379, "valkey": 6379}
DEEPEST = 3
"""How far nested values are filled in; some types contain themselves."""
TIME = "2026-01-01T00:00:00Z"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nc3RhbmQtaW4=\n-----END CERTIFICATE-----\n"


def _domain(subject: Subject) -> str:
    if subject.package == "aws":
        return f"{subject.service}.{subject.region}.amazonaws.com"
    return f"{subject.service}.googleapis.com"


def _endpoint(subject: Subject) -> str:
    if subject.package == "gcp":
        return "10.0.0.10"
    inner = "cluster-standin." if subject.token == "aws:rds/cluster:Cluster" else "standin."
    scheme = "https://" if subject.service == "eks" else ""
    return f"{scheme}{subject.name}.{inner}{_domain(subject)}"


EXACT: dict[str, Callable[[Subject], JSON]] = {
    "arn": arn,
    "arnWithoutRevision": arn,
    "region": lambda subject: subject.region,
    "project": lambda subject: subject.project,
    "accountId": lambda _: ACCOUNT,
    "ownerId": lambda _: ACCOUNT,
    "registryId": lambda _: ACCOUNT,
    "projectNumber": lambda _: PROJECT_NUMBER,
    "selfLink": lambda subject: f"https://www.googleapis.com/{subject.service}/v1/{gcp_path(subject)}",
    "email": email,
    "member": lambda subject: f"serviceAccount:{email(subject)}",
    "bucketDomainName": lambda subject: f"{subject.name}.s3.amazonaws.com",
    "bucketRegionalDomainName": lambda subject: f"{subject.name}.s3.{subject.region}.amazonaws.com",
    "repositoryUrl": lambda subject: f"{ACCOUNT}.dkr.ecr.{subject.region}.amazonaws.com/{subject.name}",
    "connectionName": lambda subject: f"{subject.project}:{subject.region}:{subject.name}",
    "readerEndpoint": lambda subject: f"{subject.name}.cluster-ro-standin.{_domain(subject)}",
    "endpoint": _endpoint,
    "uri": lambda subject: f"https://{subject.name}-{PROJECT_NUMBER}.{_place(subject)}.run.app",
    "uris": lambda subject: [f"https://{subject.name}-{PROJECT_NUMBER}.{_place(subject)}.run.app"],
    "port": lambda subject: next((PORTS[k] for k in PORTS if k in str(subject.inputs.get("engine"))), 5432),
    "tagsAll": lambda subject: _tags(subject, "defaultTags", "tags"),
    "effectiveLabels": lambda subject: _tags(subject, "defaultLabels", "labels"),
    "pulumiLabels": lambda subject: _tags(subject, "defaultLabels", "labels"),
}
"""Properties with a value of their own."""
ENDINGS: tuple[tuple[str, Callable[[Subject], str]], ...] = (
    (
        "secretarn",
        lambda subject: f"arn:aws:secretsmanager:{subject.region}:{ACCOUNT}:secret:{subject.name}-1a2b3c",
    ),
    ("rolearn", lambda subject: f"arn:aws:iam::{ACCOUNT}:role/{subject.name}"),
    ("kmskeyid", lambda subject: f"arn:aws:kms:{subject.region}:{ACCOUNT}:key/standin"),
    ("hostedzoneid", lambda _: "Z0STANDIN"),
    ("arn", arn),
    ("region", lambda subject: subject.region),
    ("location", lambda subject: subject.region),
    ("availabilityzone", lambda subject: f"{subject.region}a"),
    ("url", lambda subject: f"https://{subject.name}.{_domain(subject)}"),
    ("uri", lambda subject: f"https://{subject.name}.{_domain(subject)}"),
    ("endpoint", lambda subject: f"{subject.name}.{_domain(subject)}"),
    ("dnsname", lambda subject: f"{subject.name}.{_domain(subject)}"),
    ("domainname", lambda subject: f"{subject.name}.{_domain(subject)}"),
    ("hostname", lambda subject: f"{subject.name}.{_domain(subject)}"),
    ("ip", lambda _: "10.0.0.10"),
    ("ipaddress", lambda _: "10.0.0.10"),
    ("address", lambda subject: f"{subject.name}.{_domain(subject)}"),
    ("cidrblock", lambda _: "10.0.0.0/16"),
    ("cidr", lambda _: "10.0.0.0/16"),
    ("cacertificate", lambda _: base64.b64encode(CERTIFICATE.encode()).decode()),
    ("certificate", lambda _: CERTIFICATE),
    ("data", lambda _: base64.b64encode(CERTIFICATE.encode()).decode()),
    ("privatekey", lambda _: base64.b64encode(b'{"type": "service_account"}').decode()),
    ("time", lambda _: TIME),
    ("date", lambda _: TIME),
    ("createdat", lambda _: TIME),
    ("status", lambda _: "ACTIVE"),
    ("state", lambda _: "ACTIVE"),
    ("version", lambda _: "1"),
)
"""Strings, by how the name of their property ends (in lower case)."""
KNOWN_EARLY = ("region", "project", "tagsAll", "effectiveLabels", "pulumiLabels")
"""What the real providers can tell in a preview."""


def computed(schema: Schema, subject: Subject, *, preview: bool) -> dict[str, JSON]:
    """The outputs that no input gives; in a preview most are unknown."""
    missing = [name for name in schema.outputs.required if subject.inputs.get(name) is None]
    made: dict[str, JSON] = {}
    if subject.package == "random" and not preview:
        made = _random(subject)
    for name in [*missing, *(name for name in KNOWN_EARLY if name in schema.outputs.properties)]:
        if name in made or subject.inputs.get(name) is not None:
            continue
        if preview and name not in KNOWN_EARLY:
            made[name] = UNKNOWN
        else:
            made[name] = _value(schema, subject, name, schema.outputs.properties[name])
    return made


def returned(schema: Schema, subject: Subject) -> dict[str, JSON]:
    """What a data source answers when nothing better is known of it."""
    return {
        name: _value(schema, subject, name, shape)
        for name, shape in schema.outputs.properties.items()
        if name not in subject.inputs
    }


def _value(schema: Schema, subject: Subject, name: str, shape: Shape, depth: int = 0) -> JSON:
    if depth == 0 and name in EXACT:
        return EXACT[name](subject)
    if shape.kind == "list":
        item = _value(schema, subject, name, shape.of[0], depth + 1)
        return [] if item in (None, {}) else [item]
    if shape.kind == "object":
        return _object(schema, subject, schema.objects[shape.ref], depth)
    if shape.kind == "union":
        return _value(schema, subject, name, shape.of[0], depth)
    scalars: dict[str, JSON] = {"int": 1, "float": 1.0, "bool": False, "map": {}}
    if shape.kind in scalars:
        return scalars[shape.kind]
    return shape.values[0] if shape.kind == "enum" else _text(subject, name)


def _object(schema: Schema, subject: Subject, fields: Fields, depth: int) -> dict[str, JSON]:
    if depth >= DEEPEST:
        return {}
    return {
        name: _value(schema, subject, name, shape, depth + 1) for name, shape in fields.properties.items()
    }


def _text(subject: Subject, name: str) -> str:
    if subject.token == "gcp:serviceaccount/account:Account" and name == "name":
        return f"projects/{subject.project}/serviceAccounts/{email(subject)}"
    for ending, make in ENDINGS:
        if name.lower().endswith((ending, f"{ending}s")):
            return make(subject)
    return f"{subject.name}-{name}"


def _place(subject: Subject) -> str:
    return subject.setting("location", subject.region)


def _tags(subject: Subject, default: str, own: str) -> dict[str, JSON]:
    """A resource's tags or labels and those its provider puts on all."""
    given: JSON = subject.settings.get(default) or {}
    if default == "defaultTags":
        given = given.get("tags") or {} if isinstance(given, dict) else {}
    mine: JSON = plain(subject.inputs.get(own)) or {}
    return {**given, **mine} if isinstance(mine, dict) else {}


def _random(subject: Subject) -> dict[str, JSON]:
    """The random provider is no cloud: what it makes has the real thing's form."""
    chance = random.Random(f"{subject.token} {subject.logical}")  # noqa: S311 - the same at every run, on purpose
    length = int(subject.inputs.get("length") or subject.inputs.get("byteLength") or 8)
    letters = string.ascii_letters + string.digits
    data = chance.randbytes(length)
    text = "".join(chance.choice(letters) for _ in range(length))
    if subject.type == "RandomInteger":
        return {"result": chance.randint(int(subject.inputs["min"]), int(subject.inputs["max"]))}
    if subject.type == "RandomShuffle":
        return {"results": chance.sample(subject.inputs["inputs"], len(subject.inputs["inputs"]))}
    if subject.type in ("RandomId", "RandomBytes"):
        encoded = base64.b64encode(data).decode()
        url = base64.urlsafe_b64encode(data).decode().rstrip("=")
        prefix = subject.inputs.get("prefix") or ""
        numbers = {"dec": str(int.from_bytes(data, "big")), "hex": prefix + data.hex()}
        return {**numbers, "b64Std": encoded, "b64Url": url, "base64": encoded}
    if subject.type.startswith("RandomUuid"):
        return {"result": str(uuid.UUID(bytes=chance.randbytes(16)))}
    return {"result": text, "bcryptHash": f"$2a$10${text}"}
