"""What stands in the shell decides neither what is measured nor what a command connects to."""

from __future__ import annotations

import os
import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from stackgen.contracts import Binding, contract, contract_names, find_mover
from stackgen.contracts.projection import environment_variables, plain_bindings
from stackgen.contracts.surroundings import (
    NOTHING_READ,
    clean_environment,
    command_environment,
    shield_from_shell,
    use_clean_environment,
)
from stackgen.errors import StackgenError
from stackgen.verification.model import Declared
from stackgen.verification.run import measure_clauses

BINDINGS: dict[str, dict[str, Any]] = {
    "http": {"url": "http://127.0.0.1:1"},
    "mlflow": {"tracking-uri": "http://127.0.0.1:1", "username": "u", "password": "p"},
    "open-inference": {"url": "http://127.0.0.1:1", "model": "m"},
    "openai-chat": {"base-url": "http://127.0.0.1:1/v1", "api-key": "k", "model": "m"},
    "openai-embeddings": {"base-url": "http://127.0.0.1:1/v1", "api-key": "k", "model": "m"},
    "openmetrics": {"url": "http://127.0.0.1:1/metrics"},
    "otlp": {"endpoint": "http://127.0.0.1:1", "headers": "a=b"},
    "pgvector": {"host": "h", "port": 1, "database": "d", "username": "u", "password": "p"},
    "prometheus": {"url": "http://127.0.0.1:1", "username": "u", "password": "p"},
    "s3": {
        "endpoint": "http://127.0.0.1:1",
        "access-key-id": "a",
        "secret-access-key": "s",
        "region": "local",
        "bucket": "b",
    },
}
SPOILING = {
    "s3": (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_S3_USE_ARN_REGION",
    ),
    "pgvector": ("PGHOSTADDR", "PGSERVICE", "PGOPTIONS", "PGSSLMODE", "PGPASSFILE", "PGREQUIREAUTH"),
    "otlp": ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"),
    "mlflow": ("MLFLOW_TRACKING_TOKEN", "MLFLOW_REGISTRY_URI"),
    "openai-chat": ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"),
    "openai-embeddings": ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"),
}
"""Contract → variables that make an application's connection another than the binding says."""
CLOUDS = ("AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_CLIENT_SECRET")
MISLEADING = {
    **SPOILING,
    "otlp": (*SPOILING["otlp"], "OTEL_SDK_DISABLED", "OTEL_TRACES_SAMPLER"),
    "mlflow": (*SPOILING["mlflow"], "MLFLOW_ENABLE_ASYNC_LOGGING", "MLFLOW_EXPERIMENT_ID", *CLOUDS),
}
"""The same, with what an application may want and a measurement may not."""
CLIENTS_WITHOUT_VARIABLES = {("httpx",)}


def bound(name: str) -> Binding:
    return contract(name).binding.model_validate(BINDINGS[name])


@pytest.mark.unit
@pytest.mark.parametrize("name", contract_names())
def test_every_contract_says_what_its_clients_read(name: str) -> None:
    binding = bound(name)
    if contract(name).clients in CLIENTS_WITHOUT_VARIABLES:
        assert not binding.reads
        return
    shell = dict.fromkeys((*MISLEADING[name], "HOME", "LANG"), "x")
    left = set(clean_environment(shell, [binding])) - set(binding.instead) - set(NOTHING_READ)
    assert left == {"HOME", "LANG"}
    mine = {variable for variable in binding.environment() if variable not in ("S3_BUCKET", "DATABASE_URL")}
    assert not mine & set(clean_environment(dict.fromkeys(mine, "x"), [binding])), (
        "its own variables are read too"
    )


@pytest.mark.unit
@pytest.mark.parametrize("name", SPOILING)
def test_a_command_gets_nothing_that_contradicts_a_binding(name: str) -> None:
    shell = dict.fromkeys((*SPOILING[name], "HOME", "OTEL_SERVICE_NAME", "MLFLOW_EXPERIMENT_NAME"), "x")
    bindings = {"one": {name: BINDINGS[name]}}
    handed = {**command_environment(shell, plain_bindings(bindings)), **environment_variables(bindings)}
    assert {handed[variable] for variable in SPOILING[name] if variable in handed} <= {"local", "require"}
    assert {"HOME", "OTEL_SERVICE_NAME", "MLFLOW_EXPERIMENT_NAME"} <= set(handed)


@pytest.mark.unit
def test_where_two_components_have_the_contract_no_plain_variable_is_contradicted() -> None:
    two = {"one": {"pgvector": BINDINGS["pgvector"]}, "two": {"pgvector": BINDINGS["pgvector"]}}
    assert command_environment({"PGHOST": "mine"}, plain_bindings(two)) == {"PGHOST": "mine"}


@pytest.mark.unit
def test_without_keys_in_the_binding_credentials_stay_those_of_the_shell() -> None:
    keyless = {key: value for key, value in BINDINGS["s3"].items() if "key" not in key}
    shell = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL": "http://elsewhere"}
    left = clean_environment(shell, [contract("s3").binding.model_validate(keyless)])
    assert left == {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "t", **NOTHING_READ}


@pytest.mark.unit
def test_a_registry_on_this_machine_gets_no_credentials_of_a_cloud() -> None:
    shell: dict[str, str] = dict.fromkeys(CLOUDS, "x")
    for uri, left in (
        ("http://localhost:5000", {}),
        ("http://[::1]:5000", {}),
        ("https://127.0.0.2", {}),
        ("https://registry.example.com", shell),
        ("arn:aws:sagemaker:eu-central-1:1:mlflow-tracking-server/a", shell),
    ):
        found = clean_environment(shell, [contract("mlflow").binding.model_validate({"tracking-uri": uri})])
        assert found == {**left, **NOTHING_READ}, uri


@pytest.mark.unit
def test_the_region_stands_under_both_names_that_clients_read() -> None:
    found = environment_variables({"documents": {"s3": BINDINGS["s3"]}})
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "local"
    assert found["DOCUMENTS_AWS_DEFAULT_REGION"] == "local"


@pytest.mark.unit
def test_the_shell_is_put_back_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "10.255.255.1")
    before = dict(os.environ)

    @shield_from_shell
    def seen(_binding: Binding) -> str | None:
        return os.environ.get("PGHOSTADDR")

    assert seen(bound("pgvector")) is None
    with pytest.raises(ZeroDivisionError), use_clean_environment([bound("s3")]):
        assert os.environ["AWS_CONFIG_FILE"] == os.devnull
        raise ZeroDivisionError
    assert dict(os.environ) == before


class Up(BaseHTTPRequestHandler):
    """A service that answers."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Up)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.unit
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PGSSLROOTCERT"])
def test_certificates_that_are_not_there_are_the_shells_fault_and_not_the_boxs(
    service: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = {"desk": Declared({"http": ("answers",)}, {})}
    bindings = {"desk": {"http": {"url": service}}}
    assert not measure_clauses(bindings, declared).failures
    monkeypatch.setenv(variable, str(tmp_path / "missing.pem"))
    with pytest.raises(StackgenError) as caught:
        measure_clauses(bindings, declared)
    (problem,) = caught.value.problems
    assert problem.code == "no-certificates"
    assert f"the variable {variable} of this shell names {tmp_path / 'missing.pem'}" in problem.message
    assert problem.hint == f"mend it, or `unset {variable}`"


class Noting(BaseHTTPRequestHandler):
    """Answers nothing, and notes whom it was told."""

    told: ClassVar[set[str]]

    def do_GET(self) -> None:
        self.told.add(self.headers.get("Authorization", ""))
        self.send_error(404)

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.mark.sweep
def test_no_password_out_of_the_users_files_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's `requests` would send it in place of the binding's own."""
    (tmp_path / ".netrc").write_text("default login operator password canary")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    told: set[str] = set()
    with ThreadingHTTPServer(("127.0.0.1", 0), type("_Server", (Noting,), {"told": told})) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        place = f"127.0.0.1:{server.server_port}"
        bindings = {
            name: {key: str(value).replace("127.0.0.1:1", place) for key, value in values.items()}
            for name, values in BINDINGS.items()
            if name != "pgvector"
        }
        measure_clauses({"box": bindings}, {"box": Declared()})
        with pytest.raises(StackgenError):
            find_mover("mlflow").first_item(contract("mlflow").binding.model_validate(bindings["mlflow"]))  # pyright: ignore
        server.shutdown()
    sent = {b64decode(word.removeprefix("Basic ")) for word in told if word.startswith("Basic ")}
    assert b"u:p" in sent
    assert {words.partition(b":")[0] for words in sent} == {b"u"}
