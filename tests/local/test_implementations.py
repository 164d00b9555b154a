"""What runs here beside the defaults keeps what it declares, comes back when it is killed, and leaves nothing."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from stackgen.catalog.shelf import Entry, Shelf
from tests.conftest import Cli
from tests.local.processes import undeclared_folders

pytestmark = [pytest.mark.local, pytest.mark.nightly]
STACK = ("stack.yaml", "-e", "dev")
PATIENCE = 90  # seconds until a killed box is back


def seconds() -> list[Entry]:
    """Implementations of this machine that are no default; the defaults make up the sample stack.

    A predictor needs a model that somebody has trained: the combinations of the sample have each of them.
    """
    entries = [entry for found in Shelf().implementations.values() for entry in found.values()]
    local = [e for e in entries if e.provider == "local" and e.capability not in ("foundation", "predictor")]
    return [e for e in local if not _default(e)]


def _default(entry: Entry) -> bool:
    return entry.implementation.default


@pytest.fixture
def small(open_folder: Path, request: pytest.FixtureRequest) -> Cli:
    folder = open_folder / request.node.name.replace("/", "-")[-40:].strip("[]")
    folder.mkdir()
    return Cli(folder, folder / "data")


SPOILED = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_SESSION_TOKEN": "stale",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PGHOSTADDR": "10.255.255.1",
    "PGSERVICE": "none",
    "OTEL_SDK_DISABLED": "true",
    "OTEL_TRACES_SAMPLER": "always_off",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "true",
    "MLFLOW_TRACKING_TOKEN": "stale",
    "OPENAI_ORG_ID": "another",
}
"""What a shell may hold that says nothing of a box."""


def as_declared(cli: Cli, code: int | None = 0) -> bool:
    counts = json.loads(cli("verify", *STACK, "--json", code=code).stdout)["result"]["counts"]
    return set(counts) <= {"kept", "not-kept"} and counts["kept"] > 0


@pytest.mark.parametrize("entry", seconds(), ids=lambda entry: entry.id)
def test_it_is_as_declared_also_after_a_kill(small: Cli, entry: Entry) -> None:
    (small.folder / "stack.yaml").write_text((entry.folder / "example.yaml").read_text())
    small("up", *STACK, "--yes")
    assert undeclared_folders(small.folder / "stack.yaml", small.folder / "data") == set()
    small.environment |= SPOILED
    assert as_declared(small)
    for item in json.loads(small("status", *STACK, "--json").stdout)["result"]:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(item["pid"]).kill()
    deadline = time.monotonic() + PATIENCE
    while not as_declared(small, code=None):
        assert time.monotonic() < deadline, f"{entry.id} is not back after {PATIENCE} s"
    small("down", *STACK, "--delete-data", "--yes")
    assert not (small.folder / "data" / "stacks").exists()


SPLIT = """
apiVersion: stackgen/v1
name: split
components:
  first: {capability: chat_model, model: stand-in}
  second: {capability: chat_model, model: stand-in}
  gateway: {capability: ai_gateway, serves: [first, second], splits: {answers: {first: 70, second: 30}}}
environments:
  dev:
    provider: local
    components:
      second: {implementation: local/llama-cpp, box: 2} # its server calls the model second-2
      gateway: {implementation: IMPLEMENTATION}
"""


@pytest.mark.parametrize("implementation", ["local/envoy"])
def test_a_gateway_shares_requests_out_and_calls_models_what_their_servers_call_them(
    small: Cli, implementation: str
) -> None:
    from openai import NotFoundError, OpenAI

    (small.folder / "stack.yaml").write_text(SPLIT.replace("IMPLEMENTATION", implementation))
    small("up", *STACK, "--yes")
    found = json.loads(small("bindings", *STACK, "--show-secrets", "--json").stdout)["result"]
    binding = found["gateway"]["openai-chat"]
    assert binding["model"] == "answers"
    client = OpenAI(base_url=binding["base-url"], api_key=binding["api-key"], max_retries=0)

    def served(model: str) -> str:
        messages = [{"role": "user", "content": "Who?"}]
        return client.chat.completions.create(model=model, messages=messages, max_tokens=2).model  # type: ignore[arg-type]

    counts = Counter(served("answers") for _ in range(60))
    assert set(counts) == {"first", "second-2"}
    assert 30 <= counts["first"] <= 54
    assert served("second") == "second-2"
    assert [model.id for model in client.models.list()] == ["first", "second", "answers"]
    with pytest.raises(NotFoundError):
        served("nobody")
    small("down", *STACK, "--delete-data", "--yes")
