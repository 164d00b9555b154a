"""The real Pulumi engine with every cloud program, against a provider that checks everything and keeps a cloud."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clouds.programs import EXAMPLES, SECRETS, STACK, environment
from tests.clouds.serving import FEW_CHECKPOINTS, attached, running
from tests.conftest import Cli

pytestmark = pytest.mark.engine
PROD = ("stack.yaml", "-e", "prod")


@dataclass
class StandIn:
    """A running stand-in and the command line that uses it."""

    folder: Path
    cli: Cli

    def cloud(self) -> dict[str, object]:
        file = self.folder / "cloud.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


@contextmanager
def _started(folder: Path) -> Iterator[StandIn]:
    state, work = folder / "cloud", folder / "work"
    state.mkdir(parents=True)
    work.mkdir()
    with running("tests.clouds.standin", [str(state), "aws", "gcp", "random"]) as ports:
        cli = Cli(work, folder / "data")
        cli.environment |= attached(ports)
        yield StandIn(state, cli)


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[StandIn]:
    """A cloud of the test's own."""
    with _started(tmp_path) as found:
        yield found


def _deletable(spec: Path) -> None:
    """Lift the guards: what a test makes it also removes."""
    text = spec.read_text(encoding="utf-8").replace("protect: true", "protect: false")
    for setting in ('account: "111122223333"', "project: example-project"):
        text = text.replace("{" + setting, "{allow_deletion: true, " + setting)
    spec.write_text(text, encoding="utf-8")


def _life(name: str, folder: Path) -> dict[str, str]:
    """Up, a second up, down; what each said."""
    with _started(folder) as found:
        found.cli.environment |= FEW_CHECKPOINTS
        spec = found.cli.folder / "stack.yaml"
        shutil.copy(EXAMPLES[name], spec)
        _deletable(spec)
        said: dict[str, str] = {}
        if name == "chat_model-gcp_vertex_vllm":
            _set_token(found.cli)
        said["first"] = _said(found.cli("up", "stack.yaml", "-e", "prod", "--yes", code=None))
        said["made"] = str(len(found.cloud()))
        said["second"] = _said(found.cli("up", "stack.yaml", "-e", "prod", "--yes", code=None))
        said["down"] = _said(
            found.cli("down", "stack.yaml", "-e", "prod", "--delete-data", "--yes", code=None)
        )
        said["left"] = str(found.cloud())
        return said


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def _set_token(cli: Cli) -> None:
    """The one secret that a program of ours asks people for."""
    cli("generate", "stack.yaml", "-e", "prod")
    script = f'eval "$({sys.executable} -m stackgen.cli.main engine env)" && cd prod && '
    script += "pulumi stack select --create prod && "
    script += f"pulumi config set --secret huggingFaceToken {SECRETS['huggingFaceToken']}"
    subprocess.run(["sh", "-c", script], cwd=cli.folder, env=cli.environment, check=True, capture_output=True)


def _all_examples() -> list[Any]:
    """Mocks see what each declares (`test_programs.py`), and what could be deleted (`test_removal.py`), every time."""
    return [pytest.param(name, marks=pytest.mark.nightly) for name in EXAMPLES]


@pytest.mark.parametrize("name", _all_examples())
def test_an_example_goes_up_stays_and_goes_down(name: str, tmp_path: Path) -> None:
    said = _life(name, tmp_path)
    assert f"is up in environment '{environment(name)}'" in said["first"], said
    assert int(said["made"]) > 5
    assert "nothing changed" in said["second"], said["second"]
    assert "nothing of it is left" in said["down"], said["down"]
    assert said["left"] == "{}"


def _is_previewed_and_made(standin: StandIn, *where: str) -> None:
    """Preview, up, and an empty second up."""
    cli = standin.cli
    cli("generate", *where)
    preview = json.loads(cli("diff", *where, "--json", code=None).stdout)["result"]
    assert {step["op"] for step in preview["resources"]} <= {"create", "read"}
    assert standin.cloud() == {}
    cli("up", *where, "--yes")
    assert "nothing changed" in _said(cli("up", *where, "--yes"))


def _goes_once_it_may(standin: StandIn, spec: Path, *where: str) -> None:
    """A refused down, a refused deletion of the data, and a down once the guards are lifted."""
    cli = standin.cli
    assert "error[data-would-go]" in cli("down", *where, "--yes", code=5).stderr
    refused = cli("down", *where, "--delete-data", "--yes", code=None)
    assert refused.returncode != 0
    assert "protected" in refused.stderr
    _deletable(spec)
    cli("up", *where, "--yes")
    cli("down", *where, "--delete-data", "--yes")
    assert standin.cloud() == {}


def test_a_protected_database_on_google_cloud_lives_a_whole_life(standin: StandIn) -> None:
    standin.cli.environment |= FEW_CHECKPOINTS
    spec = standin.cli.folder / "stack.yaml"
    shutil.copy(EXAMPLES["vector_store-gcp_cloud_sql"], spec)
    _is_previewed_and_made(standin, *PROD)
    assert any("databaseInstance" in key for key in standin.cloud())
    _goes_once_it_may(standin, spec, *PROD)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["prod-gcp", "prod", "prod-mixed"])
def test_the_example_stack_lives_a_whole_life(name: str, standin: StandIn) -> None:
    """Preview, up, an empty second up, an update, a repair after a loss, a refused down, and a down."""
    cli = standin.cli
    cli.environment |= FEW_CHECKPOINTS
    folder = cli.folder / "rag"
    shutil.copytree(STACK, folder, ignore=shutil.ignore_patterns("dev", "prod*", "venv"))
    spec = folder / "stack.yaml"
    where = ("rag/stack.yaml", "-e", name)
    _is_previewed_and_made(standin, *where)
    assert len(standin.cloud()) > 150

    if name == "prod":
        text = spec.read_text(encoding="utf-8")
        larger = text.replace("assistant: {size: medium}", "assistant: {size: large}")
        spec.write_text(larger, encoding="utf-8")
        changed = json.loads(cli("diff", *where, "--json", code=None).stdout)["result"]["components"]
        assert any(one.startswith("assistant: setting") for one in changed)
        assert "update" in _said(cli("up", *where, "--yes"))

    if name == "prod":
        lost = next(key for key in standin.cloud() if "ecurityGroupEgressRule" in key or "Firewall" in key)
        (standin.folder / "cloud.json").write_text(
            json.dumps({key: value for key, value in standin.cloud().items() if key != lost}),
            encoding="utf-8",
        )
        cli("up", *where, "--yes")
        assert any(key.split()[0] == lost.split()[0] for key in standin.cloud())

    _goes_once_it_may(standin, spec, *where)


@pytest.mark.parametrize(
    "store", ["aws/rds-postgresql", pytest.param("aws/aurora-postgresql", marks=pytest.mark.nightly)]
)
def test_a_service_on_aws_and_its_database_live_a_whole_life(store: str, standin: StandIn) -> None:
    """Up, no secret in clear anywhere, a second up that leaves a raised version as it is, and down."""
    cli, file = standin.cli, standin.folder / "cloud.json"
    spec = cli.folder / "stack.yaml"
    text = EXAMPLES["service-aws_fargate"].read_text(encoding="utf-8")
    spec.write_text(
        text.replace("{capability: vector_store}", f"{{capability: vector_store, implementation: {store}}}"),
        encoding="utf-8",
    )
    _deletable(spec)
    said = _said(cli("up", *PROD, "--yes"))
    assert "is up in environment 'prod'" in said
    _no_secret_is_in_clear(standin, said)

    raised = re.sub(r'("engineVersion": )"[^"]+"', r'\1"17.99"', file.read_text(encoding="utf-8"))
    file.write_text(raised, encoding="utf-8")  # AWS did: it refuses an older engine than the one that runs
    assert "nothing changed" in _said(cli("up", *PROD, "--yes"))
    assert file.read_text(encoding="utf-8").count('"17.99"') == raised.count('"17.99"') > 1

    assert "nothing of it is left" in _said(cli("down", *PROD, "--delete-data", "--yes"))
    assert standin.cloud() == {}


def _no_secret_is_in_clear(standin: StandIn, said: str) -> None:
    secrets = [
        str(value["outputs"]["result"])  # type: ignore[index]
        for key, value in standin.cloud().items()
        if "randomPassword" in key
    ]
    assert secrets
    kept = [path for path in (standin.folder.parent / "data").rglob("*") if path.is_file()]
    kept += [path for path in standin.cli.folder.rglob("*") if path.is_file() and "venv" not in path.parts]
    for path in kept:
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), path
    assert not any(secret in said for secret in secrets)


def test_a_bucket_goes_only_with_its_word(standin: StandIn) -> None:
    """A failure is named and the next up goes on. Taken out of the spec it stays, and is taken up again.

    Another name would replace it, and is refused. With `protect` nothing is replaced.
    """
    cli, spec = standin.cli, standin.cli.folder / "stack.yaml"
    one = "  documents: {capability: object_store, needs: [versioning, tls]}\n"
    two = "  reports: {capability: object_store}\n"
    text = EXAMPLES["object_store-aws_s3"].read_text(encoding="utf-8")

    def up(components: str, *words: str, code: int = 0, protect: bool = False) -> str:
        spec.write_text(text.replace(one, components), encoding="utf-8")
        if not protect:
            _deletable(spec)
        return _said(cli("up", *PROD, *words, "--yes", code=code))

    def buckets() -> set[str]:
        return {key for key in standin.cloud() if "aws:s3/bucket:Bucket::" in key and "log" not in key}

    (standin.folder / "fail").write_text("Create .*documents-policy", encoding="utf-8")
    assert "documents-policy" in up(one + two, code=4)
    (standin.folder / "fail").unlink()
    assert "is up in environment 'prod'" in up(one + two)
    both = buckets()
    assert len(both) == 2
    assert "reports is no longer in the spec: its data stays, Bucket" in up(one)
    assert buckets() == both
    up(one + two)
    assert buckets() == both
    renamed = two.replace("}", ", bucket: another-name}")
    said = up(one + renamed, code=5)
    assert "error[data-would-go]: `up` would replace what holds, and so delete, the data of 'reports'" in said
    assert buckets() == both
    up(one, "--delete-data-of", "reports")
    (left,) = buckets()
    up(one, protect=True)
    refused = up(one.replace("needs:", "bucket: another-name, needs:"), code=5, protect=True)
    assert "protect" in refused
    assert buckets() == {left}
