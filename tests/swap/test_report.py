"""What a swap would change is said before it is made, for every rung of the example's ladder, with sources."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.descriptors.properties import SCALES, is_weaker
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import load_spec
from stackgen.swap.report.compare import compare_environments
from stackgen.swap.report.formats import impact_markdown
from stackgen.swap.report.model import Impact, Statement
from tests.conftest import ROOT, Cli

pytestmark = pytest.mark.unit
SPEC = ROOT / "blueprints" / "rag-assistant" / "stack.yaml"
SOURCE = ROOT / "src" / "stackgen"
GOLDEN = Path(__file__).parent / "golden"
LADDER = list(pairwise(("dev", "preprod", "prod", "prod-gcp")))
NAMED = {
    "backup",
    "network exposure",
    "TLS",
    "encryption at rest",
    "embedding identity",
    "model identity",
    "data",
    "downtime",
    "bindings",
    "resources",
    "clause",
}


def between(before: str, after: str) -> Impact:
    loaded, shelf = load_spec(SPEC), Shelf()
    return compare_environments(
        plan_environment(loaded, before, shelf), plan_environment(loaded, after, shelf), loaded
    )


@pytest.mark.parametrize(("before", "after"), LADDER)
def test_every_step_names_what_matters_and_cites_it(
    before: str, after: str, golden: Callable[[Path, str], None]
) -> None:
    impact = between(before, after)
    assert set(impact.counts()) >= NAMED
    for item in impact.statements:
        for cited in item.source.split(", "):
            name, _, line = cited.partition(":")
            file = SPEC if name == SPEC.name else SOURCE / name
            assert file.is_file(), cited
            assert not line or int(line) <= len(file.read_text(encoding="utf-8").splitlines()), cited
    # line numbers move with every edit of the files that are cited
    text = re.sub(r"(\.(?:py|yaml)):\d+", r"\1", impact_markdown(impact, "rag-assistant"))
    golden(GOLDEN / f"{before}-{after}.md", text)


def test_a_statement_cites_the_line_that_says_it() -> None:
    impact = between("dev", "prod-gcp")
    for component, topic, word in (
        ("documents", "clause", '"versioning"'),
        ("documents", "backup", "backup="),
        ("knowledge", "TLS", "tls="),
        ("chat", "model identity", "gemini-3.5-flash:"),
    ):
        (cited, *_) = [
            item.source
            for item in impact.statements
            if (item.component, item.topic) == (component, topic)
            and (topic != "clause" or word[1:-1] in item.says)
        ]
        name, _, line = cited.partition(":")
        assert word in (SOURCE / name).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_a_scale_has_a_weak_end() -> None:
    assert is_weaker("backup", "point-in-time", "versions")
    assert not is_weaker("backup", "none", "versions")
    assert not is_weaker("tls", "not-applicable", "none")
    assert all(not is_weaker(name, scale[0], scale[-1]) for name, scale in SCALES.items())


def test_a_lost_need_is_reported_and_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(
        "apiVersion: stackgen/v1\nname: files\ncomponents:\n"
        "  documents: {capability: object_store, needs: [versioning, list]}\n"
        "environments:\n  prod: {provider: aws}\n"
    )
    before = (tmp_path / "stack.yaml").read_bytes()
    done = cli("swap", "stack.yaml", "documents", "--to", "gcp", "--json", code=11)
    result = json.loads(done.stdout)["result"]
    (lost,) = result["needs_lost"]
    assert lost.startswith("s3 versioning: old versions are kept and read by generation numbers")
    (statement,) = [item for item in result["statements"] if item["needed"] and item["change"] == "lost"]
    assert re.search(r"gcp_cloud_storage/implementation\.py:\d+, stack\.yaml:4$", statement["source"])
    assert (tmp_path / "stack.yaml").read_bytes() == before
    cli("swap", "stack.yaml", "documents", "--to", "gcp", "--markdown", "impact.md", code=11)
    assert "**Refused**: the application needs what would be lost: s3 versioning" in (
        tmp_path / "impact.md"
    ).read_text(encoding="utf-8")


def test_what_a_spec_says_is_no_markup() -> None:
    """The report may stand under a pull request of a stranger's."""
    evil = "<img src=https://evil/a.png> [click](https://evil/) `a` | b"
    found = Impact(evil, evil, (Statement("chat", "model identity", "lost", evil, evil, needed=True),))
    said = impact_markdown(found, evil)
    assert "<img" not in said
    assert "[click](" not in said.replace("\\[click\\](", "")


def test_compare_is_a_command(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(
        "apiVersion: stackgen/v1\nname: files\ncomponents:\n"
        "  documents: {capability: object_store}\n"
        "environments:\n  dev: {provider: local}\n  prod: {provider: aws}\n"
    )
    result = json.loads(cli("compare", "stack.yaml", "dev", "prod", "--json").stdout)["result"]
    assert result["counts"]["TLS"] == {"stronger": 1}
    assert result["counts"]["network exposure"] == {"weaker": 1}
    assert "dev, prod" in cli("compare", "stack.yaml", "dev", "production", code=6).stderr


NEEDY = """\
apiVersion: stackgen/v1
name: files
components:
  documents: {capability: object_store, needs: [versioning], settings: {port: 9100}}
  chat: {capability: chat_model, model: llama-3.1-8b-instruct}
environments:
  dev: {provider: local}
"""


def test_why_not_names_every_obstacle_and_the_way_round(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(NEEDY)
    result = json.loads(cli("why-not", "stack.yaml", "documents", "gcp", "--json", code=11).stdout)["result"]
    (obstacle,) = result["obstacles"]
    assert obstacle["code"] == "need-not-kept"
    assert "aws/s3" in obstacle["allowed"]
    assert {item["topic"] for item in result["weaker"]} >= {"clause", "network exposure", "data"}
    text = cli("why-not", "stack.yaml", "documents", "gcp", code=11).stdout
    assert "1 in the way" in text
    assert "stack.yaml:4" in text


def test_why_not_says_what_a_provider_does_not_offer(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(NEEDY)
    done = cli("why-not", "stack.yaml", "chat", "aws/bedrock", code=11)
    assert "aws/bedrock does not serve 'llama-3.1-8b-instruct' in eu-central-1" in done.stdout
    assert "chat_model/aws_bedrock/implementation.py" in done.stdout
    assert "nothing stands in the way" in cli("why-not", "stack.yaml", "documents", "aws").stdout
