"""A chat model of Amazon Bedrock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from aws_platform.bedrock import open_to
from aws_platform.workloads import Caller
from aws_platform.zone import Zone


@dataclass(frozen=True, kw_only=True)
class AwsBedrockArgs:
    """model: logical name. model_id: Bedrock's. profile: geography of the inference profile, or global."""

    aws: Zone
    callers: Sequence[Caller] = ()
    model: str
    model_id: str
    profile: str | None = None


class AwsBedrock(pulumi.ComponentResource):
    """Leave to call one model; the gateway that serves it speaks OpenAI's API for it."""

    bindings: dict[str, Mapping[str, pulumi.Input[Any]]]

    def __init__(self, name: str, args: AwsBedrockArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:chat_model:AwsBedrock", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        called = f"{args.profile}.{args.model_id}" if args.profile else args.model_id
        access = open_to(name, args.aws, args.callers, args.model_id, args.profile, child)
        self.bindings = {"upstream": {"model": f"bedrock/converse/{called}", **access}, "openai-chat": {}}
        self.register_outputs({"model-id": called})
