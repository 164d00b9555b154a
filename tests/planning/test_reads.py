"""Who only reads a model registry gets credentials that change nothing, in every way connected as who writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.disk.explanation import explain_changes
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.build import build_program
from stackgen.program.lock import LOCK
from stackgen.spec.loading import parse_spec
from stackgen.swap.report.consequences import binding_statements

pytestmark = pytest.mark.unit
SPEC = """\
apiVersion: stackgen/v1
name: reading
components:
  app: {capability: service, source: ., command: [sh], uses: [store], reads: [registry]}
  viewer: {capability: job, source: ., command: [sh], reads: [registry]}
  training: {capability: job, source: ., command: [sh], uses: [registry]}
  triage: {capability: predictor, model: 'models:/triage@champion', registry: registry, depends_on: [training]}
  registry: {capability: model_registry}
  store: {capability: object_store}
  watch: {capability: monitoring, watches: all}
environments:
  local: {provider: local}
  kubernetes: {provider: kubernetes, settings: {context: c, registry: registry.example.com/ai}}
  aws: {provider: aws, settings: {account: "111122223333", region: eu-central-1}}
  gcp: {provider: gcp, settings: {project: example-project, region: europe-west3}}
"""
ENVIRONMENTS = ["local", "kubernetes", "aws", "gcp"]


def planned(folder: Path, environment: str, components: str = "{}") -> Plan:
    (folder / "requirements.txt").touch()
    spec = SPEC.replace("provider: ", f"components: {components}, provider: ")
    return plan_environment(parse_spec(spec.encode(), folder / "stack.yaml"), environment, Shelf())


def main(found: Plan) -> str:
    return build_program(found, found.spec_path.parent / "program").files["__main__.py"].decode()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_readers_get_credentials_of_the_reader(tmp_path: Path, environment: str) -> None:
    source = main(planned(tmp_path, environment))
    assert 'uses={"store": store.bindings, "registry": registry.readers}' in source
    assert 'uses={"registry": registry.readers}' in source
    assert 'uses={"registry": registry.bindings}' in source
    assert "registry=registry.readers" in source
    assert "reads=" not in source
    assert source.count("registry.bindings") == 3  # for `training`, for what watches it, and exported


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_readers_are_connected_as_those_who_use_it(tmp_path: Path, environment: str) -> None:
    found = planned(tmp_path, environment)
    names = [item.name for item in found.components]
    assert {"app", "viewer", "training", "triage"} <= {item.name for item in found.callers("registry")}
    assert all(names.index("registry") < names.index(reader) for reader in ("app", "viewer", "triage"))
    assert "registry" in found.by_name["viewer"].waits_for
    assert "registry" in found.by_name["viewer"].mentions


def test_after_a_swap_readers_get_those_of_the_box_that_serves(tmp_path: Path) -> None:
    beside = "{registry: {implementation: local/mlflow-postgresql, box: 2, beside: {implementation: local/mlflow}}}"
    source = main(planned(tmp_path, "local", beside))
    assert 'uses={"store": store.bindings, "registry": registry_2.readers}' in source
    assert "registry=registry_2.readers" in source
    assert "registry.readers" not in source


def test_where_there_are_no_readers_they_get_what_there_is(tmp_path: Path) -> None:
    source = main(planned(tmp_path, "aws", "{registry: {implementation: aws/sagemaker-mlflow}}"))
    assert 'uses={"store": store.bindings, "registry": registry.bindings}' in source
    assert "registry=registry.bindings" in source
    assert ".readers" not in source


def test_a_swap_says_who_loses_or_gains_credentials_that_change_nothing(tmp_path: Path) -> None:
    own = planned(tmp_path, "aws")
    managed = planned(tmp_path, "aws", "{registry: {implementation: aws/sagemaker-mlflow}}")
    before, after = own.by_name["registry"], managed.by_name["registry"]
    (lost,) = [item for item in binding_statements(before, after, own) if "change nothing" in item.says]
    (gained,) = [item for item in binding_statements(after, before, managed) if "change nothing" in item.says]
    assert (lost.change, gained.change) == ("lost", "gained")
    assert lost.says.endswith("can write too")
    for reader in ("app", "viewer", "triage"):
        assert reader in lost.says
        assert reader in gained.says
    assert "training" not in lost.says + gained.says


def test_a_program_from_before_differs_in_nothing_that_is_not_named(tmp_path: Path) -> None:
    found = planned(tmp_path, "local")
    files = build_program(found, tmp_path / "program").files
    former = json.loads(files[LOCK])
    del former["components"]["training"]["options"]["reads"]
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / LOCK).write_text(json.dumps(former))
    assert explain_changes(found, tmp_path / "program") == ()
