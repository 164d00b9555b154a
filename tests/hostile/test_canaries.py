"""A thousand secrets go through a real deployment; none is in clear in programs, state, logs or on any terminal."""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from tests.conftest import Cli

pytestmark = pytest.mark.engine
COMPONENTS, EACH = 125, 8
IMPLEMENTATION = """
from stackgen.descriptors.model import Implementation, ImplementationSettings
IMPLEMENTATION = Implementation(description="Secrets.", level="bare", settings=ImplementationSettings,
    sizes={"small": {}}, kept={"s3": ()})
"""
COMPONENT = '''
"""Hands out secrets by every contract that has any, and runs a process with some."""
from __future__ import annotations
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
import pulumi
from local_provider import Process, ProcessArgs
from local_provider.workspace import Workspace

@dataclass(frozen=True, kw_only=True)
class LocalVaultArgs:
    workspace: Workspace
    bucket: str | None = None

class LocalVault(pulumi.ComponentResource):
    def __init__(self, name: str, args: LocalVaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:object_store:LocalVault", name, None, opts)
        given = json.loads(Path(os.environ["CANARIES"]).read_text())[name]
        a, b, c, d, e, f, g, h = (pulumi.Output.secret(value) for value in given)
        url = "http://127.0.0.1:1"
        self.bindings: dict[str, dict[str, Any]] = {
            "s3": {"endpoint": url, "access-key-id": a, "secret-access-key": b, "region": "x", "bucket": name},
            "pgvector": {"host": "127.0.0.1", "port": 1, "database": "x", "username": "x", "password": c,
                "sslmode": "disable", "dimensions": 3},
            "openai-chat": {"base-url": url, "api-key": d, "model": "x"},
            "mlflow": {"tracking-uri": url, "username": "x", "password": e},
            "prometheus": {"url": url, "username": "x", "password": f},
            "otlp": {"endpoint": url, "headers": pulumi.Output.concat("Authorization=Basic%20", g)},
            "openai-embeddings": {"base-url": url, "api-key": h, "model": "x", "dimensions": 3, "revision": "x",
                "normalised": True, "metric": "cosine"},
        }
        if name == "v-0":
            Process(name, ProcessArgs(
                workspace=args.workspace.directory,
                command=["/bin/sleep", "600"],
                secrets={"KEY": a, "OTHER": b},
                secret_files={"password": c},
            ), pulumi.ResourceOptions(parent=self))
        self.register_outputs({"bindings": self.bindings})
'''
JOB = "import os, sys\nprint(len({v for v in os.environ.values() if 'canary' in v}), 'arrived')\n"


@pytest.fixture
def vaults(open_folder: Path) -> Iterator[tuple[Cli, dict[str, list[str]]]]:
    """A stack of vaults and a job that uses them all; and the secrets by vault."""
    folder = open_folder / "canaries"
    shelf = folder / "shelf" / "object_store" / "local_vault"
    shelf.mkdir(parents=True)
    (folder / "code").mkdir()
    (folder / "code" / "requirements.txt").touch()
    (folder / "code" / "work.py").write_text(JOB)
    (shelf / "implementation.py").write_text(IMPLEMENTATION)
    (shelf / "component.py").write_text(COMPONENT)
    names = [f"v-{number}" for number in range(COMPONENTS)]
    lines = [f"  {name}: {{capability: object_store, implementation: local/vault}}\n" for name in names]
    job = (
        f"  work: {{capability: job, source: code, command: [python, work.py], uses: [{', '.join(names)}]}}\n"
    )
    (folder / "stack.yaml").write_text(
        f"apiVersion: stackgen/v1\nname: canaries\ncomponents:\n{''.join(lines)}{job}"
        "environments: {dev: {provider: local}}\n"
    )
    (folder / "stackgen.toml").write_text('catalogs = ["shelf"]\n')
    values = {name: [f"canary+/{secrets.token_urlsafe(18)}=" for _ in range(EACH)] for name in names}
    kept = open_folder / "canaries.json"
    kept.write_text(json.dumps(values))
    cli = Cli(folder, open_folder / "canaries-data")
    cli.environment |= {"CANARIES": str(kept), "STACKGEN_TRUSTED_CATALOGS": str(folder)}
    yield cli, values
    cli("down", "stack.yaml", "--delete-data", "--yes", code=None)
    for process in psutil.process_iter(["environ"]):
        if str((process.info["environ"] or {}).get("STACKGEN_WORKSPACE", "")).startswith(
            str(open_folder / "canaries-data")
        ):
            process.kill()


def forms(value: str) -> Iterator[bytes]:
    """A secret as it is, in an address, in JSON, and in base64 wherever it begins within it."""
    yield value.encode()
    yield quote(value, safe="").encode()
    yield json.dumps(value)[1:-1].replace("/", "\\/").encode()
    for shift in range(3):
        text = base64.b64encode(b"x" * shift + value.encode())
        yield text[4 if shift else 0 : -4]


def test_a_thousand_secrets_are_nowhere_in_clear(vaults: tuple[Cli, dict[str, list[str]]]) -> None:
    cli, values = vaults
    assert sum(map(len, values.values())) == 1_000
    said: list[str] = []
    commands = [
        ["generate", "stack.yaml"],
        ["up", "stack.yaml", "--yes"],
        ["bindings", "stack.yaml"],
        ["bindings", "stack.yaml", "--json"],
        ["status", "stack.yaml", "--json"],
        ["logs", "stack.yaml"],
        ["plan", "stack.yaml", "--json"],
        ["diff", "stack.yaml"],
    ]
    for command in commands:
        done = cli(*command)
        said += [done.stdout, done.stderr]
    assert "work: 1000 arrived" in "".join(said)
    (cli.folder / "code" / "work.py").write_text(f"import os\nprint(dict(os.environ))\n{JOB}sys.exit(1)\n")
    failed = cli("up", "stack.yaml", "--yes", code=4)
    said += [failed.stdout, failed.stderr]
    looked: dict[str, bytes] = {"terminal": "".join(said).encode()}
    data = Path(cli.environment["STACKGEN_DATA_HOME"])
    own = data / "stacks" / "canaries" / "dev"
    for path in (*cli.folder.rglob("*"), *data.rglob("*")):
        private = path.is_relative_to(own / "run") or path == own / "logs" / "work.log"
        if path.is_symlink() or not path.is_file() or "venv" in path.parts:
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # the supervisor replaces its notes
            continue
        if private:  # what a server itself must read; and what the user's own code has printed
            closed = stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
            assert closed or path.suffix == ".log" or b"canary" not in content, path
        else:
            looked[str(path)] = content
    assert any(name.endswith("dev.json") for name in looked), "the state was not looked at"
    found = [
        f"{value} in {name}"
        for name, content in looked.items()
        for known in values.values()
        for value in known
        for form in forms(value)
        if form in content
    ]
    assert found == []
    log = own / "logs" / "work.log"
    assert os.stat(log.parent).st_mode & 0o077 == 0  # noqa: PTH116
