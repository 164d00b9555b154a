"""What the engine says of protected resources never sends a person to the state."""

from __future__ import annotations

import pytest

from stackgen.engine import states
from stackgen.engine.failures import engine_error
from stackgen.errors import ExitCode

pytestmark = pytest.mark.unit
URN = "urn:pulumi:dev::case::stackgen:vector_store:LocalPostgresql$pulumi-python:dynamic/local:DataDirectory::one-data"
# Verbatim of pkg/resource/deploy/step.go and step_generator.go, v3.212.0
FLAG = "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
STATE = f'{FLAG}, or use the command:\n`pulumi state unprotect "{URN}"`'
DELETE = (
    f"resource {URN} cannot be deleted\nbecause it is protected. To unprotect the resource, "
    f"either {STATE}".replace('"', "'")
)
MARKED = "as it is currently marked for protection. To unprotect the resource, "
REPLACE = f'unable to replace resource "{URN}"\n{MARKED}{FLAG}'
ALONG = (
    f'unable to replace resource "{URN}" as part of replacing "{URN.replace("one", "two")}" {MARKED}{STATE}'
)


@pytest.mark.parametrize("message", [DELETE, REPLACE, ALONG])
def test_protection_is_said_in_our_own_words(message: str) -> None:
    error = engine_error("up", [(URN, message)], message)
    (problem,) = error.problems
    assert (problem.code, error.exit_code) == ("protected", ExitCode.POLICY)
    assert "'one-data' is protected" in problem.message
    assert "put its component back" in (problem.hint or "")
    assert "unprotect" not in problem.render()
    assert "pulumi state" not in problem.render()


def test_what_stays_lets_go_of_what_goes() -> None:
    resources = [
        {"urn": "a", "dependencies": ["b", "c"], "propertyDependencies": {"x": ["b"], "y": ["c"], "z": None}},
        {"urn": "b", "protect": True},
        {"urn": "c", "protect": True},
    ]
    before = states.state_digest({"resources": resources})
    change = states.StateChange({"a": {"b"}}, guarded={"a"}, unguarded={"c"})
    assert states.apply_change(resources, change)
    assert resources == [
        {
            "urn": "a",
            "dependencies": ["c"],
            "propertyDependencies": {"x": [], "y": ["c"], "z": []},
            "protect": True,
        },
        {"urn": "b", "protect": True},
        {"urn": "c"},
    ]
    assert states.state_digest({"resources": resources}) != before
    assert not states.apply_change(resources, change), "a second time there is nothing to do"
