"""The command line as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import Cli

pytestmark = pytest.mark.unit
HEAVY = ("pydantic", "yaml", "jinja2", "rich", "pulumi", "grpc", "openai", "boto3", "mlflow", "psycopg")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["up", "--help"]])
def test_help_and_version_load_next_to_nothing(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom stackgen.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_a_command_it_shows_help(cli: Cli) -> None:
    assert "examples:" in cli().stdout


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(cli: Cli) -> None:
    done = cli("chekc", code=2)
    assert "did you mean 'check'?" in done.stderr
    assert done.stdout == ""


def test_from_a_blueprint_to_a_program(cli: Cli) -> None:
    cli("new", "claims")
    cli("check", "claims")
    assert "local/postgresql" in cli("plan", "claims", "-e", "dev").stdout
    assert "created" in cli("generate", "claims", "-e", "dev", "--check", code=7).stdout
    assert not (cli.folder / "stacks" / "claims" / "dev").exists()
    cli("generate", "claims", "-e", "dev")
    assert "up to date" in cli("generate", "claims", "-e", "dev", "--check").stdout
    assert "nothing would change" not in cli("generate", "claims", "-e", "dev").stdout
    assert cli("new", "claims", code=2).stderr.startswith("error[exists]")


def test_every_result_has_the_same_envelope(cli: Cli) -> None:
    cli("new", "claims")
    for arguments in (
        ["check", "claims"],
        ["plan", "claims", "-e", "dev"],
        ["generate", "claims", "-e", "dev"],
        ["catalog", "list"],
        ["schema"],
    ):
        content = json.loads(cli(*arguments, "--json").stdout)
        assert list(content) == ["version", "command", "stack", "environment", "result", "warnings", "errors"]
        assert content["command"] == arguments[0]


def test_errors_are_in_the_envelope_too(cli: Cli) -> None:
    content = json.loads(cli("check", "nothing", "--json", code=6).stdout)
    assert content["errors"][0]["code"] == "stack-not-found"


def test_bad_input_writes_nothing(cli: Cli) -> None:
    spec = cli.folder / "stack.yaml"
    spec.write_text(
        "apiVersion: stackgen/v1\nname: x1\n"
        "components: {a1: {capability: nope}}\nenvironments: {dev: {provider: local}}\n"
    )
    done = cli("generate", "stack.yaml", code=2)
    assert "stack.yaml:3:31" in done.stderr
    assert [path.name for path in cli.folder.iterdir()] == ["stack.yaml"]


def test_which_environment_must_be_said_where_there_are_several(cli: Cli) -> None:
    cli("new", "claims")
    said = cli("plan", "claims", code=2).stderr
    assert "say which one with -e" in said
    assert "dev, preprod, prod, prod-gcp, prod-mixed" in said


def test_models_and_who_offers_them(cli: Cli) -> None:
    said = cli("catalog", "models", "--capability", "chat_model").stdout
    assert "aws/bedrock (openai.gpt-oss-20b-1:0)" in said
    assert "titan" not in said


def test_nobody_is_asked_without_a_terminal(cli: Cli) -> None:
    cli("new", "claims")
    assert "add --yes" in cli("up", "claims", "-e", "dev", code=2).stderr


def test_what_was_never_deployed_is_not_found(cli: Cli) -> None:
    cli("new", "claims")
    assert "next: stackgen up claims -e dev" in cli("verify", "claims", "-e", "dev", code=6).stderr


def test_a_mistyped_component_or_clause_is_an_error_before_anything_is_measured(cli: Cli) -> None:
    cli("new", "claims")
    said = cli(
        "verify", "claims", "-e", "dev", "--component", "knowlege", "--component", "chat", code=6
    ).stderr
    assert "error[unknown-component]: 'claims' has no component 'knowlege' in environment 'dev'" in said
    assert "did you mean 'knowledge'?" in said
    said = cli("verify", "claims", "-e", "dev", "--clause", "cosine-serach", code=6).stderr
    assert "error[unknown-clause]: 'cosine-serach' is no clause of any component of 'claims'" in said
    assert "did you mean 'cosine-search'?" in said
    asked = ("--component", "documents", "--clause", "cosine-search")
    said = cli("verify", "claims", "-e", "dev", *asked, code=6).stderr
    assert "error[unknown-clause]: 'cosine-search' is no clause of documents" in said


def test_a_mistyped_capability_or_provider_is_an_error_and_no_empty_list(cli: Cli) -> None:
    for command in (["list"], ["models"], ["list", "--needs"]):
        said = cli("catalog", *command, "--capability", "chat_modle", code=6).stderr
        assert "error[unknown-capability]: there is no capability 'chat_modle'" in said
        assert "did you mean 'chat_model'?" in said
    said = cli("catalog", "list", "--provider", "kubernets", code=6).stderr
    assert "error[unknown-provider]: there is no provider 'kubernets'" in said
    assert "did you mean 'kubernetes'?" in said


def test_a_check_of_no_record_is_no_check(cli: Cli) -> None:
    said = cli("board", "--check", "--records", "bord", code=6).stderr
    assert "error[board-not-found]: there is no folder bord, so no record was checked" in said
    (cli.folder / "board").mkdir()
    assert "error[no-records]" in cli("board", "--check", code=10).stderr


def test_showing_an_implementation(cli: Cli) -> None:
    text = cli("catalog", "show", "vector_store/local/postgresql").stdout
    assert "keeps      pgvector: cosine-search" in text
    assert "setting    shared_buffers" in text
    assert "did you mean" in cli("catalog", "show", "vector_store/local/postgres", code=6).stderr


def test_completion_is_a_script(cli: Cli) -> None:
    assert "stackgen" in cli("completion", "bash").stdout
