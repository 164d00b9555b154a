"""The board as Markdown and as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stackgen.verification.board import MEANING, Board, Cell, Table

TEMPLATE = Path(__file__).with_name("board.html.jinja")


def board_markdown(board: Board) -> str:
    """A table per contract: clauses down, implementations across."""
    return "\n".join(_lines(board)) + "\n"


def board_html(board: Board) -> str:
    """The page: light and dark, every word escaped, readable without style or script."""
    from jinja2 import Environment, StrictUndefined

    found = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False).from_string(
        TEMPLATE.read_text(encoding="utf-8")
    )
    return found.render(tables=board.tables, counts=board.counts(), meaning=MEANING) + "\n"


def _lines(board: Board) -> Iterator[str]:
    yield "# What was measured"
    yield ""
    yield "From signed records of runs only. " + ", ".join(
        f"{count} {word}" for word, count in board.counts().items()
    )
    yield ""
    yield from (f"- **{word}**: {text}" for word, text in MEANING.items())
    yield "- †: the component has changed since that run"
    for table in board.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield from ("", f"## {table.contract}", "")
    yield "| clause | " + " | ".join(table.cells) + " |"
    yield "| --- |" + " --- |" * len(table.cells)
    for clause in table.clauses:
        yield f"| {clause} | " + " | ".join(_cell(row[clause]) for row in table.cells.values()) + " |"


def _cell(cell: Cell) -> str:
    mark = " †" if cell.stale else ""
    return f"{cell.word}{mark}" + (f" ({cell.date})" if cell.date else "")
