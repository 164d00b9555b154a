"""Databases of the clouds: which version of PostgreSQL they begin with, and who applications connect as."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

import pytest

from tests.clouds.programs import EXAMPLES, recorded
from tests.clouds.recording import Resource

pytestmark = pytest.mark.unit
FIXED = (17, 11)  # the fixes of 2026-08-13, https://www.postgresql.org/support/security/
DATABASES = {
    "aws:rds/cluster:Cluster": "aurora-postgresql",
    "aws:rds/instance:Instance": "postgres",
    "gcp:alloydb/cluster:Cluster": "alloydb",
    "gcp:sql/databaseInstance:DatabaseInstance": "cloud-sql",
}
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
