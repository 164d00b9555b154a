"""openai-chat/1: chat completions. https://platform.openai.com/docs/api-reference/chat."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import Field, SecretStr

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, address, https, kept

QUESTION: list[Any] = [{"role": "user", "content": "Say something short."}]
SWITCH: dict[str, Any] = {
    "type": "object",
    "properties": {"state": {"type": "string", "enum": ["on", "off"]}},
    "required": ["state"],
    "additionalProperties": False,
}
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {"name": "set_light", "description": "Switches the light.", "parameters": SWITCH},
    }
]


class OpenaiChatBinding(Binding):
    """base-url ends in /v1; model is the name to ask for."""

    variables: ClassVar = {
        "base_url": "OPENAI_BASE_URL",
        "api_key": "OPENAI_API_KEY",
        "model": "OPENAI_MODEL",
    }
    base_url: str = Field(description="Base URL; it ends in /v1.")
    api_key: SecretStr = Field(description="Key that clients send.")
    model: str = Field(description="Name of the model to ask for.")

    @property
    def reads(self) -> tuple[str, ...]:
        """What the openai client takes beside what it is given, its log level too."""
        return ("OPENAI_*",)

    @property
    def overrides(self) -> tuple[str, ...]:
        """Another organisation or project, and the names of older clients."""
        return OTHER_ACCOUNT


OTHER_ACCOUNT = (
    *("OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"),
    *("OPENAI_API_BASE", "OPENAI_API_TYPE", "OPENAI_API_VERSION"),
)


def client(base_url: str, api_key: str) -> Any:
    """The openai client, without retries so that a probe sees what happens."""
    from openai import DefaultHttpxClient, OpenAI

    from stackgen.contracts.limited_http import HOOKS

    connection = DefaultHttpxClient(event_hooks=HOOKS, follow_redirects=False)
    return OpenAI(base_url=base_url, api_key=api_key, timeout=60, max_retries=0, http_client=connection)


def ask(binding: OpenaiChatBinding, messages: list[Any] = QUESTION, **options: Any) -> Any:
    """One chat request with a bounded answer."""
    given = {"max_tokens": 64, **options}
    connection = client(binding.base_url, binding.api_key.get_secret_value())
    return connection.chat.completions.create(model=binding.model, messages=messages, **given)


def chat(binding: OpenaiChatBinding) -> str:
    answer = ask(binding)
    text = answer.choices[0].message.content
    kept(text, "the answer is empty")
    kept(
        answer.choices[0].finish_reason in ("stop", "length"),
        f"finish_reason is {answer.choices[0].finish_reason}",
    )
    return f"answered {len(text)} characters"


def streaming(binding: OpenaiChatBinding) -> str:
    whole = ask(binding, temperature=0, seed=1).choices[0].message.content
    chunks = list(ask(binding, temperature=0, seed=1, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    kept(len(chunks) > 2, f"the answer came in {len(chunks)} chunks, so it was not streamed")
    kept(text.strip() == whole.strip(), "the streamed answer is not the one that comes in one piece")
    return f"{len(chunks)} chunks, the same text as in one piece"


def usage_counts(binding: OpenaiChatBinding) -> str:
    usage = ask(binding).usage
    kept(usage is not None, "no usage is reported")
    kept(usage.prompt_tokens > 0 and usage.completion_tokens > 0, "usage counts no tokens")
    kept(usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, "total_tokens is not the sum")
    return f"{usage.prompt_tokens} + {usage.completion_tokens} tokens"


def stop(binding: OpenaiChatBinding) -> str:
    whole = ask(binding, temperature=0, seed=1).choices[0].message.content or ""
    words = whole.split()
    kept(len(words) > 2, f"the answer '{whole[:40]}' is too short to be stopped")
    choice = ask(binding, temperature=0, seed=1, stop=[words[2]]).choices[0]
    text = choice.message.content or ""
    kept(words[2] not in text.split(), f"the answer goes on past the stop word '{words[2]}'")
    kept(choice.finish_reason == "stop", f"finish_reason is {choice.finish_reason}")
    return f"stopped before '{words[2]}'"


def seed(binding: OpenaiChatBinding) -> str:
    first, second = (ask(binding, temperature=1.0, seed=42).choices[0].message.content for _ in range(2))
    kept(first == second, "the same seed gave two different answers")
    return "the same seed gives the same answer"


def json_schema(binding: OpenaiChatBinding) -> str:
    wanted = {"type": "json_schema", "json_schema": {"name": "light", "strict": True, "schema": SWITCH}}
    text = ask(binding, max_tokens=256, response_format=wanted).choices[0].message.content or ""
    try:
        found = json.loads(text)
    except ValueError:
        raise ClauseBroken(f"the answer is no JSON: {text[:60]!r}") from None
    kept(isinstance(found, dict) and list(found) == ["state"], f"the answer has other keys: {text[:60]}")
    kept(found["state"] in ("on", "off"), f"state is {found['state']!r}, not in the schema's enum")
    return json.dumps(found)


def tool_calling(binding: OpenaiChatBinding) -> str:
    answer = ask(binding, max_tokens=256, tools=TOOLS, tool_choice="required").choices[0]
    calls = answer.message.tool_calls
    kept(calls, f"no tool was called; the answer was {str(answer.message.content)[:60]!r}")
    return _called(calls[0].function.name, calls[0].function.arguments)


def streamed_tool_calls(binding: OpenaiChatBinding) -> str:
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    for chunk in ask(binding, max_tokens=256, tools=TOOLS, tool_choice="required", stream=True):
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            names[call.index] = names.get(call.index, "") + (call.function.name or "")
            arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    kept(names, "the stream carries no tool call")
    first = min(names)
    return _called(names[first], arguments[first])


def _called(name: str, arguments: str) -> str:
    kept(name == "set_light", f"the tool called is '{name}', which was not offered")
    try:
        state = json.loads(arguments)["state"]
    except (ValueError, KeyError, TypeError):
        raise ClauseBroken(f"the call's arguments don't fit the schema: {arguments[:60]!r}") from None
    kept(state in ("on", "off"), f"the call's state is {state!r}, not in the schema's enum")
    return f"{name}({arguments.strip()})"


def unknown_parameter(binding: OpenaiChatBinding) -> str:
    from openai import APIStatusError

    try:
        ask(binding, extra_body={"no_such_parameter_of_this_api": True})
    except APIStatusError as error:
        kept(400 <= error.status_code < 500, f"an unknown parameter leads to status {error.status_code}")
        return f"refused with {error.status_code}"
    raise ClauseBroken("a parameter that does not exist was silently ignored")


def model_listed(binding: OpenaiChatBinding) -> str:
    models = client(binding.base_url, binding.api_key.get_secret_value()).models.list()
    names = [model.id for model in models]
    kept(binding.model in names, f"/models lists {names}, not '{binding.model}'")
    return ", ".join(names)


def auth_required(binding: OpenaiChatBinding) -> str:
    """The openai client can't be made without a key, so this asks as a stranger would: with plain HTTP."""
    from stackgen.contracts import limited_http

    body = {"model": binding.model, "messages": QUESTION, "max_tokens": 4}
    answer = limited_http.post(f"{binding.base_url}/chat/completions", json=body, timeout=30)
    kept(answer.status_code in (401, 403), f"a request without a key is answered with {answer.status_code}")
    return f"refused with {answer.status_code}"


def wrong_credentials(binding: OpenaiChatBinding) -> str:
    from openai import AuthenticationError, PermissionDeniedError

    connection = client(binding.base_url, f"sk-wrong-{uuid4().hex}")
    try:
        connection.chat.completions.create(model=binding.model, messages=QUESTION, max_tokens=4)
    except (AuthenticationError, PermissionDeniedError) as error:
        return f"refused with {error.status_code}"
    raise ClauseBroken("a wrong key is accepted")


CONTRACT = Contract(
    "openai-chat",
    1,
    OpenaiChatBinding,
    (
        Clause("chat", "It answers a chat request.", chat),
        Clause("streaming", "Answers can be streamed.", streaming),
        Clause("usage-counts", "It counts the tokens of request and answer.", usage_counts),
        Clause("stop", "An answer ends before a stop word.", stop),
        Clause("seed", "The same seed gives the same answer.", seed),
        Clause(
            "tool-calling", "It calls an offered tool when it must, with fitting arguments.", tool_calling
        ),
        Clause("streamed-tool-calls", "Tool calls survive streaming.", streamed_tool_calls),
        Clause("json-schema", "An answer keeps to a JSON schema.", json_schema),
        Clause(
            "unknown-parameter-is-error",
            "A parameter it doesn't know is refused.",
            unknown_parameter,
            door=True,
        ),
        Clause("model-listed", "The model is in the list of models.", model_listed, door=True),
        Clause("auth-required", "Requests without a key are refused.", auth_required, door=True),
        Clause("wrong-credentials-refused", "A wrong key is refused.", wrong_credentials, door=True),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.base_url), door=True),
    ),
    lambda binding: address(binding.base_url),
    ("httpx", "openai"),
)
