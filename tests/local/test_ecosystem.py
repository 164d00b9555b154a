"""One spec, running for real: every clause, a cited answer, kills, edits, changes. Tests run in this order."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xml.etree import ElementTree

import psutil
import pytest
import yaml

from stackgen.catalog.shelf import Shelf
from stackgen.contracts import contract
from stackgen.contracts.openai_chat.contract import TOOLS
from stackgen.contracts.pgvector.contract import PgvectorBinding, open_connection
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import load_spec
from stackgen.verification.model import Declared
from stackgen.verification.run import measure_clauses
from tests.conftest import ROOT
from tests.local.conftest import Ecosystem
from tests.local.processes import undeclared_folders
from tests.waiting import eventually

pytestmark = pytest.mark.local
QUESTIONS = yaml.safe_load((ROOT / "tests" / "local" / "questions.yaml").read_text())


def post(url: str, content: object) -> Any:
    request = Request(url, json.dumps(content).encode())
    with urlopen(request, timeout=120) as answer:
        return json.load(answer)


def test_every_clause_is_as_declared(ecosystem: Ecosystem) -> None:
    report = ecosystem.folder / "junit.xml"
    with open_connection(
        PgvectorBinding.model_validate(ecosystem.bindings()["knowledge"]["pgvector"])
    ) as application:
        application.execute("select pg_current_xact_id()")  # in the middle of writing something
        done = ecosystem.cli("verify", "rag-assistant", "-e", "dev", "--json", "--junit", str(report))
    counts = json.loads(done.stdout)["result"]["counts"]
    assert set(counts) == {"kept", "not-kept"}
    assert counts["kept"] > 80
    suites = ElementTree.parse(report).getroot()  # noqa: S314
    assert sum(int(suite.get("tests", 0)) for suite in suites) == sum(counts.values())


def test_any_lie_in_a_descriptor_is_caught(ecosystem: Ecosystem) -> None:
    found = plan_environment(load_spec(ecosystem.spec), "dev", Shelf())
    lies = {
        item.name: Declared(
            kept={name: tuple(clauses) for name, clauses in item.not_kept.items()},
            not_kept={name: dict.fromkeys(clauses, "a lie") for name, clauses in item.kept.items()},
        )
        for item in found.components
    }
    results = measure_clauses(ecosystem.bindings(), lies).results
    told = {(r.contract, r.clause) for r in results if r.failed}
    seen = {(r.contract, r.clause) for r in results if _probed(r.contract, r.clause)}
    assert len(seen) > 50
    assert seen - told == set()


def _probed(name: str, clause: str) -> bool:
    return any(item.name == clause and item.probe is not None for item in contract(name).clauses)


def test_a_question_is_answered_with_its_source(ecosystem: Ecosystem) -> None:
    ask = str(ROOT / "stacks" / "rag-assistant" / "ask.py")
    command = [sys.executable, ask, "How long do I have to report a stolen car?"]
    text = ecosystem.cli("run", "rag-assistant", "-e", "dev", "--", *command).stdout
    assert "[1] motor-theft.md, Reporting a stolen vehicle" in text
    assert "stand-in model" in text


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda item: item["source"])
def test_the_right_document_is_found_first(ecosystem: Ecosystem, question: dict[str, str]) -> None:
    url = ecosystem.bindings()["assistant"]["http"]["url"]
    found = post(f"{url}/ask", {"question": question["question"]})
    assert found["citations"][0]["source"] == question["source"]


def test_the_registered_champion_predicts(ecosystem: Ecosystem) -> None:
    url = ecosystem.bindings()["assistant"]["http"]["url"]
    grave = {"amount": 40000, "days_since_start": 10, "earlier_claims": 5, "injured": 1}
    small = {"amount": 200, "days_since_start": 900, "earlier_claims": 0, "injured": 0}
    assert post(f"{url}/triage", grave)["triage"] == "urgent"
    assert post(f"{url}/triage", small)["triage"] == "normal"


def test_the_assistant_traces_itself(ecosystem: Ecosystem) -> None:
    bindings = ecosystem.bindings()
    trace = post(f"{bindings['assistant']['http']['url']}/ask", {"question": "Is flood covered?"})["trace_id"]
    otlp = bindings["monitoring"]["otlp"]
    key, _, value = otlp["headers"].partition("=")
    request = Request(f"{otlp['query-url']}/api/traces/{trace}", headers={key: value.replace("%20", " ")})
    names: set[str] = set()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not {"ask", "retrieve"} <= names:
        try:
            with urlopen(request, timeout=10) as answer:
                names = {span["operationName"] for span in json.load(answer)["data"][0]["spans"]}
        except HTTPError:
            pass
        time.sleep(0.5)
    assert {"ask", "retrieve", "chat chat", "embeddings embedder"} <= names


def test_golden_behaviour_is_recorded_and_drift_is_named(ecosystem: Ecosystem) -> None:
    folder = ecosystem.folder / "stacks" / "rag-assistant" / "golden"
    lights = {"model": "gateway", "choice": "required", "tools": TOOLS, "prompts": ["Switch it on."]}
    corpus: Any = yaml.safe_load((folder / "corpus.yaml").read_text())
    (folder / "corpus.yaml").write_text(yaml.safe_dump({**corpus, "tool_calls": {"lights": lights}}))
    golden = ("rag-assistant", "-e", "dev", "--json")
    recorded = json.loads(ecosystem.cli("golden", "record", *golden).stdout)["result"]
    assert recorded["groups"] == {"searches.policies": 8, "tool_calls.lights": 1, "predictions.claims": 4}
    answers = json.loads((folder / "dev.json").read_text())["groups"]
    found = [answer["ids"][0][0] for answer in answers["searches.policies"]["answers"]]
    assert found == [question["source"] for question in QUESTIONS]
    assert answers["tool_calls.lights"]["answers"][0]["calls"][0]["name"] == "set_light"

    same = json.loads(ecosystem.cli("golden", "replay", *golden).stdout)["result"]["findings"]
    assert all(item["within"] and not item["changed"] for item in same)

    with open_connection(
        PgvectorBinding.model_validate(ecosystem.bindings()["knowledge"]["pgvector"])
    ) as connection:
        connection.execute("create table taken as select * from chunks where source = 'fraud.md'")
        connection.execute("delete from chunks where source = 'fraud.md'")
    try:
        report = ecosystem.folder / "drift.md"
        said = ecosystem.cli("golden", "replay", *golden, "--markdown", str(report), code=10).stdout
        drifted = [item for item in json.loads(said)["result"]["findings"] if not item["within"]]
        assert [(item["group"], item["measure"]) for item in drifted] == [
            ("searches.policies", "top-3 overlap")
        ]
        assert "What do I do when I suspect fraud" in report.read_text()

        store = PgvectorBinding.model_validate(ecosystem.bindings()["knowledge"]["pgvector"])
        with open_connection(store) as connection:
            connection.execute("create table unfilled (like chunks)")
        unfilled = {**corpus["searches"]["policies"], "table": "unfilled"}
        (folder / "corpus.yaml").write_text(yaml.safe_dump({**corpus, "searches": {"policies": unfilled}}))
        (error,) = json.loads(ecosystem.cli("golden", "record", *golden, code=10).stdout)["errors"]
        assert error["code"] == "golden-empty"
        assert "public.unfilled has no row" in error["message"]
    finally:
        with open_connection(
            PgvectorBinding.model_validate(ecosystem.bindings()["knowledge"]["pgvector"])
        ) as connection:
            connection.execute("insert into chunks select * from taken")
            connection.execute("drop table taken")
            connection.execute("drop table if exists unfilled")


def test_a_second_up_changes_nothing(ecosystem: Ecosystem) -> None:
    assert ecosystem.up() == {}


def test_servers_are_unprivileged_and_on_loopback_only(ecosystem: Ecosystem) -> None:
    found = 0
    for process in psutil.process_iter():
        try:
            if process.environ().get("STACKGEN_WORKSPACE") != str(ecosystem.workspace):
                continue
            assert process.uids().effective != 0, process.cmdline()
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    found += 1
                    assert connection.laddr[0] in ("127.0.0.1", "::1", "::ffff:127.0.0.1"), (
                        process.cmdline(),
                        connection.laddr,
                    )
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    assert found > 10


def test_no_secret_is_in_clear_anywhere_it_should_not_be(ecosystem: Ecosystem) -> None:
    bindings = ecosystem.bindings()
    secrets = {
        bindings["knowledge"]["pgvector"]["password"],
        bindings["gateway"]["openai-chat"]["api-key"],
        bindings["documents"]["s3"]["secret-access-key"],
        bindings["registry"]["mlflow"]["password"],
        bindings["monitoring"]["prometheus"]["password"],
        bindings["chat"]["openai-chat"]["api-key"],
    }
    places = [ecosystem.folder / "stacks", ecosystem.data / "state", ecosystem.workspace / "logs"]
    files = [
        path for place in places for path in place.rglob("*") if path.is_file() and "venv" not in path.parts
    ]
    assert len(files) > 50
    for path in files:
        content = path.read_bytes()
        assert not [path for secret in secrets if secret.encode() in content]
    assert "*****" in ecosystem.cli("bindings", "rag-assistant", "-e", "dev").stdout


def test_each_folder_of_a_server_has_a_name_that_no_other_component_may_have(ecosystem: Ecosystem) -> None:
    assert len(list((ecosystem.workspace / "run").iterdir())) > 10
    assert undeclared_folders(ecosystem.spec, ecosystem.data) == set()


class Writer:
    """Writes until told to stop, and remembers what was acknowledged."""

    def __init__(self, write: Callable[[int], None]) -> None:
        self.acknowledged: list[int] = []
        self.failures = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(write,))
        self._thread.start()

    def _run(self, write: Callable[[int], None]) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                write(number)
                self.acknowledged.append(number)
            except Exception:
                self.failures += 1
                time.sleep(0.1)

    def finish(self, after_kill: int) -> None:
        """Go on until writes succeed again."""
        deadline = time.monotonic() + 60
        while len(self.acknowledged) <= after_kill + 3:
            assert time.monotonic() < deadline, "the server is not back after a minute"
            time.sleep(0.1)
        self._stop.set()
        self._thread.join()


def _has_ended(process: psutil.Process) -> bool:
    """Whether it does nothing any more, also where its new parent has not asked for its end yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill_while_writing(
    ecosystem: Ecosystem, process: str, write: Callable[[int], None], read: Callable[[], set[int]]
) -> None:
    """kill -9 of the supervised process alone, in the middle of writes.

    It comes back with what it had started gone, the supervised one serves, and nothing acknowledged is lost.
    """
    pid = ecosystem.pid(process)
    writer = Writer(write)
    while len(writer.acknowledged) < 10:
        time.sleep(0.02)
    workers = psutil.Process(pid).children(recursive=True)
    psutil.Process(pid).kill()
    ecosystem.serving_again(process, pid)
    eventually(lambda: all(_has_ended(worker) for worker in workers))
    writer.finish(len(writer.acknowledged))
    assert writer.failures > 0, "no write failed: the kill was not noticed"
    assert set(writer.acknowledged) <= read()


def test_a_killed_database_loses_no_committed_row(ecosystem: Ecosystem) -> None:
    import psycopg

    binding = ecosystem.bindings()["knowledge"]["pgvector"]
    conninfo = {k: binding[k] for k in ("host", "port", "password")}
    conninfo |= {"dbname": binding["database"], "user": binding["username"], "connect_timeout": 2}
    with psycopg.connect(**conninfo) as connection:
        connection.execute("create table killed (id int primary key)")

    def write(number: int) -> None:
        with psycopg.connect(**conninfo) as connection:
            connection.execute("insert into killed values (%s)", [number])

    def read() -> set[int]:
        with psycopg.connect(**conninfo) as connection:
            return {row[0] for row in connection.execute("select id from killed").fetchall()}

    kill_while_writing(ecosystem, "knowledge", write, read)


@pytest.mark.nightly  # killed as the database is, which is tried on every change
def test_a_killed_object_store_loses_no_object(ecosystem: Ecosystem) -> None:
    import boto3
    from botocore.config import Config

    binding = ecosystem.bindings()["documents"]["s3"]
    style = Config(
        s3={"addressing_style": "path"}, retries={"max_attempts": 0}, connect_timeout=2, read_timeout=5
    )
    client = boto3.client(
        "s3",
        endpoint_url=binding["endpoint"],
        aws_access_key_id=binding["access-key-id"],
        aws_secret_access_key=binding["secret-access-key"],
        region_name=binding["region"],
        config=style,
    )

    def write(number: int) -> None:
        client.put_object(Bucket=binding["bucket"], Key=f"killed/{number}", Body=str(number).encode() * 1000)

    def read() -> set[int]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=binding["bucket"], Prefix="killed/")
        keys = [item["Key"] for page in pages for item in page["Contents"]]
        numbers = {int(key.removeprefix("killed/")) for key in keys}
        for number in numbers:
            body = client.get_object(Bucket=binding["bucket"], Key=f"killed/{number}")["Body"].read()
            assert body == str(number).encode() * 1000
        return numbers

    kill_while_writing(ecosystem, "documents", write, read)


@pytest.mark.nightly  # killed as the database is, which is tried on every change
def test_a_killed_registry_loses_no_version(ecosystem: Ecosystem) -> None:
    import httpx

    binding = ecosystem.bindings()["registry"]["mlflow"]
    client = httpx.Client(auth=(binding["username"], binding["password"]), timeout=10)
    base = f"{binding['tracking-uri']}/api/2.0/mlflow"

    def call(path: str, **content: Any) -> Any:
        answer = client.post(f"{base}/{path}", json=content)
        answer.raise_for_status()
        return answer.json()

    call("registered-models/create", name="killed")

    def write(number: int) -> None:
        call("model-versions/create", name="killed", source=f"s3://documents/killed/{number}")

    def read() -> set[int]:
        answer = client.get(
            f"{base}/model-versions/search", params={"filter": "name='killed'", "max_results": 1000}
        )
        return {int(item["source"].rsplit("/", 1)[-1]) for item in answer.json()["model_versions"]}

    kill_while_writing(ecosystem, "registry", write, read)


def test_an_edited_component_is_noticed_and_put_right(ecosystem: Ecosystem) -> None:
    rules = ecosystem.workspace / "run" / "monitoring-rules" / "rules.yml"
    before = rules.read_text()
    rules.write_text(before.replace("Watchdog", "Watchcat"))
    assert ecosystem.up() == {"create": 1}
    assert rules.read_text() == before


def test_a_changed_setting_restarts_in_place_and_keeps_the_data(ecosystem: Ecosystem) -> None:
    text = ecosystem.spec.read_text()
    ecosystem.spec.write_text(
        text.replace("    dimensions: 384\n", "    dimensions: 384\n    settings: {max_connections: 66}\n", 1)
    )
    assert "update" in ecosystem.cli("generate", "rag-assistant", "-e", "dev").stdout
    assert "update   knowledge" in ecosystem.cli("diff", "rag-assistant", "-e", "dev").stdout
    assert ecosystem.up() == {"update": 1}
    url = ecosystem.bindings()["assistant"]["http"]["url"]
    assert (
        post(f"{url}/ask", {"question": "Are bicycles covered?"})["citations"][0]["source"]
        == "home-contents.md"
    )


def test_a_change_that_must_replace_says_so_before(ecosystem: Ecosystem) -> None:
    text = ecosystem.spec.read_text()
    ecosystem.spec.write_text(text.replace("max_connections: 66", 'max_connections: 66, version: "16"'))
    ecosystem.cli("generate", "rag-assistant", "-e", "dev")
    preview = ecosystem.cli("diff", "rag-assistant", "-e", "dev").stdout
    ecosystem.spec.write_text(text)
    ecosystem.cli("generate", "rag-assistant", "-e", "dev")
    assert any(line.split()[:2] == ["replace", "knowledge-data"] for line in preview.splitlines()), preview


def test_logs_are_there(ecosystem: Ecosystem) -> None:
    text = ecosystem.cli("logs", "rag-assistant", "training", "-e", "dev").stdout
    assert "champion" in text
    assert (
        "did you mean 'gateway'?"
        in ecosystem.cli("logs", "rag-assistant", "gatewya", "-e", "dev", code=6).stderr
    )


def test_down_keeps_the_data(ecosystem: Ecosystem) -> None:
    assert "its data is kept" in ecosystem.cli("down", "rag-assistant", "-e", "dev", "--yes").stdout
    assert not (ecosystem.workspace / "run").exists()
    ecosystem.up()
    log = ecosystem.cli("logs", "rag-assistant", "indexing", "-e", "dev").stdout
    assert "0 embedded now" in log
    assert (
        "made of this data and code already"
        in ecosystem.cli("logs", "rag-assistant", "training", "-e", "dev").stdout
    )
