"""A swap deploys its program several times, and the files of a checkout that run with it may change meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.engine.deployment import Outcome
from stackgen.environment import deploying
from stackgen.environment.opened import OpenedEnvironment
from stackgen.spec.loading import load_spec
from stackgen.swap import site

pytestmark = pytest.mark.unit
STACK = """\
apiVersion: stackgen/v1
name: claims
components: {knowledge: {capability: vector_store}}
environments: {dev: {provider: local}}
"""


def test_a_file_that_is_added_between_two_steps_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stack.yaml").write_text(STACK)
    loaded, shelf, said = load_spec(tmp_path / "stack.yaml"), Shelf(), list[str]()
    monkeypatch.setattr(deploying, "update", lambda *_, **__: (None, Outcome(outputs={})))
    swap = site.Site(OpenedEnvironment(loaded, shelf, "dev"), "knowledge", said.append)
    swap.deploy()
    assert said == [f"program written: {len(swap.environment.program().files) + 1} files new, 0 changed"]
    said.clear()
    folder = swap.plan().program_folder
    (folder / "helper.py").write_text("")
    for _ in range(2):
        swap.deploy()
    assert said == ["note: with the program run files that are not stackgen's: helper.py"]
    (folder / "another.py").write_text("")
    swap.deploy()
    assert said[1:] == ["note: with the program run files that are not stackgen's: another.py, helper.py"]
