"""What pages show is true: commands parse, specs are valid, Python compiles, links lead somewhere."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from stackgen.catalog.shelf import Shelf
from stackgen.cli.parser import build_parser
from stackgen.errors import StackgenError
from stackgen.planning.plan import check_stack
from stackgen.spec.loading import load_spec
from tests.docs.pages import PAGES, ROOT, SHELLS, Block, anchors, blocks, commands, inline, links

pytestmark = pytest.mark.unit
README = ROOT / "README.md"
OWN = ROOT / "docs" / "guides" / "own-provider.md"
FRAGMENT = "# a fragment"


def mistake(words: list[str]) -> str:
    """What the parser says of a command's words; empty where they parse."""
    before = words[: words.index("--")] if "--" in words else words
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            build_parser().parse_args([word for word in before if word != "..."])
    except SystemExit as ended:
        return said.getvalue() if ended.code else ""
    return ""


def test_every_command_parses() -> None:
    shown = [
        (block.page, line, words)
        for block in blocks(*SHELLS)
        for line, words in commands(block)
        if words and words[0] == "stackgen"
    ]
    assert len(shown) > 40
    wrong = {
        f"{page.relative_to(ROOT)}:{line}": f"{' '.join(words)}: {said}"
        for page, line, words in shown
        if (said := mistake(words[1:]))
    }
    assert wrong == {}


def test_every_flag_in_the_text_exists() -> None:
    """Also of commands that stand in a sentence, which may leave out arguments."""
    subcommands: Any = next(action for action in build_parser()._actions if action.dest == "command")  # pyright: ignore
    wrong: list[str] = []
    shown = [(page, text) for page in PAGES for text in inline(page) if text.startswith("stackgen ")]
    assert len(shown) > 60
    for page, text in shown:
        words = text.partition(" -- ")[0].split()[1:]
        words = words[2:] if words[0] == "-C" else words
        known = subcommands.choices.get(words[0])
        if known is None:
            wrong += [f"{page.name}: {text}"] if re.fullmatch("[a-z][a-z-]+", words[0]) else []
            continue
        flags = {flag for action in known._actions for flag in action.option_strings}
        wrong += [f"{page.name}: {text}: {word}" for word in words if word[:2] == "--" and word not in flags]
    assert wrong == []


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets.add(".venv/bin/stackgen")
    asked = {
        (block.place, words[1])
        for block in blocks(*SHELLS)
        for _, words in commands(block)
        if words[:1] == ["make"]
    }
    inline = {
        (page.name, target)
        for page in PAGES
        for target in re.findall(r"`make ([\w./-]+)[` ]", page.read_text(encoding="utf-8"))
    }
    assert asked
    assert {(place, target) for place, target in asked | inline if target not in targets} == set()


def specs() -> list[Block]:
    return [block for block in blocks("yaml") if "apiVersion" in block.text and "components:" in block.text]


@pytest.mark.parametrize("block", specs(), ids=lambda block: block.place)
def test_every_spec_is_valid(block: Block, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "stack.yaml").write_text(block.text)
    try:
        loaded = load_spec(tmp_path / "stack.yaml")
        if block.page == OWN:
            own_files(tmp_path)
        check_stack(loaded, Shelf([tmp_path / "shelf"]) if block.page == OWN else Shelf())
    except StackgenError as error:
        pytest.fail(f"{block.place}: {error.render()}")


def test_every_other_yaml_is_well_formed_or_marked_as_a_fragment() -> None:
    wrong: dict[str, str] = {}
    for block in blocks("yaml"):
        if block.text.startswith(FRAGMENT):
            continue
        try:
            yaml.safe_load(block.text)
        except yaml.YAMLError as error:
            wrong[block.place] = str(error)
    assert wrong == {}


def test_python_compiles() -> None:
    listed = blocks("python")
    assert len(listed) > 5
    for block in listed:
        try:
            ast.parse(block.text)
        except SyntaxError as error:
            pytest.fail(f"{block.place}: {error}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    wrong: list[str] = []
    for line, target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        place = (page.parent / name).resolve() if name else page
        if not place.exists():
            wrong.append(f"{page.name}:{line}: {target} does not exist")
        elif anchor and place.suffix == ".md" and anchor not in anchors(place):
            wrong.append(f"{page.name}:{line}: {target} has no such heading")
    assert wrong == []


def test_the_readme_is_short_and_has_the_two_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    first = next(block for block in blocks("sh") if block.page == README)
    assert [words[:2] for _, words in commands(first)] == [["make", "up"], ["make", "test"]]
    assert "docs/limits.md" in text


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"([\w./-]+\.md)", (ROOT / "mkdocs.yml").read_text()))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in PAGES if (ROOT / "docs") in path.parents}
    assert listed == there


def test_pictures_are_as_their_tool_draws_them() -> None:
    from tools import pictures

    stale = [
        name for name, draw in pictures.PICTURES.items() if (pictures.PLACE / name).read_text() != draw()
    ]
    assert stale == [], "run `python -m tools.pictures`"


def own_files(folder: Path) -> None:
    """Write the files that docs/guides/own-provider.md shows."""
    named = re.findall(
        r"^`(shelf/[\w/]+\.py)`:\n\n```python\n(.*?)^```", OWN.read_text(), re.DOTALL | re.MULTILINE
    )
    assert len(named) == 7
    for name, text in named:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (block,) = [block for block in specs() if block.page == OWN]
    (folder / "shelf/object_store/fleet_disk/example.yaml").write_text(block.text)


def test_the_provider_of_the_guide_gets_a_program_that_runs(tmp_path: Path) -> None:
    import subprocess
    import sys

    from stackgen.authoring.checking import check_catalog
    from stackgen.disk.writing import write_program
    from stackgen.program.build import build_program

    own_files(tmp_path)
    (block,) = [block for block in specs() if block.page == OWN]
    (tmp_path / "stack.yaml").write_text(block.text)
    shelf = Shelf([tmp_path / "shelf"])
    problems = [problem.render() for problem in check_catalog(shelf, tmp_path / "shelf").problems]
    assert problems == []
    (plan,) = check_stack(load_spec(tmp_path / "stack.yaml"), shelf).values()
    write_program(build_program(plan))
    done = subprocess.run(
        [sys.executable, "-c", MOCKED], cwd=tmp_path / "prod", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "https://berlin.storage.example.com" in done.stdout


MOCKED = """
import runpy, sys, pulumi
sys.path.insert(0, ".")
class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args): return args.name, args.inputs
    def call(self, args): return {}
pulumi.runtime.set_mocks(Mocks(), project="claims", stack="prod")
made = runpy.run_path("__main__.py")
print(made["bindings"])
"""


def test_issue_forms_and_workflows_are_well_formed() -> None:
    files = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]
    assert len(files) >= 6
    for file in files:
        content: Any = yaml.safe_load(file.read_text())
        assert isinstance(content, dict), file
