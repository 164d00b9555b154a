"""What services and jobs of a cloud program read from their environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clouds.programs import generated
from tests.clouds.recording import Recording, run_program

pytestmark = pytest.mark.programs
SPEC = """
apiVersion: stackgen/v1
name: regions
components:
  documents: {{capability: object_store}}
  app: {{capability: service, source: ., command: [run], uses: [documents]}}
  nightly: {{capability: job, source: ., command: [run], uses: [documents]}}
environments: {{prod: {{provider: {provider}, settings: {{{settings}}}}}}}
"""
SETTINGS = {"aws": "account: '111122223333', region: eu-west-1", "gcp": "project: example-project"}


def _containers(found: Recording) -> dict[str, dict[str, Any]]:
    """Component → plain variables of its container."""
    tasks = {
        task.name.removesuffix("-task"): json.loads(task.inputs["containerDefinitions"])[-1]["environment"]
        for task in found.of_type("aws:ecs/taskDefinition:TaskDefinition")
    }
    for service in found.of_type("gcp:cloudrunv2/service:Service"):
        tasks[service.name.removesuffix("-service")] = service.inputs["template"]["containers"][0]["envs"]
    for job in found.of_type("gcp:cloudrunv2/job:Job"):
        tasks[job.name.removesuffix("-job")] = job.inputs["template"]["template"]["containers"][0]["envs"]
    return {name: {v["name"]: v.get("value") for v in variables} for name, variables in tasks.items()}


@pytest.mark.parametrize("provider", SETTINGS)
def test_services_and_jobs_read_the_region_under_both_names(provider: str, tmp_path: Path) -> None:
    """boto3 and version 1 of the AWS CLI read AWS_DEFAULT_REGION alone."""
    spec = SPEC.format(provider=provider, settings=SETTINGS[provider])
    found = _containers(run_program(generated(spec, tmp_path), stack="prod"))
    assert set(found) == {"app", "nightly"}
    for variables in found.values():
        assert variables["AWS_DEFAULT_REGION"] == variables["AWS_REGION"] != ""
        assert variables["DOCUMENTS_AWS_DEFAULT_REGION"] == variables["AWS_REGION"]
