"""What goes wrong with real servers, and environments side by side, on stacks of one component."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

import psutil
import pytest

from stackgen.providers.local.operations import PROGRAM
from tests.conftest import Cli
from tests.waiting import eventually

pytestmark = pytest.mark.local
STORE = "{capability: object_store}"


@pytest.fixture
def small(open_folder: Path, request: pytest.FixtureRequest) -> Cli:
    folder = open_folder / request.node.name[:30]
    folder.mkdir()
    (folder / "code").mkdir()
    (folder / "code" / "requirements.txt").touch()
    return Cli(folder, folder / "data")


@pytest.fixture(scope="module")
def store(open_folder: Path) -> Iterator[Cli]:
    """One object store, deployed once. Each test leaves `STORE` deployed for the next."""
    folder = open_folder / "store"
    folder.mkdir()
    (folder / "code").mkdir()
    (folder / "code" / "requirements.txt").touch()
    cli = Cli(folder, folder / "data")
    spec(cli, STORE)
    cli("up", "stack.yaml", "--yes")
    yield cli
    gone(cli)


def spec(cli: Cli, component: str, environments: str = "{dev: {provider: local}}") -> None:
    text = f"apiVersion: stackgen/v1\nname: small\ncomponents:\n  one1: {component}\nenvironments: {environments}\n"
    (cli.folder / "stack.yaml").write_text(text)


def gone(cli: Cli) -> None:
    cli("down", "stack.yaml", "-e", "dev", "--delete-data", "--yes")
    assert not (cli.folder / "data" / "stacks").exists()


def test_two_environments_run_side_by_side(store: Cli) -> None:
    spec(store, STORE, "{dev: {provider: local}, test: {provider: local}}")
    store("up", "stack.yaml", "-e", "test", "--yes")
    endpoints: set[str] = set()
    for environment in ("dev", "test"):
        found = json.loads(store("bindings", "stack.yaml", "-e", environment, "--json").stdout)["result"]
        endpoints.add(found["one1"]["s3"]["endpoint"])
        store("verify", "stack.yaml", "-e", environment)
    assert len(endpoints) == 2
    store("down", "stack.yaml", "-e", "test", "--delete-data", "--yes")
    store("verify", "stack.yaml", "-e", "dev", "--clause", "put-get")


def test_what_is_deployed_is_what_was_agreed_to(store: Cli) -> None:
    """Another terminal, or `git pull`, may put another program in its place while `up` waits for its answer."""
    spec(store, STORE)
    store("generate", "stack.yaml")
    held = store.folder / "data" / "stacks" / "small" / "dev" / "data" / "one1"
    here, there = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "stackgen.cli.main", "up", "stack.yaml"],
        cwd=store.folder,
        env=store.environment,
        stdin=there,
        stdout=there,
        stderr=there,
    ) as asking:
        os.close(there)
        said = b""
        while b"Deploy small to dev?" not in said:
            said += os.read(here, 4096)
        spec(store, "{capability: vector_store, dimensions: 3}")
        store("generate", "stack.yaml")
        os.write(here, b"y\n")
        with suppress(OSError):  # the terminal's other end is closed
            while more := os.read(here, 4096):
                said += more
        assert asking.wait(300) == 4, said
    os.close(here)
    assert b"error[program-changed]" in said
    assert held.is_dir()

    other = store.folder / "other"
    store("generate", "stack.yaml", "--output", str(other))
    spec(store, STORE)
    noted = store.folder / "data" / "deployments" / "small" / "dev.json"
    deploying = store.start("up", "stack.yaml", "--yes")
    eventually(lambda: deploying.poll() is not None or _begun(noted), 300)
    shutil.copytree(other, store.folder / "dev", dirs_exist_ok=True)
    out, err = deploying.communicate(timeout=300)
    assert deploying.returncode == 4, out + err
    assert "error[program-changed]" in err
    assert held.is_dir()
    store("generate", "stack.yaml", "--force")
    store("up", "stack.yaml", "--yes")
    store("verify", "stack.yaml", "--clause", "put-get")


def _begun(noted: Path) -> bool:
    """Whether `up` has looked at its program for the last time, and is about to start the engine."""
    return json.loads(noted.read_text())["boxes"] == {}


@pytest.mark.nightly  # test_back_doors.py: each monitoring scrapes itself
def test_monitoring_alone_watches_itself(small: Cli) -> None:
    spec(small, "{capability: monitoring}")
    small("up", "stack.yaml", "--yes")
    small("verify", "stack.yaml", "--clause", "component-scraped")
    gone(small)


def test_a_run_that_measures_nothing_is_a_failure(store: Cli) -> None:
    spec(store, STORE + "\n  task: {capability: job, source: code, command: [python, -c, pass]}")
    store("up", "stack.yaml", "--yes")
    done = store("verify", "stack.yaml", "--component", "task", code=10)
    assert "error[nothing-measured]: no clause of 'small' was measured, so nothing is verified" in done.stderr
    spec(store, STORE)
    store("up", "stack.yaml", "--yes")


def test_servers_without_their_supervisor_are_seen_and_put_right(store: Cli) -> None:
    supervisor = store.folder / "data/stacks/small/dev/supervisor/state/supervisord.pid"
    killed = psutil.Process(int(supervisor.read_text()))
    killed.kill()
    psutil.wait_procs([killed], timeout=60)
    done = store("status", "stack.yaml", "--json")
    (server,) = json.loads(done.stdout)["result"]
    assert (server["name"], server["state"]) == ("one1", "UNSUPERVISED")
    assert psutil.Process(server["pid"]).is_running()
    said = store("status", "stack.yaml")
    assert "the supervisor does not run, so no server is restarted when it ends" in said.stderr
    assert "next: stackgen up small -e dev" in said.stdout + said.stderr
    store("up", "stack.yaml", "--yes")
    (server,) = json.loads(store("status", "stack.yaml", "--json").stdout)["result"]
    assert server["state"] == "RUNNING"


def test_a_taken_port_is_named(store: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        spec(store, STORE.replace("}", f", settings: {{port: {port}}}}}"))
        done = store("up", "stack.yaml", "--yes", code=4)
        assert f"port {port} is taken" in done.stderr
    spec(store, STORE)
    store("up", "stack.yaml", "--yes")
    store("verify", "stack.yaml", "--clause", "put-get")


def test_protected_data_is_not_deleted_by_accident(store: Cli) -> None:
    spec(store, STORE, "{dev: {provider: local, protect: true}}")
    store("up", "stack.yaml", "--yes")
    assert "error[protected]" in store("down", "stack.yaml", "--delete-data", "--yes", code=5).stderr
    store("verify", "stack.yaml", "--clause", "put-get")
    spec(store, STORE)
    written = (store.folder / "stack.yaml").read_text()
    for text in (written, written.replace("  one1:", "  other:")):  # as an older commit may have it
        (store.folder / "stack.yaml").write_text(text)
        said = store("down", "stack.yaml", "--delete-data", "--yes", code=5).stderr
        assert "is protected by what was deployed last" in said
    (store.folder / "stack.yaml").write_text(written)
    store("verify", "stack.yaml", "--clause", "put-get")
    store("up", "stack.yaml", "--yes")


def test_another_implementation_does_not_start_on_the_data_of_the_first(store: Cli) -> None:
    program = (store.folder / "dev" / "__main__.py").read_text()
    where = "{dev: {provider: local, components: {one1: {implementation: local/seaweedfs, box: %d}}}}"
    spec(store, STORE, where % 1)
    said = store("up", "stack.yaml", "--yes", code=2).stderr
    assert "error[box-taken]: box 1 of 'one1' is deployed as LocalVersitygw" in said
    assert "next: stackgen swap small one1 --to local/seaweedfs -e dev --apply" in said
    assert (store.folder / "dev" / "__main__.py").read_text() == program
    shutil.rmtree(store.folder / "dev")  # as in a clone of a repository that has no programs
    for words in ((), ("--delete-data-of", "one1")):
        said = store("up", "stack.yaml", "--yes", *words, code=2).stderr
        assert "error[box-taken]: box 1 of 'one1' is deployed as LocalVersitygw" in said
        assert not (store.folder / "dev").exists()
    spec(store, STORE, where % 2)
    store("up", "stack.yaml", "--yes")
    store("verify", "stack.yaml")


def test_a_server_that_dies_at_start_says_why_and_the_next_up_heals(small: Cli) -> None:
    spec(
        small,
        "{capability: service, source: code, command: [python, -c, \"raise SystemExit('no licence')\"]}",
    )
    done = small("up", "stack.yaml", "--yes", code=4)
    assert "one1 dies after it is started" in done.stderr
    assert "no licence" in done.stderr
    assert "the last `up` has not come to its end" in small("status", "stack.yaml").stderr
    (small.folder / "code" / "health").write_text("ok")
    spec(
        small,
        '{capability: service, source: code, command: [sh, -c, "exec python -m http.server --bind $HOST $PORT"]}',
    )
    small("up", "stack.yaml", "--yes")
    assert small("status", "stack.yaml").stderr == ""
    small("verify", "stack.yaml")
    gone(small)


SERVE = """
import http.server, os, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"VERSION")

MORE
address = os.environ["HOST"], int(os.environ["PORT"])
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
STAYS = """
def stay(own=open(__file__).read(), place=os.path.abspath(__file__)):
    while True:
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            open(place, "w").write(own)
        except OSError:
            pass

for _ in range(3000):
    os.mkdir("deep")
    os.chdir("deep")
threading.Thread(target=stay, daemon=True).start()
"""


def test_code_that_rewrites_itself_is_gone_with_the_next_version(small: Cli) -> None:
    """The account of a service owns the copy of the source: it is made when nothing of the account runs."""
    code = small.folder / "code" / "serve.py"
    code.write_text(SERVE.replace("VERSION", "old").replace("MORE", STAYS))
    spec(small, "{capability: service, source: code, command: [python, serve.py]}")
    small("up", "stack.yaml", "--yes")
    code.write_text(SERVE.replace("VERSION", "new").replace("MORE", ""))
    small("up", "stack.yaml", "--yes")
    found = json.loads(small("bindings", "stack.yaml", "--json").stdout)["result"]
    with urllib.request.urlopen(found["one1"]["http"]["url"], timeout=30) as answer:
        assert answer.read() == b"new"
    gone(small)


def test_a_model_that_is_not_what_was_pinned_is_not_used(small: Cli) -> None:
    pinned = "sha256:" + "0" * 64
    spec(small, f"{{capability: chat_model, model: stand-in, settings: {{digest: '{pinned}'}}}}")
    done = small("up", "stack.yaml", "--yes", code=4)
    assert f"but {pinned} is pinned; it is not used" in done.stderr
    gone(small)


@pytest.mark.nightly  # test_model_files.py asks for the file without a server
def test_a_model_file_of_ones_own(small: Cli) -> None:
    (small.folder / "broken.gguf").write_text("not a model")
    weights = small.folder / "broken.gguf"
    spec(small, f"{{capability: chat_model, model: mine, settings: {{weights: '{weights}'}}}}")
    assert "is not a GGUF model file" in small("up", "stack.yaml", "--yes", code=4).stderr
    gone(small)


@pytest.mark.nightly  # test_model_files.py asks for the file without a server
def test_weights_from_a_path_and_from_a_hub_with_a_pinned_digest(small: Cli) -> None:
    found = _stand_in()
    copy = small.folder / "org" / "repo" / "resolve" / "v1" / "tiny.gguf"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(found.read_bytes())
    digest = f"sha256:{hashlib.sha256(copy.read_bytes()).hexdigest()}"

    spec(
        small, f"{{capability: chat_model, model: mine, settings: {{weights: '{copy}', digest: '{digest}'}}}}"
    )
    small("up", "stack.yaml", "--yes")
    small("verify", "stack.yaml", "--clause", "chat")

    handler = partial(SimpleHTTPRequestHandler, directory=str(small.folder))
    hub = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    small.environment["HF_ENDPOINT"] = f"http://127.0.0.1:{hub.server_port}"
    weights = "hf:org/repo/tiny.gguf@v1"
    spec(
        small,
        f"{{capability: chat_model, model: mine, settings: {{weights: '{weights}', digest: '{digest}'}}}}",
    )
    small("up", "stack.yaml", "--yes")
    small("verify", "stack.yaml", "--clause", "chat")
    hub.shutdown()
    gone(small)


def test_weights_from_a_registry(small: Cli) -> None:
    from mlflow import MlflowClient

    registry = "  registry: {capability: model_registry}\n"
    weights = "settings: {weights: 'models:/tiny@champion'}"
    chat = f"  chat: {{capability: chat_model, model: mine, registry: registry, {weights}}}\n"
    head, tail = (
        "apiVersion: stackgen/v1\nname: small\ncomponents:\n",
        "environments: {dev: {provider: local}}\n",
    )
    (small.folder / "stack.yaml").write_text(head + registry + tail)
    small("up", "stack.yaml", "--yes")
    found = json.loads(small("bindings", "stack.yaml", "--show-secrets", "--json").stdout)["result"]
    binding = found["registry"]["mlflow"]
    place = binding["tracking-uri"].replace("://", f"://{binding['username']}:{binding['password']}@")
    client = MlflowClient(tracking_uri=place, registry_uri=place)
    run = client.create_run(client.create_experiment("tiny"))
    client.log_artifact(run.info.run_id, str(_stand_in()), "model")
    client.create_registered_model("tiny")
    version = client.create_model_version("tiny", f"{run.info.artifact_uri}/model", run.info.run_id).version
    client.set_registered_model_alias("tiny", "champion", version)
    (small.folder / "stack.yaml").write_text(head + registry + chat + tail)
    small("up", "stack.yaml", "--yes")
    small("verify", "stack.yaml", "--clause", "chat", "--clause", "model-listed")
    gone(small)


def _stand_in() -> Path:
    """The stand-in model's file, made unless the cache has it."""
    with patch.object(sys, "path", [str(PROGRAM), *sys.path]):
        from local_provider.models import model_file  # pyright: ignore

        return model_file("stand-in", None, {})[0]


@pytest.mark.nightly  # test_model_files.py asks for the file without a server
def test_a_hub_that_cannot_be_reached_is_said_with_the_alternatives(small: Cli) -> None:
    small.environment["HF_ENDPOINT"] = "http://127.0.0.1:1"
    spec(small, "{capability: chat_model, model: llama-3.1-8b-instruct}")
    done = small("up", "stack.yaml", "--yes", code=4)
    assert "can't be fetched" in done.stderr
    assert "stand-in" in done.stderr
    gone(small)
