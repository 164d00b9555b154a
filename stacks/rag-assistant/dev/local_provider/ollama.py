"""Ollama's server for one GGUF model, chat or embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi

from local_provider.go_binary import GoBinary
from local_provider.health import Health
from local_provider.models import ModelFile
from local_provider.port import Port
from local_provider.process import Process, ProcessArgs, Step

# v0.10.1 is the last version whose sources are all in its Go module: later ones lack headers of the llama.cpp in it.
OLLAMA, LOCK = "github.com/ollama/ollama", Path(__file__).parent / "locks" / "ollama"
TAG = "latest"  # what Ollama calls a model by, where nothing else is said
# One model, loaded for good; nothing is fetched; no page of a browser may ask.
FIXED = {
    "OLLAMA_MODELS": "models",
    "OLLAMA_KEEP_ALIVE": "-1",
    "OLLAMA_MAX_LOADED_MODELS": "1",
    "OLLAMA_NOPRUNE": "1",
    "OLLAMA_NOHISTORY": "1",
}


class OllamaServer:
    """The resources of one server; `url` and `model` are what its clients need."""

    def __init__(
        self,
        name: str,
        workspace: pulumi.Input[str],
        model: ModelFile,
        *,
        context: int,
        slots: int,
        threads: int,
        port: int | None = None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        program = GoBinary(f"{name}-binary", lock=LOCK, package=OLLAMA, cgo=True, opts=opts).path
        number = Port(f"{name}-port", preferred=port, opts=opts).number.apply(str)
        self.url = pulumi.Output.concat("http://127.0.0.1:", number)
        self.model = f"{name}:{TAG}"
        sizes = {"OLLAMA_NUM_PARALLEL": str(slots), "OLLAMA_CONTEXT_LENGTH": str(context)}
        environment: dict[str, Any] = {**FIXED, **sizes, "OLLAMA_HOST": self.url, "OLLAMA_ORIGINS": self.url}
        recipe = pulumi.Output.concat("FROM ", model.path, f"\nPARAMETER num_thread {threads}\n")
        self.process = Process(
            name,
            ProcessArgs(
                workspace=workspace,
                command=[program, "serve"],
                environment=environment,
                files={"Modelfile": recipe},
                health=Health(http=pulumi.Output.concat(self.url, "/api/version")),
                finish=[Step(command=[program, "create", self.model, "-f", "Modelfile"])],
                triggers={"model": model.digest},
            ),
            opts,
        )
