"""The pages that tests of the documentation read, and what stands in them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tools.markdown_text import github_anchor

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")]))
SHELLS = {"sh", "bash", "shell", "console"}


@dataclass(frozen=True)
class Block:
    """A fenced block of code. line: of its first line in the page, from 1."""

    page: Path
    language: str
    text: str
    line: int

    @property
    def place(self) -> str:
        """Page and line, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """A page as CommonMark with tables."""
    return tuple(MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")))


def blocks(*languages: str) -> list[Block]:
    """Every fenced block in one of the languages, on every page."""
    return [
        Block(page, token.info.partition(" ")[0], token.content, token.map[0] + 2)
        for page in PAGES
        for token in tokens(page)
        if token.type == "fence" and token.map and token.info.partition(" ")[0] in languages
    ]


def commands(block: Block) -> Iterator[tuple[int, list[str]]]:
    """Line and words of each command of a shell block; in `console` only what stands behind a prompt."""
    for number, line in enumerate(block.text.replace("\\\n", "  ").splitlines(), block.line):
        if block.language == "console" and not line.startswith("$ "):
            continue
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if set(word) <= set(";&|"):
                yield number, words
                words = []
            else:
                words.append(word)
        yield number, words


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    listed = tokens(page)
    for token, following in pairwise(listed):
        if token.type == "heading_open":
            text = "".join(child.content for child in following.children or [])
            anchor, number = github_anchor(text), 0
            while (name := f"{anchor}-{number}" if number else anchor) in found:
                number += 1
            found.add(name)
    return found


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Line and target of each link and picture."""
    for token in tokens(page):
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if isinstance(target, str):
                yield (token.map or [0])[0] + 1, target


def inline(page: Path) -> Iterator[str]:
    """Code that stands in sentences and tables."""
    for token in tokens(page):
        yield from (" ".join(c.content.split()) for c in token.children or [] if c.type == "code_inline")
