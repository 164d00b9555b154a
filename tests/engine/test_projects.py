"""What of a checkout decides how the engine runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.engine import projects
from stackgen.errors import StackgenError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text", ["environment: [a/b]", "config: {}\nenvironment:\n  values: {}", '{"environment": {}}']
)
def test_no_environment_of_a_checkout_is_opened(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi would set its variables in the engine, also for `down`, which runs nothing of a checkout."""
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    program = tmp_path / "prod"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: claims")
    settings = program / "Pulumi.prod.yaml"
    settings.write_text("config: {aws:region: eu-central-1, app:environment: prod}")
    assert projects.deleting("claims", program, tmp_path / "python", {}).is_dir()
    settings.write_text(text)
    for stand in (
        lambda: projects.deleting("claims", program, tmp_path / "python", {}),
        lambda: projects.running(program, tmp_path / "python"),
    ):
        with pytest.raises(
            StackgenError, match="has an `environment`, which would set variables of the engine"
        ):
            stand()
