"""Ollama with an embedding model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from local_provider import ModelFile
from local_provider.ollama import OllamaServer
from local_provider.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class LocalOllamaArgs:
    """model: logical name. weights: where its GGUF file is. context: tokens of a text.

    identity: what makes its vectors comparable; dimensions: their length, as the spec asks for it.
    """

    workspace: Workspace
    model: str
    weights: str
    identity: Mapping[str, Any]
    dimensions: int | None = None
    registry: Mapping[str, Any] | None = None
    digest: str | None = None
    context: int
    slots: int
    threads: int
    port: int | None = None


class LocalOllama(pulumi.ComponentResource):
    """An embedding model behind the OpenAI API; every user of this machine can call it."""

    bindings: dict[str, Mapping[str, pulumi.Input[Any]]]

    def __init__(self, name: str, args: LocalOllamaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:embedding_model:LocalOllama", name, None, opts)
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
            "openai-embeddings": {
                "base-url": pulumi.Output.concat(server.url, "/v1"),
                "api-key": "none",  # clients of the OpenAI API send one; the server ignores it
                "model": server.model,
                **args.identity,
            },
        }
        self.register_outputs({"bindings": self.bindings})
