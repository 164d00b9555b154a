"""openai-chat/1: chat completions. https://platform.openai.com/docs/api-reference/chat."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import Field, SecretStr

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, address, https, require

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
        """Variables that the openai client reads by default, including its log level."""
        return ("OPENAI_*",)

    @property
    def overrides(self) -> tuple[str, ...]:
        """Variables of another organisation or project, and the names that older clients use."""
        return OTHER_ACCOUNT


OTHER_ACCOUNT = (
    *("OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"),
    *("OPENAI_API_BASE", "OPENAI_API_TYPE", "OPENAI_API_VERSION"),
)


def client(base_url: str, api_key: str) -> Any:
    """Return the openai client, without retries so that a probe sees each error."""
    from openai import DefaultHttpxClient, OpenAI

    from stackgen.contracts.limited_http import HOOKS

    connection = DefaultHttpxClient(event_hooks=HOOKS, follow_redirects=False)
    return OpenAI(base_url=base_url, api_key=api_key, timeout=60, max_retries=0, http_client=connection)


def request_completion(binding: OpenaiChatBinding, messages: list[Any] = QUESTION, **options: Any) -> Any:
    """Send one chat request, with a limit on the length of the answer."""
    given = {"max_tokens": 64, **options}
    connection = client(binding.base_url, binding.api_key.get_secret_value())
    return connection.chat.completions.create(model=binding.model, messages=messages, **given)


def probe_chat(binding: OpenaiChatBinding) -> str:
    answer = request_completion(binding)
    text = answer.choices[0].message.content
    require(text, "the answer is empty")
    require(
        answer.choices[0].finish_reason in ("stop", "length"),
        f"finish_reason is {answer.choices[0].finish_reason}",
    )
    return f"answered {len(text)} characters"


def probe_streaming(binding: OpenaiChatBinding) -> str:
    whole = request_completion(binding, temperature=0, seed=1).choices[0].message.content
    chunks = list(request_completion(binding, temperature=0, seed=1, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    require(len(chunks) > 2, f"the answer came in {len(chunks)} chunks, so it was not streamed")
    require(text.strip() == whole.strip(), "the streamed answer is not the one that comes in one piece")
    return f"{len(chunks)} chunks, the same text as in one piece"


def probe_usage_counts(binding: OpenaiChatBinding) -> str:
    usage = request_completion(binding).usage
    require(usage is not None, "no usage is reported")
    require(usage.prompt_tokens > 0 and usage.completion_tokens > 0, "usage counts no tokens")
    require(
        usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, "total_tokens is not the sum"
    )
    return f"{usage.prompt_tokens} + {usage.completion_tokens} tokens"


def probe_stop(binding: OpenaiChatBinding) -> str:
    whole = request_completion(binding, temperature=0, seed=1).choices[0].message.content or ""
    words = whole.split()
    require(len(words) > 2, f"the answer '{whole[:40]}' is too short to be stopped")
    choice = request_completion(binding, temperature=0, seed=1, stop=[words[2]]).choices[0]
    text = choice.message.content or ""
    require(words[2] not in text.split(), f"the answer goes on past the stop word '{words[2]}'")
    require(choice.finish_reason == "stop", f"finish_reason is {choice.finish_reason}")
    return f"stopped before '{words[2]}'"


def probe_seed(binding: OpenaiChatBinding) -> str:
    first, second = (
        request_completion(binding, temperature=1.0, seed=42).choices[0].message.content for _ in range(2)
    )
    require(first == second, "the same seed gave two different answers")
    return "the same seed gives the same answer"


def probe_json_schema(binding: OpenaiChatBinding) -> str:
    wanted = {"type": "json_schema", "json_schema": {"name": "light", "strict": True, "schema": SWITCH}}
    text = (
        request_completion(binding, max_tokens=256, response_format=wanted).choices[0].message.content or ""
    )
    try:
        found = json.loads(text)
    except ValueError:
        raise ClauseBroken(f"the answer is no JSON: {text[:60]!r}") from None
    require(isinstance(found, dict) and list(found) == ["state"], f"the answer has other keys: {text[:60]}")
    require(found["state"] in ("on", "off"), f"state is {found['state']!r}, not in the schema's enum")
    return json.dumps(found)


def probe_tool_calling(binding: OpenaiChatBinding) -> str:
    answer = request_completion(binding, max_tokens=256, tools=TOOLS, tool_choice="required").choices[0]
    calls = answer.message.tool_calls
    require(calls, f"no tool was called; the answer was {str(answer.message.content)[:60]!r}")
    return _called(calls[0].function.name, calls[0].function.arguments)


def probe_streamed_tool_calls(binding: OpenaiChatBinding) -> str:
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    for chunk in request_completion(
        binding, max_tokens=256, tools=TOOLS, tool_choice="required", stream=True
    ):
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            names[call.index] = names.get(call.index, "") + (call.function.name or "")
            arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    require(names, "the stream carries no tool call")
    first = min(names)
    return _called(names[first], arguments[first])


def _called(name: str, arguments: str) -> str:
    require(name == "set_light", f"the tool called is '{name}', which was not offered")
    try:
        state = json.loads(arguments)["state"]
    except (ValueError, KeyError, TypeError):
        raise ClauseBroken(f"the call's arguments don't fit the schema: {arguments[:60]!r}") from None
    require(state in ("on", "off"), f"the call's state is {state!r}, not in the schema's enum")
    return f"{name}({arguments.strip()})"


def probe_unknown_parameter(binding: OpenaiChatBinding) -> str:
    from openai import APIStatusError

    try:
        request_completion(binding, extra_body={"no_such_parameter_of_this_api": True})
    except APIStatusError as error:
        require(400 <= error.status_code < 500, f"an unknown parameter leads to status {error.status_code}")
        return f"refused with {error.status_code}"
    raise ClauseBroken("a parameter that does not exist was silently ignored")


def probe_model_listed(binding: OpenaiChatBinding) -> str:
    models = client(binding.base_url, binding.api_key.get_secret_value()).models.list()
    names = [model.id for model in models]
    require(binding.model in names, f"/models lists {names}, not '{binding.model}'")
    return ", ".join(names)


def probe_auth_required(binding: OpenaiChatBinding) -> str:
    """Send a request without a key, by plain HTTP: the openai client can't be created without one."""
    from stackgen.contracts import limited_http

    body = {"model": binding.model, "messages": QUESTION, "max_tokens": 4}
    answer = limited_http.post(f"{binding.base_url}/chat/completions", json=body, timeout=30)
    require(
        answer.status_code in (401, 403), f"a request without a key is answered with {answer.status_code}"
    )
    return f"refused with {answer.status_code}"


def probe_wrong_credentials(binding: OpenaiChatBinding) -> str:
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
        Clause("chat", "It answers a chat request.", probe_chat),
        Clause("streaming", "Answers can be streamed.", probe_streaming),
        Clause("usage-counts", "It counts the tokens of request and answer.", probe_usage_counts),
        Clause("stop", "An answer ends before a stop word.", probe_stop),
        Clause("seed", "The same seed gives the same answer.", probe_seed),
        Clause(
            "tool-calling",
            "It calls an offered tool when it must, with fitting arguments.",
            probe_tool_calling,
        ),
        Clause("streamed-tool-calls", "Tool calls survive streaming.", probe_streamed_tool_calls),
        Clause("json-schema", "An answer keeps to a JSON schema.", probe_json_schema),
        Clause(
            "unknown-parameter-is-error",
            "A parameter it doesn't know is refused.",
            probe_unknown_parameter,
            door=True,
        ),
        Clause("model-listed", "The model is in the list of models.", probe_model_listed, door=True),
        Clause("auth-required", "Requests without a key are refused.", probe_auth_required, door=True),
        Clause("wrong-credentials-refused", "A wrong key is refused.", probe_wrong_credentials, door=True),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.base_url), door=True),
    ),
    lambda binding: address(binding.base_url),
    ("httpx", "openai"),
)
