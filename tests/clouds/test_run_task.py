"""The function that runs a task to its end, with boto3's own checks of what it sends and of what it gets."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.conftest import ROOT

pytestmark = pytest.mark.unit
ARN = "arn:aws:ecs:eu-central-1:111122223333:task/here/4711"
EVENT = {
    "cluster": "arn:aws:ecs:eu-central-1:111122223333:cluster/here",
    "definition": "arn:aws:ecs:eu-central-1:111122223333:task-definition/roles:3",
    "subnets": ["subnet-1", "subnet-2"],
    "group": "sg-1",
    "container": "psql",
}
SENT = {
    "cluster": EVENT["cluster"],
    "taskDefinition": EVENT["definition"],
    "launchType": "FARGATE",
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": EVENT["subnets"],
            "securityGroups": ["sg-1"],
            "assignPublicIp": "DISABLED",
        }
    },
}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "src/stackgen/providers/aws/program/aws_platform"))
    found = importlib.import_module("run_task")
    monkeypatch.setattr(found, "PAUSE", 0)
    yield found
    del sys.modules["run_task"]


@pytest.fixture
def ecs(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("ecs", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(boto3, "client", lambda _: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def _starts(ecs: Stubber) -> None:
    ecs.add_response("run_task", {"tasks": [{"taskArn": ARN}], "failures": []}, SENT)


def _is(ecs: Stubber, status: str, **found: Any) -> None:
    task: dict[str, Any] = {"lastStatus": status, "containers": [], **found}
    ecs.add_response("describe_tasks", {"tasks": [task]}, {"cluster": EVENT["cluster"], "tasks": [ARN]})


def _left(milliseconds: int) -> Any:
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)


def test_it_waits_for_the_end(module: ModuleType, ecs: Stubber) -> None:
    _starts(ecs)
    ecs.add_response("describe_tasks", {"tasks": []})  # not known everywhere yet
    for status in ("PROVISIONING", "RUNNING", "DEPROVISIONING"):
        _is(ecs, status)
    ended = [{"name": "prepare", "exitCode": 0}, {"name": "psql", "exitCode": 0}]
    _is(ecs, "STOPPED", containers=ended)
    assert module.handler(EVENT, _left(800_000)) == {"task": ARN}


def test_a_failed_container_is_an_error_at_once(module: ModuleType, ecs: Stubber) -> None:
    _starts(ecs)
    _is(ecs, "STOPPED", containers=[{"name": "psql", "exitCode": 3}])
    with pytest.raises(RuntimeError, match=r"psql of \S+ ended with 3; its log says why"):
        module.handler(EVENT, _left(800_000))


def test_what_can_not_start_yet_is_started_again(module: ModuleType, ecs: Stubber) -> None:
    ecs.add_client_error("run_task", "ClientException", "ECS was unable to assume the role")
    ecs.add_response("run_task", {"tasks": [], "failures": [{"reason": "Capacity is unavailable"}]}, SENT)
    _starts(ecs)
    _is(ecs, "STOPPED", containers=[{"name": "psql"}], stoppedReason="CannotPullContainerError")
    _starts(ecs)
    _is(ecs, "STOPPED", containers=[{"name": "psql", "exitCode": 0}])
    assert module.handler(EVENT, _left(800_000)) == {"task": ARN}


def test_what_never_starts_is_an_error_with_its_reason(module: ModuleType, ecs: Stubber) -> None:
    _starts(ecs)
    _is(ecs, "STOPPED", containers=[{"name": "psql"}], stoppedReason="CannotPullContainerError: no route")
    with pytest.raises(RuntimeError, match="can't start: CannotPullContainerError: no route"):
        module.handler(EVENT, _left(100_000))
