"""Any legal stack and component name gives legal, unique, bounded physical names in every service."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackgen.spec.stack import SLUG
from tests.clouds.programs import generated
from tests.clouds.recording import ROOT, run_program

NAMES = st.from_regex(SLUG, fullmatch=True)
LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")

# type → property → what the service allows
LEGAL: dict[str, tuple[str, str]] = {
    "aws:iam/role:Role": ("name", r"[\w+=,.@-]{1,64}"),
    "aws:rds/cluster:Cluster": ("clusterIdentifier", r"(?!.*--)[a-z][a-z0-9-]{0,61}[a-z0-9]"),
    "aws:rds/clusterInstance:ClusterInstance": ("identifier", r"(?!.*--)[a-z][a-z0-9-]{0,61}[a-z0-9]"),
    "aws:rds/subnetGroup:SubnetGroup": ("name", r"[a-z0-9. _-]{1,255}"),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": ("name", r"(?!.*--)[a-z][a-z0-9-]{0,253}[a-z0-9]"),
    "aws:s3/bucket:Bucket": ("bucketPrefix", r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,36}"),
    "aws:vpclattice/service:Service": ("name", r"(?!.*--)(?!svc-)[a-z0-9][a-z0-9-]{1,38}[a-z0-9]"),
    "aws:vpclattice/targetGroup:TargetGroup": ("name", r"(?!.*--)(?!tg-)[a-z0-9][a-z0-9-]{1,126}[a-z0-9]"),
    "aws:vpclattice/serviceNetwork:ServiceNetwork": (
        "name",
        r"(?!.*--)(?!servicenetwork-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    ),
    "aws:ec2/securityGroup:SecurityGroup": ("name", r"(?!sg-)[\w .:/()#,@\[\]+=&;{}!$*-]{1,255}"),
    "aws:ecs/service:Service": ("name", r"[\w-]{1,255}"),
    "aws:ecs/taskDefinition:TaskDefinition": ("family", r"[\w-]{1,255}"),
    "aws:ecs/cluster:Cluster": ("name", r"[\w-]{1,255}"),
    "aws:cloudwatch/logGroup:LogGroup": ("name", r"[\w./#-]{1,512}"),
    "aws:secretsmanager/secret:Secret": ("name", r"[\w/+=.@-]{1,512}"),
    "aws:ecr/repository:Repository": ("name", r"(?!.*--)[a-z0-9][a-z0-9._/-]{1,255}"),
    "aws:scheduler/schedule:Schedule": ("name", r"[\w.-]{1,64}"),
    "aws:kms/alias:Alias": ("name", r"alias/(?!aws/)[\w/-]{1,250}"),
    "gcp:serviceaccount/account:Account": ("accountId", r"[a-z](?:[a-z0-9-]{4,28})[a-z0-9]"),
    "gcp:cloudrunv2/service:Service": ("name", r"[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?"),
    "gcp:cloudrunv2/job:Job": ("name", r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"),
    "gcp:secretmanager/secret:Secret": ("secretId", r"[\w-]{1,255}"),
    "gcp:storage/bucket:Bucket": ("name", r"(?!goog)(?!.*google)[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]"),
    "gcp:alloydb/cluster:Cluster": ("clusterId", r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"),
    "gcp:alloydb/instance:Instance": ("instanceId", r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"),
    "gcp:sql/databaseInstance:DatabaseInstance": ("name", r"[a-z](?:[a-z0-9-]{0,78}[a-z0-9])?"),
    "gcp:compute/network:Network": ("name", LABEL.pattern),
    "gcp:compute/firewall:Firewall": ("name", LABEL.pattern),
    "gcp:compute/route:Route": ("name", LABEL.pattern),
    "gcp:artifactregistry/repository:Repository": ("repositoryId", LABEL.pattern),
    "gcp:cloudscheduler/job:Job": ("name", r"[\w-]{1,500}"),
}
SPEC = """
apiVersion: stackgen/v1
name: {stack}
owner: "Ünïcode <owner@example.com>"
labels: {{"Cost/Centre ☃": "A value with ; and ü", tier: "{long}"}}
components:
  {a}: {{capability: vector_store}}
  {b}: {{capability: object_store}}
  {c}: {{capability: service, source: ., command: [run], uses: [{a}, {b}]}}
  {d}: {{capability: job, source: ., command: [run], uses: [{b}]}}
environments:
  {environment}: {{provider: {provider}}}
"""
WORST = [
    ("a" * 40, "b" * 40, ["v" * 40, "o" * 40, "s" * 40, "s" * 39 + "j"]),
    ("a--b", "p--d", ["v--v", "o--o", "s--s", "j--j"]),
    ("sg", "xn--a", ["sg-a", "sthree-x", "svc-a", "tg-a"]),
    ("aa", "bb", ["cc", "dd", "ee", "ff"]),
    ("google", "prod", ["goog-a", "google-b", "aws-c", "gcp"]),
]


def _naming(provider: str) -> ModuleType:
    folder = ROOT / "src" / "stackgen" / "providers" / provider / "program"
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return __import__(f"{provider}_platform.naming", fromlist=["naming"])


@pytest.mark.unit
@pytest.mark.parametrize("provider", ["aws", "gcp"])
@settings(max_examples=500, deadline=None)
@given(
    name=st.text("abz019-", min_size=1, max_size=200),
    other=st.text("abz019-", min_size=1, max_size=200),
    limit=st.integers(28, 255),
)
def test_bounded_names_are_short_legal_and_differ(provider: str, name: str, other: str, limit: int) -> None:
    bounded = _naming(provider).bound_name
    found = bounded(name, limit)
    assert len(found) <= limit
    assert "--" not in found
    assert not found.endswith("-")
    if name != other:
        assert found != bounded(other, limit)


@pytest.mark.unit
@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_labels_and_tags_are_legal(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9_-]{0,63}", _naming("gcp").label(text))
    assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", _naming("gcp").label_key(text))
    assert len(_naming("aws").tag(text)) <= 256


@pytest.mark.programs
@pytest.mark.parametrize("provider", ["aws", "gcp"])
@pytest.mark.parametrize("worst", WORST, ids=lambda worst: worst[0][:8])
def test_whole_programs_have_legal_unique_names(
    provider: str, worst: tuple[str, str, list[str]], tmp_path: Path
) -> None:
    stack, environment, (a, b, c, d) = worst
    text = SPEC.format(
        stack=stack, a=a, b=b, c=c, d=d, environment=environment, provider=provider, long="x" * 300
    )
    folder = generated(text, tmp_path, environment)
    found = run_program(
        folder, {"awsAccount": "111122223333", "gcpProject": "example-project"}, stack=environment
    )
    assert found.violations == []
    seen: dict[tuple[str, str], str] = {}
    for resource in found.resources:
        if resource.type not in LEGAL:
            continue
        key, pattern = LEGAL[resource.type]
        name = str(resource.inputs[key])
        assert re.fullmatch(pattern, name), f"{resource.type} {resource.name}: {name!r}"
        if key != "bucketPrefix":
            assert seen.setdefault((resource.type, name), resource.urn) == resource.urn, name
