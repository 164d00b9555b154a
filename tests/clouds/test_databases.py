"""Databases of the clouds: which version of PostgreSQL they begin with, and who applications connect as."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from tests.clouds.programs import EXAMPLES, generated, recorded
from tests.clouds.recording import Recording, Resource, run_program

pytestmark = pytest.mark.programs
FIXED = (17, 11)  # the fixes of 2026-08-13, https://www.postgresql.org/support/security/
DATABASES = {
    "aws:rds/cluster:Cluster": "aurora-postgresql",
    "aws:rds/instance:Instance": "postgres",
    "gcp:alloydb/cluster:Cluster": "alloydb",
    "gcp:sql/databaseInstance:DatabaseInstance": "cloud-sql",
}
MADE_BY = ("aws:lambda/invocation:Invocation", "gcp:cloudrunv2/job:Job")
"""What is there once the application's role is."""
SERVICES = ("aws:ecs/service:Service", "gcp:cloudrunv2/service:Service")
STACK = """
apiVersion: stackgen/v1
name: notes
components:
  knowledge: {{capability: vector_store, implementation: {store}}}
  registry: {{capability: model_registry}}
  app: {{capability: service, source: ., command: [run], uses: [knowledge, registry]}}
environments:
  prod: {{provider: {provider}, settings: {{{account}}}}}
"""
ACCOUNTS = {"aws": 'account: "111122223333"', "gcp": "project: example-project"}
WITH_DATABASE = [
    *(name for name in EXAMPLES if name.startswith("vector_store-")),
    "model_registry-aws_mlflow",
    "model_registry-gcp_mlflow",
]


def _database(name: str) -> Resource:
    (found,) = [one for one in recorded(name).resources if one.type in DATABASES]
    return found


@cache
def _offered() -> dict[str, list[str]]:
    """Engine → versions that AWS offers, as cfn-lint has recorded them."""
    folder = files("cfnlint") / "data" / "schemas" / "extensions" / "aws_rds_dbinstance"
    rules = json.loads((folder / "engine_version.json").read_text(encoding="utf-8"))["allOf"]
    return {
        rule["if"]["properties"]["Engine"]["const"]: rule["then"]["properties"]["EngineVersion"]["enum"]
        for rule in rules
        if "const" in rule["if"]["properties"]["Engine"]
    }


@pytest.mark.parametrize("name", WITH_DATABASE)
def test_a_database_begins_with_a_stated_version_that_has_the_fixes(name: str) -> None:
    database = _database(name)
    if database.type.startswith("gcp:"):  # Google takes no minor version, and installs it by itself
        version = re.fullmatch(r"POSTGRES_(\d+)", str(database.inputs["databaseVersion"]))
        assert version and int(version[1]) >= FIXED[0]
        return
    version = str(database.inputs["engineVersion"])
    assert tuple(map(int, version.split("."))) >= FIXED
    assert version in _offered()[DATABASES[database.type]]


@pytest.mark.parametrize("name", WITH_DATABASE)
def test_new_minor_versions_are_installed_on_sundays_by_the_cloud(name: str) -> None:
    """Also stated: the edition of Cloud SQL, which from PostgreSQL 16 on would be one without these machines."""
    database = _database(name)
    found = json.dumps(database.inputs, sort_keys=True)
    if database.type == "gcp:sql/databaseInstance:DatabaseInstance":
        assert '"edition": "ENTERPRISE"' in found
        assert '"maintenanceWindow": {"day": 7, "hour": 3, "updateTrack": "stable"}' in found
        return
    assert re.search("sunday|sun:0[0-9]:", found, re.IGNORECASE)
    if database.type.startswith("aws:"):
        raised = [one for one in recorded(name).resources if "autoMinorVersionUpgrade" in one.inputs]
        assert raised
        assert all(one.inputs["autoMinorVersionUpgrade"] is True for one in raised)


@pytest.mark.parametrize("name", [name for name in WITH_DATABASE if "aws" in name])
def test_a_version_that_aws_raises_is_left_as_it_is(name: str) -> None:
    """AWS refuses an older engine than the one that runs. A cluster's servers take the version that the cluster has."""
    assert "engineVersion" in _database(name).ignores
    versioned = [one for one in recorded(name).resources if "engineVersion" in one.inputs]
    stated = [one.name for one in versioned if not one.property_dependencies.get("engineVersion")]
    assert stated == [_database(name).name]


def _administrators(found: Recording) -> dict[str, str]:
    """Resource that gives a server its administrator → the password."""
    passwords = {
        "aws:rds/cluster:Cluster": lambda one: one["masterPassword"],
        "aws:rds/instance:Instance": lambda one: one["password"],
        "gcp:sql/user:User": lambda one: one["password"],
        "gcp:alloydb/cluster:Cluster": lambda one: one["initialUser"]["password"],
    }
    return {one.urn: passwords[one.type](one.inputs) for one in found.resources if one.type in passwords}


@pytest.mark.parametrize(
    "store", ["aws/aurora-postgresql", "aws/rds-postgresql", "gcp/alloydb", "gcp/cloud-sql"]
)
def test_applications_connect_as_a_role_that_is_there_before_them(store: str, tmp_path: Path) -> None:
    """Neither they nor MLflow have the administrator's password, which only the task that makes the role has."""
    provider = store.partition("/")[0]
    text = STACK.format(store=store, provider=provider, account=ACCOUNTS[provider])
    found = run_program(generated(text, tmp_path), stack="prod")
    binding = found.outputs["bindings"]["knowledge"]["pgvector"]  # type: ignore[index, call-overload]
    assert (binding["username"], binding["database"]) == ("application", "knowledge")  # type: ignore[index, call-overload]
    administrators = _administrators(found)
    assert len(administrators) == 2
    assert binding["password"] not in administrators.values()  # type: ignore[index, call-overload]

    holders = {
        one.name
        for one in found.resources
        for password in administrators.values()
        if password in json.dumps(one.inputs) and one.urn not in administrators
    }
    assert holders
    assert {re.split("-roles-", name)[0] for name in holders} == {"knowledge", "registry-database"}, holders
    assert "postgresql://application:" in json.dumps([one.inputs for one in found.resources])
    assert "postgresql://stackgen:" not in json.dumps([one.inputs for one in found.resources])

    made = {one.name.partition("-roles-")[0]: one.urn for one in found.resources if one.type in MADE_BY}
    assert set(made) == {"knowledge", "registry-database"}
    for service, database in (("app-service", "knowledge"), ("registry-service", "registry-database")):
        (waiting,) = [one for one in found.resources if one.name == service and one.type in SERVICES]
        assert made[database] in _before(found, waiting.urn), f"{service} starts before its role is there"
    for urn in made.values():
        assert administrators.keys() & _before(found, urn), "the server is there before the task"


def _before(found: Recording, urn: str) -> set[str]:
    """All that must be there before a resource is."""
    known = {one.urn: one.dependencies for one in found.resources}
    reached: set[str] = set()
    ahead = [urn]
    while ahead:
        for one in known.get(ahead.pop(), []):
            if one not in reached:
                reached.add(one)
                ahead.append(one)
    return reached


@pytest.mark.parametrize("name", ["vector_store-gcp_alloydb", "vector_store-gcp_cloud_sql"])
def test_google_runs_the_job_when_it_is_made(name: str) -> None:
    (job,) = [one for one in recorded(name).resources if one.type == "gcp:cloudrunv2/job:Job"]
    token = str(job.inputs["runExecutionToken"])
    assert re.fullmatch("[0-9a-f]{8}", token)
    assert len(str(job.inputs["name"])) + len(token) < 63
    assert "startExecutionToken" not in job.inputs


@pytest.mark.parametrize("name", ["vector_store-aws_aurora_postgresql", "vector_store-aws_rds_postgresql"])
def test_aws_runs_the_task_again_for_another_script_or_password(name: str) -> None:
    run = recorded(name).named("knowledge-roles-run", "aws:lambda/invocation:Invocation")
    event = json.loads(str(run.inputs["input"]))
    triggers: dict[str, str] = run.inputs["triggers"]  # type: ignore[assignment]
    assert triggers["definition"] == event["definition"]
    version = recorded(name).named("knowledge-roles-secret", "aws:secretsmanager/secretVersion:SecretVersion")
    assert version.urn in run.property_dependencies["triggers"]
    task = recorded(name).named("knowledge-roles-task", "aws:ecs/taskDefinition:TaskDefinition")
    assert "create extension if not exists" in str(task.inputs["containerDefinitions"])
    assert any("knowledge-0" in one or "knowledge-instance" in one for one in run.dependencies)
