"""What the production programs guard, where two settings meet: deletion, firewalls, ways to a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.identities import ENVIRONMENT, SECRETS
from tests.clouds.programs import generated, spec_that_allows_deletion
from tests.clouds.recording import Recording, run_program
from tests.clouds.standin import GUARDS

pytestmark = pytest.mark.programs
EVERYONE = "0.0.0.0/0"
HOLD_NO_DATA = ("gcp:secretmanager/secret:Secret", "gcp:cloudrunv2/job:Job")  # made again by the next update
GCP = """\
apiVersion: stackgen/v1
name: case
components:
  store: {capability: vector_store, implementation: gcp/cloud-sql}
  app: {capability: service, source: ., command: [sh], uses: [store]}
environments:
  prod: {provider: gcp, settings: {region: europe-west3%s}}
"""


def run(text: str, folder: Path) -> Recording:
    (folder / "requirements.txt").touch()
    settings = {**SECRETS, "gcpProject": "example-project"}
    return run_program(generated(text, folder, "prod"), settings, stack="prod")


@pytest.mark.parametrize("provider", ["aws", "gcp"])
def test_protected_data_is_guarded_even_where_deletion_is_allowed(provider: str, tmp_path: Path) -> None:
    text = spec_that_allows_deletion(provider)
    (tmp_path / "requirements.txt").touch()
    found = run_program(generated(text, tmp_path, ENVIRONMENT), SECRETS, stack=ENVIRONMENT)
    held = [one for one in found.resources if one.type not in HOLD_NO_DATA]
    guards = [one.inputs[guard] for one in held for guard in GUARDS if guard in one.inputs]
    assert len(guards) >= 3
    assert set(guards) == {True}
    emptied = [one.name for one in found.resources if one.inputs.get("forceDestroy")]
    assert emptied == []


def test_a_firewall_admits_the_peers_and_no_one_else(tmp_path: Path) -> None:
    found = run(GCP % ", peers: [10.1.0.0/16, 10.2.0.0/16]", tmp_path)
    rules = [one for one in found.of_type("gcp:compute/firewall:Firewall") if one.inputs.get("allows")]
    inward = [one for one in rules if one.inputs.get("direction") == "INGRESS"]
    (peers,) = [one for one in inward if one.name.endswith("-from-peers")]
    assert peers.inputs["sourceRanges"] == ["10.1.0.0/16", "10.2.0.0/16"]
    for rule in inward:
        assert EVERYONE not in rule.inputs.get("sourceRanges", [EVERYONE]), rule.name


def test_callers_reach_their_database_in_a_closed_network(tmp_path: Path) -> None:
    found = run(GCP % "", tmp_path)
    ways = [
        one
        for one in found.of_type("gcp:compute/firewall:Firewall")
        if one.inputs.get("direction") == "EGRESS"
        and any("5432" in allowed.get("ports", ()) for allowed in one.inputs.get("allows", ()))
    ]
    assert sorted(one.name for one in ways) == ["app-to-store", "store-roles-to-store"]
    for way in ways:
        assert len(way.inputs["destinationRanges"]) == 1
        assert way.inputs["destinationRanges"][0].endswith("/32")
        assert way.inputs["targetTags"]
