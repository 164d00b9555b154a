"""A swap deploys its program several times, and the files of a checkout that run with it may change meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.planning.plan import plan
from stackgen.rendering.program import build
from stackgen.rendering.writing import write
from stackgen.spec.loading import load
from stackgen.swapping.site import Site

pytestmark = pytest.mark.unit
STACK = """\
apiVersion: stackgen/v1
name: claims
components: {knowledge: {capability: vector_store}}
environments: {dev: {provider: local}}
"""


def test_a_file_that_is_added_between_two_steps_is_named(tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(STACK)
    loaded, shelf, said = load(tmp_path / "stack.yaml"), Shelf(), list[str]()
    program = build(plan(loaded, "dev", shelf))
    write(program)
    site = Site(loaded, shelf, "dev", "knowledge", None, said.append)
    site.say_what_runs(program)
    assert said == []
    (program.folder / "helper.py").write_text("")
    for _ in range(2):
        site.say_what_runs(program)
    assert said == ["note: with the program run files that are not stackgen's: helper.py"]
    (program.folder / "another.py").write_text("")
    site.say_what_runs(program)
    assert said[1:] == ["note: with the program run files that are not stackgen's: another.py, helper.py"]
