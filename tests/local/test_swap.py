"""Swaps under applications that keep writing: nothing that was committed is lost, whatever is killed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
from botocore.exceptions import BotoCoreError
from psycopg import OperationalError

from stackgen.contracts import find_mover
from stackgen.contracts.mlflow.contract import MlflowBinding
from stackgen.contracts.mlflow.server import ORIGIN, Side, files, use_quiet_client
from stackgen.contracts.mover import Mover
from stackgen.contracts.s3.contract import S3Binding, client
from tests.conftest import Cli
from tests.local import registry
from tests.local.applications import Application, numbers, objects, rows, runs, version, write_in_spite
from tests.local.processes import reboot, servers
from tests.local.swapping import (
    HEAD,
    KNOWLEDGE,
    OLDER,
    STACK,
    STEPS,
    TAIL,
    bindings,
    gone,
    kill,
    spec,
    swap,
    up,
)

pytestmark = [pytest.mark.local, pytest.mark.timeout(1800)]


EVERY_KILL = [
    *(("before", step) for step in ("freeze", "switch")),
    *(("amid", step) for step in ("deploy", "copy", "bind")),
    *(("after", step) for step in STEPS),
]
KILLS = [("amid", "copy"), ("after", "freeze"), ("after", "switch"), ("after", "bind")]
"""One where nothing is closed yet, one where the old box is, one where the spec changes, one where clients do."""


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(KILLS, id="at some steps"),
        pytest.param(EVERY_KILL, id="at every step", marks=pytest.mark.nightly),
    ],
)
def test_a_vector_store_is_swapped_though_it_is_killed(stack: Cli, kills: list[tuple[str, str]]) -> None:
    up(stack, KNOWLEDGE)
    closed, put_back = bindings(stack), spec(stack)
    application = Application(stack, rows)
    application.start()
    application.goes_on()
    command = ("swap", "stack.yaml", "knowledge", "-e", "dev", "--apply", "--yes")
    kill(stack, "before", "beside", *command, *OLDER)
    for step in STEPS:
        for edge in ("amid", "before", "after"):
            if (edge, step) in kills:
                kill(stack, edge, step, *command)
        if step == "switch":
            write_in_spite(closed, "insert into items values (-1, '[1,1,1]')")
        if step in ("copy", "bind"):
            application.goes_on()
    answer = swap(stack, "knowledge", "--apply")
    assert answer["result"]["serving"] == 2
    assert "was written to after it was closed: rows of public.items; a client" in answer["warnings"][0]
    application.goes_on()
    assert version(bindings(stack)) == 16
    text = spec(stack)
    assert text.startswith(HEAD)
    assert "} # here" in text

    (stack.folder / "stack.yaml").write_text(put_back)  # as a checkout does that lacks the swap's edit
    for word in ("--rollback", "--retire", "--apply"):
        assert swap(stack, "knowledge", word, code=5)["errors"][0]["code"] == "spec-and-journal-differ"
    for command in (("diff", *STACK), ("up", *STACK, "--yes")):
        assert "by its swap box 2 does" in stack(*command, code=5).stderr
    (stack.folder / "stack.yaml").write_text(text)

    for word in ("--retire", "--rollback"):
        errors = swap(stack, "knowledge", word, code=10)["errors"]
        assert errors[0]["message"].endswith("when its data was compared: rows of public.items")
    assert numbers(closed) >= {-1}
    write_in_spite(closed, "delete from items where number = -1")
    retired = bindings(stack)
    swap(stack, "knowledge", "--rollback")
    application.goes_on()
    assert version(bindings(stack)) == 18
    kill(stack, "before", "clean", "swap", "stack.yaml", "knowledge", "-e", "dev", "--retire", "--yes")
    with pytest.raises(OperationalError):  # what is written to the old box now would go with it
        numbers(retired)
    (stack.folder / "dev" / "helper.py").touch()
    said = stack("swap", "stack.yaml", "knowledge", "-e", "dev", "--retire", "--yes").stderr
    assert "note: with the program run files that are not stackgen's: helper.py" in said
    committed = application.end()
    assert numbers(bindings(stack)) >= set(committed)
    assert len(committed) > 20
    assert "beside" not in spec(stack)
    gone(stack)


@pytest.mark.nightly
def test_what_a_swap_leaves_survives_a_restart(stack: Cli) -> None:
    """The box that serves no longer is closed for writing; it starts all the same, and each way out works."""
    up(stack, KNOWLEDGE)
    write = rows(bindings(stack))
    write(1)
    swap(stack, "knowledge", "--apply", *OLDER)
    rows(bindings(stack))(2)
    _others_take_the_ports(stack, "--rollback")
    _restart(stack)
    assert (version(bindings(stack)), numbers(bindings(stack))) == (16, {1, 2})
    swap(stack, "knowledge", "--rollback")
    rows(bindings(stack))(3)
    _others_take_the_ports(stack, "--retire")
    _restart(stack)
    assert (version(bindings(stack)), numbers(bindings(stack))) == (18, {1, 2, 3})
    swap(stack, "knowledge", "--retire")
    _restart(stack)
    assert numbers(bindings(stack)) == {1, 2, 3}
    gone(stack)


OTHER_USER = """
import os, select, socket, sys
sockets = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1:]]
os.setgroups([]); os.setgid(4321); os.setuid(4321)
print("ready", flush=True)
while ready := select.select(sockets, [], [])[0]:
    ready[0].accept()
    print("called", flush=True)
"""


def _others_take_the_ports(cli: Cli, word: str) -> None:
    """After a reboot another user listens where the boxes did: a swap does not go on, and calls no one."""
    if os.geteuid() != 0:
        return
    running = servers(cli.folder / "data")
    places = [c.laddr for p in running for c in p.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    reboot(cli.folder / "data")
    ports = sorted({str(place[1]) for place in places})
    command = [sys.executable, "-c", OTHER_USER, *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        done = cli("swap", "stack.yaml", "knowledge", "-e", "dev", word, "--yes", "--json", code=None)
        other.kill()
        assert other.stdout.read() == ""
    assert json.loads(done.stdout)["errors"][0]["code"] == "not-serving"


def _restart(cli: Cli) -> None:
    cli("down", *STACK, "--yes")
    cli("up", *STACK, "--yes")


@pytest.mark.nightly
@pytest.mark.parametrize("step", ["deploy", "freeze", "switch", "bind"])
def test_a_swap_that_is_killed_can_be_rolled_back(stack: Cli, step: str) -> None:
    up(stack, KNOWLEDGE)
    application = Application(stack, rows)
    application.start()
    application.goes_on()
    command = ("swap", "stack.yaml", "knowledge", "-e", "dev", "--apply", "--yes", *OLDER)
    kill(stack, "after", step, *command)
    swap(stack, "knowledge", "--rollback")
    application.goes_on()
    assert version(bindings(stack)) == 18
    assert numbers(bindings(stack)) >= set(application.end())
    gone(stack)


@pytest.mark.nightly
def test_a_box_that_fails_leaves_the_old_one_serving(stack: Cli) -> None:
    (stack.folder / "code").mkdir()
    (stack.folder / "code" / "requirements.txt").touch()
    (stack.folder / "code" / "health").write_text("ok")
    serve = 'test "$PGDATABASE" = knowledge && exec python -m http.server --bind $HOST $PORT'
    service = f"{{capability: service, source: code, command: [sh, -c, '{serve}'], uses: [knowledge]}}\n"
    up(stack, KNOWLEDGE + "  consumer: " + service)
    application = Application(stack, rows)
    application.start()
    application.goes_on()
    before = spec(stack)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = f"settings.port={taken.getsockname()[1]}"
        errors = swap(stack, "knowledge", "--apply", "--to", "local", "--set", port, code=4)["errors"]
    assert "is taken" in errors[0]["message"]
    assert errors[-1]["code"] == "swap-stopped"
    swap(stack, "knowledge", "--rollback")
    assert spec(stack).replace(", components: {}", "") == before
    application.goes_on()

    errors = swap(stack, "knowledge", "--apply", *OLDER, code=4)["errors"]
    assert "consumer dies after it is started" in errors[0]["message"]
    assert errors[-1]["code"] == "swap-rolled-back"
    application.goes_on()
    assert version(bindings(stack)) == 18
    assert numbers(bindings(stack)) >= set(application.end())
    gone(stack)


@pytest.mark.nightly
def test_an_object_store_and_a_registry_are_swapped(stack: Cli, tmp_path: Path) -> None:
    up(stack, "  documents: {capability: object_store}\n  registry: {capability: model_registry}\n")
    with use_quiet_client():
        applications = [Application(stack, objects, 0.3), Application(stack, runs, 3)]
        for application in applications:
            application.start()
            application.goes_on()
        _put_many(S3Binding.model_validate(bindings(stack)["documents"]["s3"]))
        side = Side(MlflowBinding.model_validate(bindings(stack)["registry"]["mlflow"]))
        run = side.client.create_run("0", run_name="training")
        (tmp_path / "model.bin").write_bytes(b"weights")
        side.client.log_artifact(run.info.run_id, str(tmp_path / "model.bin"), "model")
        clone = side.client.create_run("0", run_name="a clone", tags={ORIGIN: run.info.run_id})
        side.client.set_terminated(clone.info.run_id)
        _register(side, run)
        side.client.create_registered_model("kept")

        assert find_mover("s3").first_item(S3Binding.model_validate(bindings(stack)["documents"]["s3"]))  # pyright: ignore
        held = cast(Mover, find_mover("mlflow")).first_item(
            MlflowBinding.model_validate(bindings(stack)["registry"]["mlflow"])
        )
        assert held in ("registered model 'triage'", "registered model 'kept'")
        registry.fill(side.client)

        side.client.register_prompt("greeting", "hello {{name}}")
        errors = swap(stack, "registry", "--apply", "--to", "local", code=4)["errors"]
        assert errors[0]["message"].startswith("not moved: prompt 'greeting': ")
        side.client.delete_prompt_version("greeting", "1")
        side.client.delete_prompt("greeting")
        swap(stack, "registry", "--rollback")

        for component in ("documents", "registry"):
            command = ("swap", "stack.yaml", component, "-e", "dev", "--apply", "--yes")
            kill(stack, "after", "copy", *command, "--to", "local")
            if component == "registry":
                registry.change(side.client)
            for step in ("delta", "switch", "settle"):
                kill(stack, "after", step, *command)
            assert swap(stack, component, "--apply")["result"]["serving"] == 2
        assert swap(stack, "documents", "--retire", code=4)["errors"][0]["code"] == "box-in-use"
        for application in applications:
            application.restarted.set()
            application.goes_on()
            application.goes_on()
            application.end()
        said = registry.told(side.client)
        new = Side(MlflowBinding.model_validate(bindings(stack)["registry"]["mlflow"]))
        for client_, name in ((side, "late"), (new, "own")):
            _log_after_the_end(client_, clone.info.run_id, name)
        side.client.delete_registered_model("kept")  # or lost: whoever reads the new box still has it
        for component in ("documents", "registry"):
            swap(stack, component, "--retire")  # brings over what reached the old boxes late
        found = bindings(stack)
        binding = S3Binding.model_validate(found["documents"]["s3"])
        pages = client(binding).get_paginator("list_objects_v2").paginate(Bucket=binding.bucket)
        keys = {item["Key"] for page in pages for item in page["Contents"]}
        assert keys >= {f"items/{number}" for number in applications[0].committed}
        moved = Side(MlflowBinding.model_validate(found["registry"]["mlflow"]))
        _triage_is_there(moved, applications[1].committed, tmp_path)
        assert (registry.told(moved.client), moved.client.get_registered_model("kept").name) == (said, "kept")
        _holds_what_was_logged_after_the_end(moved, clone.info.run_id)
    gone(stack)


def _put_many(binding: S3Binding) -> None:
    """More than what reaches the old box late: a box that serves half of what the other holds is not believed."""
    found = client(binding)
    for number in range(1500):
        found.put_object(Bucket=binding.bucket, Key=f"many/{number}", Body=b"x")


def _register(side: Side, run: Any) -> None:
    """Three versions, of which the second is deleted again."""
    side.client.create_registered_model("triage")
    for _ in range(3):
        source = f"{run.info.artifact_uri}/model"
        side.client.create_model_version("triage", source, run.info.run_id, await_creation_for=0)
    side.client.delete_model_version("triage", "2")
    side.client.set_registered_model_alias("triage", "champion", "3")


def _log_after_the_end(side: Side, run: str, name: str) -> None:
    """Of a run that has ended a search tells neither points nor files."""
    same = side.runs[run].info.run_id
    side.client.log_text(same, name, f"notes/{name}.txt")
    side.client.log_metric(same, name, 1.0, timestamp=1)


def _holds_what_was_logged_after_the_end(side: Side, run: str) -> None:
    found = side.runs[run]
    assert set(files(side.run_artifacts(found))) == {"notes/late.txt", "notes/own.txt"}
    assert found.data.metrics == {"late": 1.0, "own": 1.0}


def _triage_is_there(moved: Side, committed: list[int], folder: Path) -> None:
    names = {run.info.run_name for run in moved.runs.values()}
    assert names >= {f"run {number}" for number in committed} | {"training", "a clone"}
    champion = moved.client.get_model_version_by_alias("triage", "champion")
    assert champion.version == "3"
    fetched = moved.client.download_artifacts(champion.run_id, "model/model.bin", str(folder))
    assert Path(fetched).read_bytes() == b"weights"
    assert {number for name, number in moved.versions if name == "triage"} == {"1", "3"}


KEPT = "  documents: {capability: object_store}\n"
OUTPUTS = """
import json, sys
from pathlib import Path
from typing import Any
from stackgen.engine.deployment import Deployment
print(json.dumps(Deployment(Path("dev").absolute(), "swapped", "dev", print).outputs()["boxes"]["documents"]))
"""


@pytest.mark.nightly  # tests/swap: test_first_copies.py, test_overrides.py, test_late_objects.py
def test_a_swap_replaces_no_data_that_was_kept(stack: Cli) -> None:
    """A box of the next number may be there, of a spec that was taken back; its data is no one's copy."""
    again = TAIL.replace(
        "local}", "local, components: {documents: {implementation: local/versitygw, box: 2}}}"
    )
    (stack.folder / "stack.yaml").write_text(HEAD + KEPT + again)
    stack("up", *STACK, "--yes")
    first = S3Binding.model_validate(bindings(stack)["documents"]["s3"])
    client(first).put_object(Bucket=first.bucket, Key="kept", Body=b"kept")
    up(stack, KEPT)
    command = ("swap", "stack.yaml", "documents", "-e", "dev", "--apply", "--yes")
    kill(stack, "after", "deploy", *command, "--to", "local")
    run = subprocess.run(
        [sys.executable, "-c", OUTPUTS],
        cwd=stack.folder,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    boxes = json.loads(run.stdout.splitlines()[-1])
    assert set(boxes) == {"1", "3"}
    beside = S3Binding.model_validate(boxes["3"]["s3"])
    client(beside).put_object(Bucket=beside.bucket, Key="own", Body=b"own")
    (error, *_) = swap(stack, "documents", "--apply", code=5)["errors"]
    assert error["code"] == "box-not-empty"
    assert "box 3 of 'documents' holds data already (object 'own')" in error["message"]
    client(beside).delete_object(Bucket=beside.bucket, Key="own")
    serving = S3Binding.model_validate(boxes["1"]["s3"])
    client(serving).create_bucket(Bucket="second")
    client(serving).put_object(Bucket="second", Key="precious", Body=b"")
    (error, *_) = swap(stack, "documents", "--apply", code=4)["errors"]
    assert error["message"].startswith("not moved: bucket 'second': ")
    client(serving).delete_object(Bucket="second", Key="precious")
    client(serving).put_object(Bucket=serving.bucket, Key="early", Body=b"of value")
    assert swap(stack, "documents", "--apply")["result"]["serving"] == 3
    client(serving).put_object(Bucket=serving.bucket, Key="late", Body=b"of value")
    kill(stack, "before", "clean", "swap", "stack.yaml", "documents", "-e", "dev", "--retire", "--yes")
    with pytest.raises(BotoCoreError):  # what is written to the old box now would go with it
        client(serving).put_object(Bucket=serving.bucket, Key="later", Body=b"of value")
    swap(stack, "documents", "--retire")
    now = S3Binding.model_validate(bindings(stack)["documents"]["s3"])
    assert client(now).get_object(Bucket=now.bucket, Key="late")["Body"].read() == b"of value"
    text = spec(stack)
    (stack.folder / "stack.yaml").write_text(HEAD + KEPT + again)
    stack("up", *STACK, "--yes")
    assert client(first).get_object(Bucket=first.bucket, Key="kept")["Body"].read() == b"kept"
    (stack.folder / "stack.yaml").write_text(text)
    stack("up", *STACK, "--yes")
    gone(stack)


LIGHTS = """\
apiVersion: stackgen/v1
tool_calls:
  lights:
    model: chat
    choice: required
    prompts: [Switch the light on.]
    tools: [{type: function, function: {name: set_light, parameters: {type: object, properties: {state:
      {type: string, enum: ["on", "off"]}}, required: [state], additionalProperties: false}}}]
"""


@pytest.mark.nightly
def test_a_swap_after_which_answers_have_drifted_is_rolled_back(stack: Cli) -> None:
    up(stack, "  chat: {capability: chat_model, model: stand-in}\n")
    golden = stack.folder / "golden"
    golden.mkdir()
    (golden / "corpus.yaml").write_text(LIGHTS)
    stack("golden", "record", *STACK)
    command = ("swap", "stack.yaml", "chat", "-e", "dev", "--apply", "--yes", "--to", "local")
    kill(stack, "after", "replay", *command)
    taken = swap(stack, "chat", "--apply")["result"]["steps"]
    assert taken[-1]["name"] == "replay"
    assert "2 measures are within their tolerance" in taken[-1]["detail"]
    swap(stack, "chat", "--retire")

    recording = golden / "dev.json"
    recorded = recording.read_text()
    recording.write_text(recorded.replace('"set_light"', '"dim_light"'))
    before = spec(stack)
    errors = swap(stack, "chat", "--apply", "--to", "local", code=10)["errors"]
    assert [error["code"] for error in errors] == [
        "behaviour-drifted",
        "behaviour-drifted",
        "swap-rolled-back",
    ]
    assert "same functions called: 0.000, at least 1 is accepted" in errors[0]["message"]
    assert bindings(stack)["chat"]["openai-chat"]["model"] == "chat-2"
    swap(stack, "chat", "--retire")
    assert spec(stack) == before

    (golden / "corpus.yaml").write_text(LIGHTS.replace("Switch", "Turn"))
    errors = swap(stack, "chat", "--apply", "--to", "local", code=2)["errors"]
    assert [error["code"] for error in errors] == ["golden-outdated"]
    assert spec(stack) == before
    gone(stack)
