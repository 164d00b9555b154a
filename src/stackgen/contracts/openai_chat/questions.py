"""Golden questions of openai-chat: calls that a model makes of the offered tools."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from stackgen.contracts.openai_chat.contract import request_completion
from stackgen.contracts.questions import Answer, Finding, Pairs, Questions, Share, Text, equal_share
from stackgen.spec.stack import Name

LONGEST_ANSWER = 512  # tokens of a tool call


class ToolCalls(Questions):
    """Calls that a chat model makes of offered tools, at temperature 0."""

    key: ClassVar[str] = "tool_calls"
    about: ClassVar[str] = "Calls of tools."
    asks: ClassVar[Mapping[str, str]] = {"model": "openai-chat"}
    tolerances: ClassVar[frozenset[str]] = frozenset({"names", "arguments"})

    model: Name = Field(description="Component that answers, by the openai-chat contract.")
    system: Text | None = Field(default=None, description="System message before every prompt.")
    tools: list[dict[str, Any]] = Field(
        min_length=1, max_length=64, description="Tools as the OpenAI API takes them."
    )
    choice: Literal["auto", "required"] = Field(default="auto", description="`tool_choice` of the request.")
    prompts: list[Text] = Field(min_length=1, max_length=1000, description="What the user says.")
    names: Share = Field(default=1.0, description="Least share of prompts with the same functions called.")
    arguments: Share = Field(default=1.0, description="Least share of prompts with equal arguments too.")

    def answers(self, bindings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the tool calls for each prompt."""
        before = [{"role": "system", "content": self.system}] if self.system else []
        for prompt in self.prompts:
            answer = request_completion(
                bindings["model"],
                [*before, {"role": "user", "content": prompt}],
                tools=self.tools,
                tool_choice=self.choice,
                temperature=0,
                seed=1,
                max_tokens=LONGEST_ANSWER,
            )
            calls = answer.choices[0].message.tool_calls or []
            called = [
                {"name": call.function.name, "arguments": _arguments(call.function.arguments)}
                for call in calls
            ]
            yield {"prompt": prompt, "calls": called}

    def findings(self, group: str, pairs: Pairs) -> Iterator[Finding]:
        """Measure the share of prompts with the same functions called, and with the same arguments."""

        def names(answer: Answer) -> Any:
            return [call["name"] for call in answer["calls"]]

        def whole(answer: Answer) -> Any:
            return answer["calls"]

        yield equal_share(group, "same functions called", self.names, pairs, names, "prompt")
        yield equal_share(group, "same arguments", self.arguments, pairs, whole, "prompt")


def _arguments(text: str) -> Any:
    """Parse the arguments of a call; return the text itself if it is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


QUESTIONS = ToolCalls
