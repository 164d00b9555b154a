"""The providers' own verdicts on every cloud program are recorded, are clean, and are of the program as it is.

`make provider-truth` records them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clouds.programs import PROGRAMS, recorded
from tests.provider_truth import build, seeded, tofu
from tests.provider_truth.judging import GOLDEN, digest, judge
from tests.provider_truth.naming import BETA, NEWER
from tests.provider_truth.sources import AWS

SHARE = 0.8
"""Of the seeded mistakes, at least so many are found: the rest only the services themselves know."""
real = pytest.mark.skipif(not tofu.ready(), reason="the providers are not built here: make provider-truth")


def verdict(name: str) -> dict[str, Any]:
    path = GOLDEN / f"{name}.json"
    assert path.exists(), f"no verdict on {name} is recorded: make provider-truth"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.programs
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_verdict_is_of_the_program_as_it_is(name: str) -> None:
    found = verdict(name)
    assert found["digest"] == digest(recorded(name)), f"{name} has changed since: make provider-truth"
    assert found["judges"] == tofu.versions()


@pytest.mark.unit
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_providers_find_nothing(name: str) -> None:
    found = verdict(name)
    assert found["diagnostics"] == []
    assert set(found["unmapped properties"]) <= NEWER
    assert found["resources planned"] == found["resources judged"] > 0
    assert {token for token in found["left out"] if not token.startswith("random:")} <= BETA


@pytest.mark.unit
def test_verdicts_are_of_programs_that_exist() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {*PROGRAMS, "seeded"}


@pytest.mark.programs
def test_most_seeded_mistakes_are_found() -> None:
    recorded_before = verdict("seeded")
    said = recorded_before["mistakes"]
    assert set(said) == set(seeded.mistakes()), "mistakes have changed since: make provider-truth"
    assert recorded_before["judges"] == tofu.versions()
    missed = sorted(name for name, found in said.items() if not found)
    assert len(missed) <= (1 - SHARE) * len(said), missed


@pytest.mark.programs
@real
@pytest.mark.parametrize("name", ["prod", "prod-gcp"])
def test_the_recorded_verdict_is_what_the_providers_say(name: str) -> None:
    found = verdict(name)
    assert judge(recorded(name), tofu.schemas()).document(found["date"]) == found


@pytest.mark.unit
def test_a_service_that_a_provider_has_not_is_said(tmp_path: Path) -> None:
    (tmp_path / AWS.registration).parent.mkdir(parents=True)
    (tmp_path / AWS.registration).write_text('\t"example.com/internal/service/ec2"\n')
    with pytest.raises(build.CannotBuild, match=r"has no services .*amp"):
        build.trim(tmp_path, AWS)
