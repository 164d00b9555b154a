"""What ties a registry's things together is told by first identifiers, and adds nothing where there is none."""

from __future__ import annotations

import json
from math import isnan
from types import SimpleNamespace
from typing import Any

import pytest

from stackgen.contracts.mlflow import links
from stackgen.contracts.mlflow.registry import merge_lists
from stackgen.contracts.mlflow.server import ORIGIN, surplus
from stackgen.contracts.mlflow.ties import zero

pytestmark = pytest.mark.unit


def version(stage: str | None, link: str | None) -> Any:
    return SimpleNamespace(current_stage=stage, run_link=link)


def point(value: float, run: str = "here", step: int = 0) -> Any:
    return SimpleNamespace(
        key="auc", value=value, timestamp=7, step=step, run_id=run, dataset_name=None, dataset_digest="d"
    )


@pytest.mark.parametrize("stage", ["None", "", None])
def test_a_version_of_no_stage_and_no_link_is_told_as_before(stage: str | None) -> None:
    assert links.version_extras(version(stage, "")) == []
    assert links.version_extras(version(stage, None)) == []


def test_a_stage_and_a_link_are_told() -> None:
    found = links.version_extras(version("Production", "https://ci/1"))
    assert found == [{"stage": "Production", "run-link": "https://ci/1"}]


def test_notes_are_told_and_what_a_server_says_of_its_traces_is_not() -> None:
    tags = {"mlflow.note.content": "n", "mlflow.latestOnlineScoring.trace.checkpoint": "{}", "owner": "ann"}
    told = links.experiment_tags(SimpleNamespace(tags=tags))
    assert told == {"mlflow.note.content": "n", "owner": "ann"}


def test_points_are_told_by_first_identifiers_and_without_those_of_deleted_runs() -> None:
    model = SimpleNamespace(metrics=[point(0.5), point(1.0, "deleted")])
    assert links.points(model, {"here": "first"}) == [("first", "auc", "0.5", 7, 0, "", "d")]
    assert links.points(SimpleNamespace(metrics=None), {}) == []


def test_made_and_read_are_told_by_first_identifiers() -> None:
    item = SimpleNamespace(model_id="here", step=3)
    gone = SimpleNamespace(model_id="deleted", step=3)
    run = SimpleNamespace(
        info=SimpleNamespace(run_id="r"),
        outputs=SimpleNamespace(model_outputs=[item, gone]),
        inputs=SimpleNamespace(model_inputs=[gone, item], dataset_inputs=[]),
    )
    client = SimpleNamespace(get_run=lambda _: run)
    assert links.outputs(run, {"here": "first"}) == {"first": 3}
    assert links.inputs(client, run, {"here": "first"}) == ["first"]
    assert links.datasets(run) == []
    assert links.drop_empty({"made": {}, "datasets": [], "read": []}) == []


def test_where_there_are_no_logged_models_nothing_is_asked() -> None:
    assert links.inputs(None, None, {}) == []


def test_a_zero_of_a_logged_model_is_what_its_run_has_there() -> None:
    assert isnan(zero([point(float("nan"))], 7, 0))
    assert zero([point(float("nan")), point(0.0)], 7, 0) == 0
    assert zero([point(float("nan"), step=1)], 7, 0) == 0


def test_notes_of_versions_are_merged_and_the_source_is_kept_to_the_letter() -> None:
    source = '[{"name":"m","version":1}]'
    assert merge_lists(source, None) == merge_lists(source, source) == source
    assert merge_lists(None, None) is None
    both = merge_lists(source, json.dumps([{"name": "m", "version": 5}]))
    assert json.loads(both or "") == [{"name": "m", "version": 1}, {"name": "m", "version": 5}]


def test_tags_that_the_source_no_longer_has_go_unless_users_of_the_target_have_written_there() -> None:
    present = {"kept": "1", "passing": "1", ORIGIN: "first"}
    assert surplus(set(), "run a", present, {"kept": "2"}) == ["passing"]
    assert surplus({"run a"}, "run a", present, {"kept": "2"}) == []
