"""A Lambda function that runs one ECS task to its end, so that an update of the program can wait for it.

It needs nothing but boto3, which Lambda's runtime has. pulumi_aws has no resource for a task that ends.
"""

from __future__ import annotations

import time
from typing import Any

import boto3
from botocore.exceptions import ClientError

PAUSE = 5  # seconds
LAST_START = 300_000  # milliseconds that must be left for a start


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """event: `cluster`, `definition`, `subnets`, `group` and `container`, whose exit code counts.

    A task that can't start is started again while there is time: its network or role may be seconds old.
    Raises RuntimeError if it can't, or if the container ends with another code than 0.
    """
    ecs = boto3.client("ecs")
    while True:
        arn, why = _start(ecs, event)
        if arn is not None:
            code, why = _ended(ecs, event, arn)
            if code == 0:
                return {"task": arn}
            if code is not None:
                raise RuntimeError(f"{event['container']} of {arn} ended with {code}; its log says why")
        if context.get_remaining_time_in_millis() < LAST_START:
            raise RuntimeError(f"the task can't start: {why}")
        time.sleep(PAUSE)


def _start(ecs: Any, event: dict[str, Any]) -> tuple[str | None, str]:
    """The task's ARN, or why there is none."""
    network = {
        "subnets": event["subnets"],
        "securityGroups": [event["group"]],
        "assignPublicIp": "DISABLED",
    }
    try:
        answer = ecs.run_task(
            cluster=event["cluster"],
            taskDefinition=event["definition"],
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
        )
    except ClientError as error:
        return None, str(error)
    if answer["tasks"]:
        return answer["tasks"][0]["taskArn"], ""
    return None, str(answer["failures"])


def _ended(ecs: Any, event: dict[str, Any], arn: str) -> tuple[int | None, str]:
    """The container's exit code, None if it never ran, and why the task ended."""
    while True:
        (task,) = ecs.describe_tasks(cluster=event["cluster"], tasks=[arn])["tasks"] or [{}]
        if task.get("lastStatus") == "STOPPED":
            codes = {one["name"]: one.get("exitCode") for one in task["containers"]}
            return codes.get(event["container"]), task.get("stoppedReason", "")
        time.sleep(PAUSE)
