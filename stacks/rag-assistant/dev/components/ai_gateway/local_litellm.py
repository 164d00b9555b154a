"""LiteLLM's proxy in front of the stack's models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi

from contract_bindings import Bindings
from litellm_proxy import AUTHENTICATE, Splits, bindings_of, model_bindings, proxy
from local_provider import Health, Password, Port, Process, ProcessArgs, PythonEnvironment
from local_provider.doors import DOORS
from local_provider.workspace import Workspace

FILES = Path(__file__).parent / "files" / "local_litellm"


@dataclass(frozen=True, kw_only=True)
class LocalLitellmArgs:
    """serves: component → its bindings; each is routed to under its component's name. timeout: seconds.

    splits: name → component → weight."""

    workspace: Workspace
    serves: Mapping[str, Mapping[str, Any]]
    splits: Splits = field(default_factory=dict[str, Mapping[str, int]])
    timeout: int
    retries: int
    port: int | None = None


class LocalLitellm(pulumi.ComponentResource):
    """A gateway with one key; models' own keys stay with it."""

    bindings: Bindings

    def __init__(self, name: str, args: LocalLitellmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:ai_gateway:LocalLitellm", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        lock = (FILES / "requirements.txt").read_text()
        python = PythonEnvironment(f"{name}-python", requirements=lock, opts=child).path
        number = Port(f"{name}-port", preferred=args.port, opts=child).number.apply(str)
        url = pulumi.Output.concat("http://127.0.0.1:", number)
        key = pulumi.Output.concat("sk-", Password(f"{name}-api-key", opts=child).value)
        models = proxy(args.serves, timeout=args.timeout, retries=args.retries, splits=args.splits)
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
                command=[pulumi.Output.concat(python, "/bin/python"), "serve.py", *flags, "--port", number],
                environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"},
                secrets={**models.secrets, "LITELLM_MASTER_KEY": key},
                files={
                    "config.json": models.configuration,
                    "authenticate.py": AUTHENTICATE,
                    "serve.py": (FILES / "serve.py").read_text(),
                    **DOORS,
                },
                health=Health(http=pulumi.Output.concat(url, "/health/liveliness")),
            ),
            child,
        )
        self.served = model_bindings(args.serves, url, key)
        self.bindings = bindings_of(self.served, url, key, args.splits)
        self.register_outputs({"bindings": self.bindings})
