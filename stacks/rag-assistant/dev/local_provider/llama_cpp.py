"""llama.cpp's HTTP server for one GGUF model, chat or embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi

from local_provider.health import Health
from local_provider.models import ModelFile
from local_provider.password import Password
from local_provider.port import Port
from local_provider.process import Process, ProcessArgs
from local_provider.python_environment import PythonEnvironment

HERE = Path(__file__).parent


class LlamaServer:
    """The resources of one server; `url` and `api_key` are what its clients need."""

    def __init__(
        self,
        name: str,
        workspace: pulumi.Input[str],
        model: ModelFile,
        *,
        context: int,
        slots: int,
        threads: int,
        embedding: bool = False,
        port: int | None = None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        number = Port(f"{name}-port", preferred=port, opts=opts).number
        lock = (HERE / "locks" / "llama-cpp.txt").read_text()
        python = PythonEnvironment(f"{name}-python", requirements=lock, opts=opts)
        self.url = pulumi.Output.concat("http://127.0.0.1:", number.apply(str))
        self.api_key = Password(f"{name}-api-key", opts=opts).value
        flags: list[Any] = ["--model", model.path, "--alias", name, "--port", number.apply(str)]
        flags += ["--context", str(context), "--slots", str(slots), "--threads", str(threads)]
        flags += ["--embedding"] if embedding else []
        script = (HERE / "scripts" / "llama_server.py").read_text()
        self.process = Process(
            name,
            ProcessArgs(
                workspace=workspace,
                command=[pulumi.Output.concat(python.path, "/bin/python"), "llama_server.py", *flags],
                files={"llama_server.py": script},
                secrets={"LLAMA_API_KEY": self.api_key},
                health=Health(http=pulumi.Output.concat(self.url, "/health")),
                triggers={"model": model.digest},
            ),
            opts,
        )
