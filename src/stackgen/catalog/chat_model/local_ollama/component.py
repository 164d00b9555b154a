"""Ollama with a chat model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from contract_bindings import Bindings
from local_provider import ModelFile
from local_provider.ollama import OllamaServer
from local_provider.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class LocalOllamaArgs:
    """model: logical name. weights: where its GGUF file is. context: tokens."""

    workspace: Workspace
    model: str
    weights: str
    registry: Mapping[str, Any] | None = None
    digest: str | None = None
    context: int
    slots: int
    threads: int
    port: int | None = None


class LocalOllama(pulumi.ComponentResource):
    """A chat model behind the OpenAI API; every user of this machine can call it."""

    bindings: Bindings

    def __init__(self, name: str, args: LocalOllamaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:chat_model:LocalOllama", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        model = ModelFile(
            f"{name}-weights",
            source=args.weights,
            workspace=args.workspace.root,
            component=name,
            digest=args.digest,
            registry=args.registry["mlflow"] if args.registry else None,
            opts=child,
        )
        server = OllamaServer(
            name,
            args.workspace.directory,
            model,
            context=args.context,
            slots=args.slots,
            threads=args.threads,
            port=args.port,
            opts=child,
        )
        self.bindings = {
            "openai-chat": {
                "base-url": pulumi.Output.concat(server.url, "/v1"),
                "api-key": "none",  # clients of the OpenAI API send one; the server ignores it
                "model": server.model,
            },
        }
        self.register_outputs({"bindings": self.bindings})
