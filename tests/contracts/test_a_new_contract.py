"""A contract is one folder: a copy of stackgen with one more knows it everywhere, with no edit elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.house.test_house_rules import SOURCE

pytestmark = pytest.mark.unit
CONTRACT = '''\
"""queue/1: messages in order, over HTTP."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from stackgen.contracts import limited_http
from stackgen.contracts.model import Binding, Clause, Contract, address, require


class QueueBinding(Binding):
    """Address and password of a queue."""

    variables: ClassVar = {"url": "QUEUE_URL", "password": "QUEUE_PASSWORD"}
    composed: ClassVar = {"QUEUE_DSN": "{url}?password={password}"}
    url: str = Field(description="Where it listens.")
    password: SecretStr = Field(description="What clients show.")


def answers(binding: QueueBinding) -> str:
    answer = limited_http.get(binding.url, headers={"Password": binding.password.get_secret_value()}, timeout=10)
    require(answer.status_code == 200, f"it answers {answer.status_code}")
    return answer.text


CONTRACT = Contract(
    "queue",
    1,
    QueueBinding,
    (Clause("answers", "It answers.", answers),),
    lambda item: address(item.url),
    holds="messages",
)
'''
MOVER = '''\
"""Messages, one by one."""

from stackgen.contracts.mover import Comparison, Mover

MOVER = Mover(
    tool="HTTP",
    carries=("messages",),
    leaves=("their dates",),
    copy=lambda *_, **__: {},
    compare=lambda *_: Comparison(()),
    first_item=lambda _: "",
    amounts=lambda _: {},
)
'''
QUESTIONS = '''\
"""Golden questions of a queue."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from stackgen.contracts.questions import Finding, Pairs, Questions
from stackgen.spec.stack import Name


class Peeks(Questions):
    """What is first."""

    key: ClassVar[str] = "peeks"
    about: ClassVar[str] = "First messages."
    asks: ClassVar[Mapping[str, str]] = {"queue": "queue"}
    tolerances: ClassVar[frozenset[str]] = frozenset()
    queue: Name = Field(description="Component that is asked.")

    def answers(self, bindings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"first": bindings["queue"].url}

    def findings(self, group: str, pairs: Pairs) -> Iterator[Finding]:
        yield Finding(group, "first", 1.0, 1.0, False, len(pairs), ())


QUESTIONS = Peeks
'''
CAPABILITY = '''\
"""Queues."""

from stackgen.descriptors.model import Capability, CapabilityOptions

CAPABILITY = Capability(description="Keeps messages in order.", contracts=("queue",), options=CapabilityOptions)
'''
IMPLEMENTATION = '''\
"""A queue of this machine."""

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.local.properties import SERVER


class Settings(ImplementationSettings):
    """It has none."""


IMPLEMENTATION = Implementation(
    description="A queue of this machine.",
    level="bare",
    settings=Settings,
    sizes={"small": {}},
    kept={"queue": ("answers",)},
    not_kept={"queue": {}},
    licence="MIT",
    properties=SERVER,
)
'''
COMPONENT = '''\
"""A queue of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from local_provider import Password
from local_provider.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class LocalFirstArgs:
    """It has no settings."""

    workspace: Workspace


class LocalFirst(pulumi.ComponentResource):
    """A queue."""

    bindings: dict[str, dict[str, pulumi.Input[Any]]]

    def __init__(self, name: str, args: LocalFirstArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:queue:LocalFirst", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bindings = {"queue": {"url": "http://127.0.0.1:1", "password": Password(f"{name}-key", opts=child).value}}
        self.register_outputs({"bindings": self.bindings})
'''
SPEC = """\
apiVersion: stackgen/v1
name: claims
components:
  messages: {capability: queue}
  worker: {capability: service, source: ., command: [python, -m, http.server, "{port}"], uses: [messages]}
environments:
  dev: {provider: local}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package that has one more contract, and a stack that uses it."""
    folder = tmp_path_factory.mktemp("checkout")
    package = folder / "src" / "stackgen"
    shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
    files = {
        "contracts/queue/__init__.py": "",
        "contracts/queue/contract.py": CONTRACT,
        "contracts/queue/mover.py": MOVER,
        "contracts/queue/questions.py": QUESTIONS,
        "catalog/queue/__init__.py": "",
        "catalog/queue/capability.py": CAPABILITY,
        "catalog/queue/local_first/__init__.py": "",
        "catalog/queue/local_first/implementation.py": IMPLEMENTATION,
        "catalog/queue/local_first/component.py": COMPONENT,
    }
    for path, text in files.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(text)
    (folder / "stack.yaml").write_text(SPEC)
    return folder


def run(checkout: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    done = subprocess.run(
        [sys.executable, *command], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stackgen(checkout: Path, *arguments: str) -> str:
    return run(checkout, "-m", "stackgen.cli.main", *arguments)


def test_the_catalog_explains_it(checkout: Path) -> None:
    found = json.loads(stackgen(checkout, "catalog", "contract", "queue", "--json"))
    text = json.dumps(found)
    assert all(
        word in text
        for word in ("QUEUE_URL", "QUEUE_PASSWORD", "QUEUE_DSN", "It answers.", "What clients show.")
    )


def test_a_program_projects_its_binding(checkout: Path) -> None:
    stackgen(checkout, "generate", "stack.yaml", "-o", "program")
    tables = (checkout / "program" / "contract_variables.py").read_text()
    assert '"queue": {"url": "QUEUE_URL", "password": "QUEUE_PASSWORD"}' in tables
    assert '"QUEUE_DSN": "{url}?password={password}"' in tables
    secret = tables.partition("SECRET: ")[2]
    assert '"QUEUE_DSN"' in secret and '"QUEUE_PASSWORD"' in secret and '"QUEUE_URL"' not in secret


def test_a_swap_names_what_moves_it(checkout: Path) -> None:
    code = "from stackgen.contracts import find_mover; print(find_mover('queue').tool)"
    assert run(checkout, "-P", "-c", code).strip() == "HTTP"


def test_a_corpus_may_ask_it(checkout: Path) -> None:
    golden = checkout / "golden"
    golden.mkdir()
    (golden / "corpus.yaml").write_text("apiVersion: stackgen/v1\npeeks: {first: {queue: messages}}\n")
    assert "is right" in stackgen(checkout, "check", "stack.yaml")


@pytest.fixture
def server() -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.headers["Password"] == "right" else 401)
            self.end_headers()
            self.wfile.write(b"first")

        def log_message(self, format: str, *args: object) -> None: ...

    made = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=made.serve_forever, daemon=True).start()
    yield made.server_port
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(("password", "word"), [("right", "kept"), ("wrong", "broken")])
def test_its_clauses_are_measured(checkout: Path, server: int, password: str, word: str) -> None:
    bindings = {"messages": {"queue": {"url": f"http://127.0.0.1:{server}", "password": password}}}
    code = f"""
from stackgen.verification.model import Declared
from stackgen.verification.run import measure_clauses
report = measure_clauses({bindings}, {{"messages": Declared({{"queue": ("answers",)}}, {{"queue": {{}}}})}})
print([(item.clause, str(item.status), item.detail) for item in report.results])
"""
    said = run(checkout, "-P", "-c", code)
    assert "'answers'" in said and word in said.lower(), said
