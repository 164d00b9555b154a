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

import pytest

from tests.clouds.programs import EXAMPLES, SECRETS, STACK, beyond_the_stack, environment
from tests.clouds.serving import FEW_CHECKPOINTS, attached, running
from tests.conftest import Cli

pytestmark = pytest.mark.engine


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


ALIKE = {  # others of the same cloud stand for their kind
    "chat_model-aws_sagemaker_vllm",
    "embedding_model-aws_bedrock",
    "embedding_model-gcp_vertex_ai",
    "predictor-gcp_vertex_ai",
}
BEYOND = beyond_the_stack() - ALIKE
LIVES = [  # what the example stack uses goes up and down with it, every night by itself too
    pytest.param(name, marks=() if name in BEYOND else pytest.mark.nightly) for name in EXAMPLES
]


@pytest.mark.parametrize("name", LIVES)
def test_an_example_goes_up_stays_and_goes_down(name: str, tmp_path: Path) -> None:
    said = _life(name, tmp_path)
    assert f"is up in {environment(name)}" in said["first"], said
    assert int(said["made"]) > 5
    assert "nothing changed" in said["second"], said["second"]
    assert "nothing of it is left" in said["down"], said["down"]
    assert said["left"] == "{}"


@pytest.mark.parametrize(
    "name",
    ["prod-gcp", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("prod", "prod-mixed"))],
)
def test_the_example_stack_lives_a_whole_life(name: str, standin: StandIn) -> None:
    """Preview, up, an empty second up, an update, a repair after a loss, a refused down, and a down."""
    cli = standin.cli
    cli.environment |= FEW_CHECKPOINTS
    folder = cli.folder / "rag"
    shutil.copytree(STACK, folder, ignore=shutil.ignore_patterns("dev", "prod*", "venv"))
    spec = folder / "stack.yaml"
    where = ("rag/stack.yaml", "-e", name)
    cli("generate", *where)
    preview = json.loads(cli("diff", *where, "--json", code=None).stdout)["result"]
    assert {step["op"] for step in preview["resources"]} <= {"create", "read"}
    assert standin.cloud() == {}

    cli("up", *where, "--yes")
    made = len(standin.cloud())
    assert made > 150
    assert "nothing changed" in _said(cli("up", *where, "--yes"))

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

    assert "error[data-would-go]" in cli("down", *where, "--yes", code=5).stderr
    refused = cli("down", *where, "--delete-data", "--yes", code=None)
    assert refused.returncode != 0
    assert "protected" in refused.stderr
    _deletable(spec)
    cli("up", *where, "--yes")
    cli("down", *where, "--delete-data", "--yes")
    assert standin.cloud() == {}


@pytest.mark.parametrize("name", ["vector_store-aws_aurora_postgresql", "vector_store-aws_rds_postgresql"])
def test_a_minor_version_that_aws_raised_is_left_as_it_is(name: str, standin: StandIn) -> None:
    """`up` looks at what is there first: AWS refuses an older engine than the one that runs."""
    shutil.copy(EXAMPLES[name], standin.cli.folder / "stack.yaml")
    standin.cli("up", "stack.yaml", "-e", "prod", "--yes")
    file = standin.folder / "cloud.json"
    raised = re.sub(r'("engineVersion": )"[^"]+"', r'\1"17.99"', file.read_text(encoding="utf-8"))
    file.write_text(raised, encoding="utf-8")
    assert "nothing changed" in _said(standin.cli("up", "stack.yaml", "-e", "prod", "--yes"))
    assert file.read_text(encoding="utf-8").count('"17.99"') == raised.count('"17.99"') > 1


def test_a_failing_resource_is_told_plainly_and_the_next_up_goes_on(standin: StandIn) -> None:
    spec = standin.cli.folder / "stack.yaml"
    shutil.copy(EXAMPLES["object_store-aws_s3"], spec)
    (standin.folder / "fail").write_text("Create .*documents-policy", encoding="utf-8")
    failed = standin.cli("up", "stack.yaml", "-e", "prod", "--yes", code=None)
    assert failed.returncode == 4
    assert "documents-policy" in failed.stderr
    (standin.folder / "fail").unlink()
    assert "is up in prod" in _said(standin.cli("up", "stack.yaml", "-e", "prod", "--yes"))


def test_what_is_protected_is_not_replaced(standin: StandIn) -> None:
    """Another address range would replace the network, and the database in it; the engine refuses."""
    spec = standin.cli.folder / "stack.yaml"
    shutil.copy(EXAMPLES["object_store-aws_s3"], spec)
    standin.cli("up", "stack.yaml", "-e", "prod", "--yes")
    text = spec.read_text(encoding="utf-8").replace("needs:", "bucket: another-name, needs:")
    spec.write_text(text, encoding="utf-8")
    refused = standin.cli("up", "stack.yaml", "-e", "prod", "--yes", code=None)
    assert refused.returncode != 0
    assert "protect" in refused.stderr


def test_a_bucket_goes_only_with_its_word(standin: StandIn) -> None:
    """Taken out of the spec it stays, and is taken up again; another name would replace it, and is refused."""
    cli, spec = standin.cli, standin.cli.folder / "stack.yaml"
    where = ("stack.yaml", "-e", "prod")
    one = "  documents: {capability: object_store, needs: [versioning, tls]}\n"
    two = "  reports: {capability: object_store}\n"
    text = EXAMPLES["object_store-aws_s3"].read_text(encoding="utf-8")

    def up(components: str, *words: str, code: int = 0) -> str:
        spec.write_text(text.replace(one, components), encoding="utf-8")
        _deletable(spec)
        return _said(cli("up", *where, *words, "--yes", code=code))

    def buckets() -> set[str]:
        return {key for key in standin.cloud() if "aws:s3/bucket:Bucket::" in key and "log" not in key}

    up(one + two)
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
    assert len(buckets()) == 1


def test_state_and_logs_hold_no_secret(standin: StandIn) -> None:
    spec = standin.cli.folder / "stack.yaml"
    shutil.copy(EXAMPLES["service-aws_fargate"], spec)
    said = standin.cli("up", "stack.yaml", "-e", "prod", "--yes")
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
    assert not any(secret in said.stdout + said.stderr for secret in secrets)
