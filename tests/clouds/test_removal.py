"""Once a spec allows deletion, nothing of any implementation is guarded: a `down` would come to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.identities import ENVIRONMENT, SECRETS
from tests.clouds.programs import generated, spec_that_allows_deletion
from tests.clouds.recording import Resource, run_program
from tests.clouds.standin import GUARDS, PROTECTED

pytestmark = pytest.mark.programs


def _guarded(resource: Resource) -> bool:
    """Whether the engine or the cloud refuses to delete it."""
    default = resource.type in PROTECTED
    return resource.protect or any(
        resource.inputs.get(guard, default and guard == GUARDS[0]) is True for guard in GUARDS
    )


@pytest.mark.parametrize("provider", ["aws", "gcp"])
def test_what_may_be_deleted_is_guarded_by_nothing(provider: str, tmp_path: Path) -> None:
    text = spec_that_allows_deletion(provider)
    (tmp_path / "requirements.txt").touch()
    folder = generated(text.replace("    protect: true", "    protect: false"), tmp_path, ENVIRONMENT)
    found = run_program(folder, SECRETS, stack=ENVIRONMENT)
    assert found.violations == []
    assert [f"{one.type} {one.name}" for one in found.resources if _guarded(one)] == []
