"""What data sources answer: canned facts of one account, real policy documents, else values by type."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.clouds import schema, values
from tests.clouds.identity import ACCOUNT, PROJECT_NUMBER, Subject, subject_of
from tests.clouds.shapes import JSON

Answer = dict[str, JSON]


def answer(token: str, arguments: Answer, settings: Answer) -> Answer:
    """The result of calling a data source; `settings` are those of its provider, plain."""
    name = token.split(":")[2]
    subject = subject_of(token, name, arguments, settings)
    given = {key: value for key, value in subject.inputs.items() if value is not None}
    specific = _FUNCTIONS.get(token, _nothing)(subject)
    return {**_typed(token, subject), **given, **specific}


def _typed(token: str, subject: Subject) -> Answer:
    try:
        return values.returned(schema.function(token), subject)
    except schema.UnknownToken:
        return {"id": subject.name}


def _nothing(_: Subject) -> Answer:
    return {}


def _caller(_: Subject) -> Answer:
    arn = f"arn:aws:iam::{ACCOUNT}:user/standin"
    return {"accountId": ACCOUNT, "arn": arn, "userId": "AIDASTANDIN", "id": ACCOUNT}


def _region(subject: Subject) -> Answer:
    name = subject.region
    endpoint = f"ec2.{name}.amazonaws.com"
    return {"region": name, "name": name, "id": name, "description": name, "endpoint": endpoint}


def _partition(_: Subject) -> Answer:
    return {
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
        "id": "aws",
    }


def _zones(subject: Subject) -> Answer:
    letters = "abc"
    zones = [subject.region + letter for letter in letters]
    ids = [f"{subject.region.replace('-', '')}-az{number}" for number in range(1, len(letters) + 1)]
    return {"names": zones, "zoneIds": ids, "groupNames": [subject.region], "id": subject.region}


def _prefix_list(subject: Subject) -> Answer:
    name = subject.inputs.get("name") or f"com.amazonaws.{subject.region}.s3"
    entries = [{"cidr": "52.216.0.0/15", "description": ""}]
    return {
        "id": "pl-63a5400a",
        "name": name,
        "cidrBlocks": ["52.216.0.0/15"],
        "entries": entries,
        "arn": f"arn:aws:ec2:{subject.region}:aws:prefix-list/pl-63a5400a",
        "maxEntries": 1,
    }


def _policy(subject: Subject) -> Answer:
    """An IAM policy document of a data source's statements."""
    document: Answer = {"Version": subject.inputs.get("version") or "2012-10-17"}
    if subject.inputs.get("policyId"):
        document["Id"] = subject.inputs["policyId"]
    sources = subject.inputs.get("sourcePolicyDocuments") or []
    before = [statement for source in sources for statement in json.loads(source)["Statement"]]
    document["Statement"] = [*before, *map(_statement, subject.inputs.get("statements") or [])]
    return {"json": json.dumps(document, indent=2), "minifiedJson": json.dumps(document), "id": "1"}


def _statement(given: Answer) -> Answer:
    result: Answer = {"Effect": given.get("effect") or "Allow"}
    for key, name in (
        ("sid", "Sid"),
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if given.get(key):
            result[name] = _one_or_many(given[key])
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if given.get(key):
            result[name] = _principals(given[key])
    for condition in given.get("conditions") or []:
        test = result.setdefault("Condition", {}).setdefault(condition["test"], {})
        test[condition["variable"]] = _one_or_many(condition["values"])
    return result


def _principals(given: list[Answer]) -> JSON:
    if any(principal["type"] == "*" for principal in given):
        return "*"
    return {principal["type"]: _one_or_many(principal["identifiers"]) for principal in given}


def _one_or_many(items: JSON) -> JSON:
    return items[0] if isinstance(items, list) and len(items) == 1 else items


def _project(subject: Subject) -> Answer:
    wanted = subject.inputs.get("projectId") or subject.project
    return {"projectId": wanted, "number": PROJECT_NUMBER, "name": wanted, "id": f"projects/{wanted}"}


def _projects(subject: Subject) -> Answer:
    one = {"projectId": subject.project, "number": PROJECT_NUMBER, "name": subject.project, "labels": {}}
    return {"projects": [one], "id": "projects"}


def _client(subject: Subject) -> Answer:
    zone = subject.setting("zone", f"{subject.region}-a")
    place = {"project": subject.project, "region": subject.region, "zone": zone}
    return {**place, "accessToken": "standin", "id": f"{subject.project}-{zone}"}


def _gcp_zones(subject: Subject) -> Answer:
    return {"names": [f"{subject.region}-{letter}" for letter in "abc"], "id": subject.region}


def _gcp_policy(subject: Subject) -> Answer:
    given = subject.inputs.get("bindings") or []
    bindings = [{"role": binding["role"], "members": sorted(binding["members"])} for binding in given]
    return {"policyData": json.dumps({"bindings": bindings}), "id": "1"}


_FUNCTIONS: dict[str, Callable[[Subject], Answer]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy,
    "aws:ec2/getPrefixList:getPrefixList": _prefix_list,
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _prefix_list,
    "gcp:organizations/getProject:getProject": _project,
    "gcp:organizations/getClientConfig:getClientConfig": _client,
    "gcp:organizations/getIAMPolicy:getIAMPolicy": _gcp_policy,
    "gcp:projects/getProject:getProject": _projects,
    "gcp:compute/getZones:getZones": _gcp_zones,
}
