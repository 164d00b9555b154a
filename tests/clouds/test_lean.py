"""A generated program costs what somebody's own would: nothing is loaded or created that it does not need."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pulumi_aws
import pulumi_gcp
import pytest

from benchmarks.program import FLAT, HAND_WRITTEN, command, generated
from tests.clouds.programs import PROGRAMS, recorded
from tests.clouds.recording import ROOT

pytestmark = pytest.mark.programs
SDKS = {"aws": Path(str(pulumi_aws.__file__)).parent, "gcp": Path(str(pulumi_gcp.__file__)).parent}


def _services(names: set[str], package: str) -> set[str]:
    """Those of the names that are packages of a provider's SDK, where it keeps one per service."""
    return {name for name in names if (SDKS[package] / name / "__init__.py").is_file()} - {"config"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_service_of_a_provider_is_loaded_that_the_program_does_not_use(name: str) -> None:
    found = recorded(name)
    tokens = [*(resource.type for resource in found.resources), *(call.token for call in found.calls)]
    for package in SDKS:
        used = {token.split(":")[1].partition("/")[0] for token in tokens if token.startswith(f"{package}:")}
        # the SDK puts every service into sys.modules, and fills it with modules when it is first used
        parts = [module.split(".") for module in found.modules if module.startswith(f"pulumi_{package}.")]
        loaded = {part[1] for part in parts if len(part) > 2}
        spelled = {service + "_" if service == "lambda" else service for service in used}
        assert _services(loaded, package) <= spelled


def test_a_hand_written_program_with_the_same_resources_is_what_the_benchmark_compares_with(
    tmp_path: Path,
) -> None:
    """Type, name and every input; and the same modules of the SDK."""
    found: list[Any] = []
    for program in (generated(tmp_path), HAND_WRITTEN, FLAT):
        record = tmp_path / "record.json"
        subprocess.run(command(program, str(record)), cwd=ROOT, check=True, capture_output=True, timeout=300)
        found.append(json.loads(record.read_text()))
    assert len(found[0]["resources"]) > 170
    assert len(found[0]["components"]) == 21
    assert found[0] == found[1]
    assert found[0] == {**found[2], "components": found[0]["components"]}
