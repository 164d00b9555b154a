"""What a deployment waits for, and which guards it asks, before it writes anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stackgen import Options, Stack, StackgenError, deploy, open_environment
from stackgen.environment import deploying
from stackgen.environment.opened import OpenedEnvironment
from stackgen.errors import Problem
from stackgen.swap import deploy_guard
from tests.environment.test_api import SPEC

pytestmark = pytest.mark.unit


@dataclass
class Updating(OpenedEnvironment):
    """An environment in which an update runs until it was looked at `looks` times."""

    looks: int = 0
    asked: list[str] = field(default_factory=list[str])

    def refuse_while_updating(self) -> None:
        self.asked.append("update")
        if self.asked.count("update") <= self.looks:
            raise StackgenError(Problem("stack-locked", "an update runs"))

    def refuse_another_checkout(self, *, reads: bool = False) -> None:
        self.asked.append("reads" if reads else "checkout")


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Updating:
    opened = open_environment(Stack.model_validate(SPEC), folder=tmp_path)
    made = Updating(opened.loaded, opened.shelf, opened.name, opened.output, looks=2)

    def refuse(_: Any) -> None:
        made.asked.append("swap")
        raise StackgenError(Problem("spec-and-journal-differ", "a swap says otherwise"))

    monkeypatch.setattr(deploy_guard, "refuse_changed_spec", refuse)
    monkeypatch.setattr(deploying, "POLL_SECONDS", 0)
    return made


def test_it_waits_for_an_update_and_then_asks_the_guards(environment: Updating) -> None:
    with pytest.raises(StackgenError, match="a swap says otherwise"):
        deploy(environment, options=Options(wait_seconds=60))
    assert environment.asked == ["update", "update", "update", "checkout", "swap"]
    assert not environment.folder.exists(), "nothing was written"


def test_without_patience_an_update_that_runs_is_refused(environment: Updating) -> None:
    with pytest.raises(StackgenError, match="an update runs"):
        deploy(environment)
    assert environment.asked == ["update"]
    assert not environment.folder.exists()
