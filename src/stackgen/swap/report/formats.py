"""An impact as rows for a terminal and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from stackgen.program.templating import escape_markdown as text
from stackgen.swap.report.model import TOPICS, WORSE, Impact, Statement, format_counts

REPORT_HEADER = ("component", "topic", "change", "what", "source")


def impact_rows(impact: Impact) -> list[tuple[str, str, str, str, str]]:
    """Rows of all differences; needed clauses are marked."""
    return [
        (item.component, item.topic, _word(item), item.says, item.source)
        for item in impact.statements
        if item.change != "same"
    ]


def impact_markdown(impact: Impact, title: str) -> str:
    """A summary per topic, what gets worse, then everything by topic with its source."""
    return "\n".join(_lines(impact, title)) + "\n"


def _lines(impact: Impact, title: str) -> Iterator[str]:
    yield f"# {text(title)}: {text(impact.before)} → {text(impact.after)}"
    yield ""
    lost = impact.needs_lost
    yield (
        "**Refused**: the application needs what would be lost: "
        + "; ".join(text(item.says) for item in lost)
        if lost
        else "Every clause the application says it needs is kept."
    )
    yield from ("", "| topic | changes |", "| --- | --- |")
    for topic, counts in impact.counts().items():
        yield f"| {topic} | {format_counts(counts.items())} |"
    worse = [item for item in impact.statements if item.change in WORSE]
    yield from ("", f"## Lost or weaker ({len(worse)})", "")
    yield from _table(worse) if worse else ("Nothing.",)
    for topic in TOPICS:
        others = [item for item in impact.of(topic) if item.change not in WORSE]
        if others:
            yield from ("", f"## {topic[0].upper()}{topic[1:]}", "")
            yield from _table(others)


def _table(statements: list[Statement]) -> Iterator[str]:
    yield "| component | topic | change | what | source |"
    yield "| --- | --- | --- | --- | --- |"
    for item in statements:
        yield f"| {item.component} | {item.topic} | {_word(item)} | {text(item.says)} | {text(item.source)} |"


def _word(item: Statement) -> str:
    return f"{item.change} (needed)" if item.needed else item.change
