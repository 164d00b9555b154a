"""The pages of docs/reference/ say what the source says."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackgen.errors import ExitCode
from tools import error_codes, reference

pytestmark = pytest.mark.unit
RENEW = "docs/reference/ is stale: run `make reference` and commit what it writes"


def test_every_page_is_as_the_tool_writes_it() -> None:
    wanted = reference.pages()
    there = {
        path.relative_to(reference.PLACE).as_posix(): path.read_text(encoding="utf-8")
        for path in reference.PLACE.rglob("*.md")
    }
    stale = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    assert stale == [], RENEW


def test_the_types_of_bindings_are_as_the_contracts_state_them() -> None:
    assert reference.BINDINGS.read_bytes() == reference.contract_bindings(), RENEW


def test_every_exit_code_has_its_meaning() -> None:
    assert reference.EXITS.keys() == set(ExitCode)


def test_codes_are_read_from_every_way_to_state_one(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        """
OWN = "of-a-constant"
class Words:
    code: str
    name: str
def refused(code: str, message: str) -> None: ...
def raises(path):
    raise StackgenError(Problem("plain", f"{path} is wrong"), ExitCode.POLICY)
def reports(path):
    message = "it is " + path
    yield Problem(OWN, message)
    refused("of-a-function", "said there")
    Words("of-a-class", "moves")
"""
    )
    (tmp_path / "errors.py").write_text("class Problem:\n    code: str\n    message: str\n")
    found = {(use.code, use.message, use.exit_code) for use in error_codes.uses(tmp_path)}
    assert found == {
        ("plain", "… is wrong", "POLICY"),
        ("of-a-constant", "it is …", ""),
        ("of-a-function", "said there", ""),
        ("of-a-class", "", ""),
    }


def test_a_code_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "class Problem:\n    code: str\n\ndef f():\n    Problem(made(), 'is wrong')\n"
    )
    with pytest.raises(error_codes.UnknownCode):
        error_codes.uses(tmp_path)


def test_a_table_has_one_line_per_row_whatever_its_cells_say() -> None:
    from tools.markdown_text import cell, table

    lines = table(("a", "b"), [(cell("x | y\nz"), cell("see https://example.com/a_b, *now* `a|b`"))])
    assert lines[2] == r"| x \| y z | see <https://example.com/a_b>, \*now\* `a\|b` |"
