"""LiteLLM's proxy in front of the stack's models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from local_provider import Health, Password, Port, Process, ProcessArgs, PythonEnvironment
from local_provider.workspace import Workspace

FILES = Path(__file__).parent / "files" / "local_litellm"
CHAT, EMBEDDINGS = "openai-chat", "openai-embeddings"


@dataclass(frozen=True, kw_only=True)
class LocalLitellmArgs:
    """serves: component → its bindings; each is routed to under its component's name. timeout: seconds."""

    workspace: Workspace
    serves: Mapping[str, Mapping[str, Mapping[str, pulumi.Input[Any]]]]
    timeout: int = 120
    retries: int = 1
    port: int | None = None


class LocalLitellm(pulumi.ComponentResource):
    """A gateway with one key; models' own keys stay with it."""

    bindings: dict[str, dict[str, pulumi.Input[Any]]]

    def __init__(self, name: str, args: LocalLitellmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:ai_gateway:LocalLitellm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        lock = (FILES / "requirements.txt").read_text()
        python = PythonEnvironment(f"{name}-python", requirements=lock, opts=child).path
        number = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        url = pulumi.Output.concat("http://127.0.0.1:", number)
        key = pulumi.Output.concat("sk-", Password(f"{name}-api-key", opts=child).value)
        served = {model: _served(bindings) for model, bindings in args.serves.items()}
        routes = {model: binding["base-url"] for model, (_, binding) in served.items()}
        upstream = {model: binding["model"] for model, (_, binding) in served.items()}
        configuration = pulumi.Output.all(routes=routes, upstream=upstream).apply(
            lambda known: _configuration(known["routes"], known["upstream"], args)
        )
        secrets = {_variable(model): binding["api-key"] for model, (_, binding) in served.items()}
        flags = [
            "--config",
            "config.json",
            "--host",
            "127.0.0.1",
            "--num_workers",
            "1",
            "--telemetry",
            "False",
        ]
        Process(
            name,
            ProcessArgs(
                workspace=args.workspace.directory,
                command=[pulumi.Output.concat(python, "/bin/litellm"), *flags, "--port", number],
                environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"},
                secrets={**secrets, "LITELLM_MASTER_KEY": key},
                files={
                    "config.json": configuration,
                    "authenticate.py": (FILES / "authenticate.py").read_text(),
                },
                health=Health(http=pulumi.Output.concat(url, "/health/liveliness")),
            ),
            child,
        )
        self.bindings = {"openmetrics": {"url": pulumi.Output.concat(url, "/metrics/"), "bearer-token": key}}
        for model, (contract, binding) in reversed(served.items()):  # the first of each kind is the default
            identity = {k: v for k, v in binding.items() if k not in ("base-url", "api-key", "model")}
            own = {"base-url": pulumi.Output.concat(url, "/v1"), "api-key": key, "model": model}
            self.bindings[contract] = {**own, **identity}
        self.register_outputs({"bindings": self.bindings})


def _served(
    bindings: Mapping[str, Mapping[str, pulumi.Input[Any]]],
) -> tuple[str, Mapping[str, pulumi.Input[Any]]]:
    contract = CHAT if CHAT in bindings else EMBEDDINGS
    return contract, bindings[contract]


def _variable(model: str) -> str:
    """Environment variable with the key of a model's own server."""
    return f"MODEL_{model.upper().replace('-', '_')}_API_KEY"


def _configuration(routes: Mapping[str, str], upstream: Mapping[str, str], args: LocalLitellmArgs) -> str:
    """LiteLLM's configuration as JSON, which is YAML too; keys come from the environment."""
    models = [
        {
            "model_name": model,
            "litellm_params": {
                "model": f"openai/{upstream[model]}",
                "api_base": base_url,
                "api_key": f"os.environ/{_variable(model)}",
            },
        }
        for model, base_url in routes.items()
    ]
    settings = {
        "drop_params": False,
        "callbacks": ["prometheus"],
        "require_auth_for_metrics_endpoint": True,
        "request_timeout": args.timeout,
        "num_retries": args.retries,
    }
    general = {"custom_auth": "authenticate.authenticate"}
    content = {"model_list": models, "litellm_settings": settings, "general_settings": general}
    return json.dumps(content, indent=1)
