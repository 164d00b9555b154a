"""The board says what signed records say, and nothing else; a changed record is found."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program import modules
from stackgen.program.modules import own_packages
from stackgen.spec.loading import load_spec
from stackgen.verification.board import Cell, make_board
from stackgen.verification.board_pages import board_html, board_markdown
from stackgen.verification.model import Declared
from stackgen.verification.records import check_records, implementation_digest, read_records, write_records
from stackgen.verification.run import measure_clauses
from tests.conftest import ROOT, Cli
from tests.verification.test_verification import careless

__all__ = ["careless"]
pytestmark = pytest.mark.unit
SPEC = """\
apiVersion: stackgen/v1
name: predictions
components:
  registry: {capability: model_registry}
  fraud: {capability: predictor, model: models:/fraud@champion, registry: registry}
environments:
  dev: {provider: local}
"""


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("STACKGEN_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "stack.yaml").write_text(SPEC)
    return plan_environment(load_spec(tmp_path / "stack.yaml"), "dev", Shelf())


def measured(planned: Plan, url: str, folder: Path) -> list[Path]:
    declared = {item.name: Declared(item.kept, item.not_kept) for item in planned.components}
    report = measure_clauses({"fraud": {"open-inference": {"url": url, "model": "fraud"}}}, declared)
    return write_records(report, planned, folder)


def cell(folder: Path, clause: str, implementation: str = "predictor: local/mlserver") -> Cell:
    found = make_board(Shelf(), (content for _, content in read_records(folder)))
    (table,) = [table for table in found.tables if table.contract == "open-inference/2"]
    return table.cells[implementation][clause]


def test_cells_are_what_a_run_measured(planned: Plan, careless: str, tmp_path: Path) -> None:
    (path,) = measured(planned, careless, tmp_path / "board")
    assert path.parent == tmp_path / "board" / "records" / "predictor" / "local-mlserver"
    infer = cell(tmp_path / "board", "infer")
    assert (infer.word, infer.detail, infer.stale) == ("measured", "y = [1]", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", infer.date or "")
    broken = cell(tmp_path / "board", "wrong-shape-is-error")
    assert (broken.word, broken.detail) == ("broken", "a row of the wrong length is answered with 200")
    assert cell(tmp_path / "board", "tls").word == "not kept"
    other = cell(tmp_path / "board", "infer", "predictor: aws/mlserver")
    assert (other.word, other.date) == ("declared only", None)


def test_of_two_components_with_one_implementation_the_worse_is_recorded(
    careless: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever order they were measured."""
    monkeypatch.setenv("STACKGEN_CONFIG_HOME", str(tmp_path / "config"))
    second = (
        "  again: {capability: predictor, model: models:/fraud@champion, registry: registry}\nenvironments:"
    )
    (tmp_path / "stack.yaml").write_text(SPEC.replace("environments:", second))
    plan = plan_environment(load_spec(tmp_path / "stack.yaml"), "dev", Shelf())
    declared = {item.name: Declared(item.kept, item.not_kept) for item in plan.components}
    bindings = {name: {"open-inference": {"url": careless, "model": "fraud"}} for name in ("fraud", "again")}
    report = measure_clauses(bindings, declared)
    for better in ("fraud", "again"):
        results = [
            replace(result, status="kept")
            if (result.component, result.clause) == (better, "wrong-shape-is-error")
            else result
            for result in report.results
        ]
        (path,) = write_records(replace(report, results=tuple(results)), plan, tmp_path / better)
        statuses = {item["name"]: item["status"] for item in json.loads(path.read_text())["clauses"]}
        assert statuses["wrong-shape-is-error"] == "broken"


def test_a_box_that_does_not_answer_is_no_record(planned: Plan, tmp_path: Path) -> None:
    assert measured(planned, "http://127.0.0.1:1", tmp_path / "board") == []
    assert cell(tmp_path / "board", "infer").word == "declared only"


def test_a_component_that_has_changed_since_is_marked(planned: Plan, careless: str, tmp_path: Path) -> None:
    (path,) = measured(planned, careless, tmp_path / "board")
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "digest": "0" * 64}))
    assert cell(tmp_path / "board", "infer").stale
    found = make_board(Shelf(), (content for _, content in read_records(tmp_path / "board")))
    assert "measured † (" in board_markdown(found)


def test_another_image_or_another_lock_of_its_server_makes_a_record_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An image is a value of `Settings`, and the lock of MLflow stands in a package that its components share."""
    shelf = Shelf()
    served = shelf.implementations["chat_model"]["kubernetes/vllm"]
    before = implementation_digest(served)
    fields = served.implementation.settings.model_fields
    monkeypatch.setattr(fields["image"], "default", "docker.io/vllm/vllm-openai:v9.9.9")
    assert implementation_digest(served) != before
    registry = shelf.implementations["model_registry"]["local/mlflow"]
    assert {"mlflow_server/locks/mlflow.txt", "mlflow_server/__init__.py"} <= own_packages(registry).keys()
    assert not [path for path in own_packages(registry) if path.startswith("local_provider/")]
    before, real = implementation_digest(registry), modules.read_module_files
    monkeypatch.setattr(
        modules,
        "read_module_files",
        lambda root: [(path, data + b"#" * path.endswith("mlflow.txt")) for path, data in real(root)],
    )
    assert implementation_digest(registry) != before


@pytest.mark.parametrize(
    "change",
    ["status", "date", "unsigned", "stranger", "broken", "twice", "copied", "no-signers", "empty-signers"],
)
def test_a_record_that_was_tampered_with_is_found(
    change: str, planned: Plan, careless: str, tmp_path: Path, cli: Cli
) -> None:
    (path,) = measured(planned, careless, tmp_path / "board")
    assert check_records(tmp_path / "board") == {}
    content: dict[str, Any] = json.loads(path.read_text())
    if change == "status":
        next(item for item in content["clauses"] if item["status"] == "broken")["status"] = "kept"
    elif change == "date":
        content["date"] = "2031-01-01T00:00:00+00:00"
    elif change == "unsigned":
        del content["signature"]
    elif change == "empty-signers":
        (tmp_path / "board" / "signers.txt").write_text("")
    elif change == "no-signers":
        (tmp_path / "board" / "signers.txt").unlink()
    elif change == "stranger":
        (tmp_path / "board" / "signers.txt").write_text("# nobody\n")
    text = "{" if change == "broken" else json.dumps(content)
    if change == "twice":  # the last counts for Python, the first for others
        text = text.replace("{", '{"clauses": [], ', 1)
    if change == "copied":
        path = path.rename(path.with_name(f"openmetrics-{path.name[-15:]}"))
    path.write_text(text)
    assert list(check_records(tmp_path / "board")) == [path]
    assert "record-not-genuine" in cli("board", "--check", code=10).stderr
    assert "record-not-genuine" in cli("board", code=10).stderr


class Page(HTMLParser):
    """What a reader without style or script gets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_escapes(planned: Plan, careless: str, tmp_path: Path) -> None:
    (path,) = measured(planned, careless, tmp_path / "board")
    content = json.loads(path.read_text())
    content["clauses"][0]["evidence"] = "<script>alert(1)</script>"
    path.write_text(json.dumps(content))
    text = board_html(make_board(Shelf(), (item for _, item in read_records(tmp_path / "board"))))
    page = Page(text)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert not re.search(r"url\(|@import", text)
    assert ("html", {"lang": "en"}) in page.tags
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.tags if tag == "th")
    assert "prefers-color-scheme: dark" in text
    assert ">supported" not in text.lower()


def test_the_matrix_puts_those_that_keep_what_is_needed_first(cli: Cli) -> None:
    needs = ("catalog", "list", "--capability", "object_store", "--needs")
    rows = json.loads(cli(*needs, "versioning,conditional-put", "--json").stdout)["result"]
    assert rows[0]["implementation"] == "aws/s3"
    assert rows[0]["clauses"] == {"versioning": "declared only", "conditional-put": "declared only"}
    assert rows[-1]["implementation"] == "gcp/cloud-storage"
    assert set(rows[-1]["clauses"].values()) == {"not kept"}
    assert "did you mean 'versioning'" in cli(*needs, "versionin", code=2).stderr


def test_committed_records_are_genuine_and_agree_with_what_is_declared() -> None:
    folder = ROOT / "board"
    assert check_records(folder) == {}
    found = make_board(Shelf(), (content for _, content in read_records(folder)))
    assert found.counts()["measured"] >= 80
    assert "broken" not in found.counts()
    assert "undeclared" not in found.counts()
