"""Every README as a reader sees it: rendered, its links lead where the catalog says, and its code is code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from stackgen.catalog.shelf import Entry, Shelf
from stackgen.descriptors.prose import Prose
from stackgen.planning.model import Plan
from stackgen.planning.plan import plan_environment
from stackgen.program.readme import readme
from stackgen.program.templating import escape_markdown, prose_markdown
from stackgen.spec.loading import load_spec

ROOT = Path(__file__).parents[2]
COMMITTED = sorted((ROOT / "stacks").glob("*/*/README.md"))
SHELF = Shelf()
ENTRIES = [
    entry
    for name in SHELF.capability_names
    if not SHELF.capability(name).internal
    for entry in SHELF.implementations[name].values()
]
ADDRESS = re.compile(r"https?://[^\s`<>()|]*[\w/]")

pytestmark = pytest.mark.unit


def rendered(text: str) -> str:
    return MarkdownIt("commonmark").enable("table").render(text)


def links(html: str) -> set[str]:
    return set(re.findall(r'href="([^"]*)"', html))


def literal_backticks(html: str) -> list[str]:
    """Lines that show a backtick: code that is none."""
    shown = re.sub(r"<(code|pre)[^>]*>.*?</\1>", "", html, flags=re.DOTALL)
    return [line for line in shown.splitlines() if "`" in line]


def broken(text: str) -> list[str]:
    """Links that lead nowhere, addresses that are no links, and code that shows its backticks."""
    html = rendered(text)
    found = [link for link in links(html) if re.search(r"%5C|\\", link)]
    shown = {address.replace("&amp;", "&") for address in links(html)}
    code = " ".join(re.findall(r"<code>(.*?)</code>", html, re.DOTALL))
    found += [a for a in ADDRESS.findall(text) if a not in shown and a not in code and "```" not in a]
    return [*found, *literal_backticks(html)]


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.parent.name)
def test_a_committed_readme_has_working_links_and_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert broken(re.sub(r"```.*?```", "", text, flags=re.DOTALL)) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.capability}:{entry.id}")
def test_the_readme_of_an_implementation_has_working_links_and_code(entry: Entry) -> None:
    loaded = load_spec(entry.folder / "example.yaml")
    resolved = plan_environment(loaded, next(iter(loaded.stack.environments)), SHELF)
    text = readme(resolved)
    assert broken(re.sub(r"```.*?```", "", text, flags=re.DOTALL)) == []
    wanted = {
        address
        for sentence in (*(note for note in resolved.notes if isinstance(note, Prose)), *_reasons(resolved))
        for address in ADDRESS.findall(sentence)
    }
    assert wanted <= links(rendered(text))


def _reasons(resolved: Plan) -> list[str]:
    kinds = (clauses for item in resolved.components for clauses in item.not_kept.values())
    return [why for clauses in kinds for why in clauses.values()]


def test_prose_keeps_code_and_addresses_and_nothing_else() -> None:
    text = Prose("set `a_b` *now*, see https://x.example/a_b_c. <b>1 | 2</b> `x|y`")
    assert rendered(prose_markdown(text)) == (
        '<p>set <code>a_b</code> *now*, see <a href="https://x.example/a_b_c">https://x.example/a_b_c</a>. '
        "&lt;b&gt;1 | 2&lt;/b&gt; <code>x|y</code></p>\n"
    )
    assert "<td><code>x|y</code></td>" in rendered(
        f"| a |\n| - |\n| {prose_markdown(Prose('`x|y`'), cell=True)} |\n"
    )


def test_text_of_a_user_shows_as_it_was_written() -> None:
    text = "`a_b` *now* [x](https://x.example)"
    assert rendered(escape_markdown(text)) == f"<p>{text}</p>\n"
