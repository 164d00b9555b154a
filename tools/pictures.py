"""Draws the pictures of docs/: `python -m tools.pictures`. Each is readable in light and dark mode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

PLACE = Path(__file__).parents[1] / "docs"
STYLE = """
  .card { fill: #ffffff; stroke: #d0d7de }
  .box { fill: #f6f8fa; stroke: #57606a }
  .mark { fill: #ddf4ff; stroke: #0969da }
  .line { stroke: #57606a; fill: none; stroke-width: 1.5 }
  .head { fill: #57606a }
  text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; text-anchor: middle }
  .name { font-size: 14px; font-weight: 600; fill: #1f2328 }
  .note { font-size: 11.5px; fill: #57606a }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #30363d }
    .box { fill: #161b22; stroke: #8b949e }
    .mark { fill: #0c2d6b; stroke: #58a6ff }
    .line { stroke: #8b949e }
    .head { fill: #8b949e }
    .name { fill: #f0f6fc }
    .note { fill: #b1bac4 }
  }
"""


@dataclass(frozen=True)
class Shape:
    """A box: the middle of it, its size, a name and lines below the name."""

    x: float
    y: float
    name: str
    notes: tuple[str, ...] = ()
    width: float = 150
    height: float = 64
    mark: bool = False

    def lines(self) -> Iterable[str]:
        """SVG of the box."""
        kind = "mark" if self.mark else "box"
        left, top = self.x - self.width / 2, self.y - self.height / 2
        yield f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="{self.width:g}" height="{self.height:g}" rx="6"/>'
        first = self.y + 5 - 8 * len(self.notes)
        yield f'<text class="name" x="{self.x:g}" y="{first:g}">{escape(self.name)}</text>'
        for number, note in enumerate(self.notes, 1):
            yield f'<text class="note" x="{self.x:g}" y="{first + 16 * number:g}">{escape(note)}</text>'


@dataclass(frozen=True)
class Arrow:
    """A line through points, with a head at its end and a word beside its middle."""

    points: Sequence[tuple[float, float]]
    word: str = ""
    at: tuple[float, float] = (0, 0)

    def lines(self) -> Iterable[str]:
        """SVG of the arrow."""
        path = " ".join(f"{x:g},{y:g}" for x, y in self.points)
        yield f'<polyline class="line" points="{path}" marker-end="url(#head)"/>'
        if self.word:
            yield f'<text class="note" x="{self.at[0]:g}" y="{self.at[1]:g}">{escape(self.word)}</text>'


def picture(title: str, width: int, height: int, parts: Iterable[Shape | Arrow]) -> str:
    """The text of an SVG file."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>',
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0,0 L8,4 L0,8 z"/></marker></defs>',
        f'<rect class="card" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10"/>',
    ]
    for part in parts:
        lines += part.lines()
    return "\n".join([*lines, "</svg>"]) + "\n"


def overview() -> str:
    """From a spec to an application, for README."""
    title = "A spec and the catalog become a plan and a Pulumi program, which deploys components for an application"
    return picture(
        title,
        900,
        260,
        [
            Shape(95, 70, "stack.yaml", ("what you write",)),
            Shape(95, 190, "catalog", ("implementations",)),
            Shape(290, 130, "plan", ("who provides what,", "which clauses are kept"), mark=True, height=76),
            Shape(485, 130, "Pulumi program", ("readable Python,", "yours to own"), mark=True, height=76),
            Shape(
                690,
                130,
                "components",
                ("on AWS, Google Cloud,", "Kubernetes, this machine"),
                width=190,
                height=76,
            ),
            Shape(600, 222, "verify", ("probes measure every clause",), width=220, height=44, mark=True),
            Shape(785, 40, "your application", ("unchanged",), width=160, height=48),
            Arrow([(170, 70), (195, 70), (195, 115), (213, 115)]),
            Arrow([(170, 190), (195, 190), (195, 145), (213, 145)]),
            Arrow([(365, 130), (408, 130)]),
            Arrow([(560, 130), (593, 130)]),
            Arrow([(740, 92), (740, 66)], "bindings", (776, 84)),
            Arrow([(690, 200), (690, 170)]),
        ],
    )


def architecture() -> str:
    """The packages, for docs/architecture.md."""
    rows = [
        [("cli", "one module per command")],
        [("authoring", "tools for authors of catalogs")],
        [("swap", "report, journal, steps")],
        [("environment", "one environment and its guards")],
        [
            ("engine", "installs and drives Pulumi"),
            ("verification", "runs probes, signs records"),
            ("golden", "asks golden questions"),
        ],
        [("disk", "the program's folder")],
        [("program", "Plan → files, in memory")],
        [("planning", "spec × environment × catalog → Plan")],
        [("catalog", "capabilities, implementations")],
        [("providers", "where components run")],
        [
            ("contracts", "bindings, clauses, probes, movers"),
            ("descriptors", "types of catalog and providers"),
        ],
        [("spec", "what a platform engineer writes"), ("toolchain", "uv environments, Go, from locks")],
        [("errors, checkout, ...", "used by every package")],
    ]
    parts: list[Shape | Arrow] = []
    for number, row in enumerate(rows):
        y, step = 40 + 62 * number, 250
        start = 390 - step * (len(row) - 1) / 2
        for place, (name, note) in enumerate(row):
            mark = name in ("planning", "program")
            parts.append(Shape(start + step * place, y, name, (note,), width=236, height=44, mark=mark))
        if number:
            parts.append(
                Arrow([(390, y - 22), (390, y - 40)]) if len(row) != 2 else Arrow([(390, y), (390, y - 40)])
            )
    title = "The packages of stackgen: each imports only packages below it"
    return picture(title, 780, 62 * len(rows) + 20, parts)


PICTURES = {"overview.svg": overview, "architecture.svg": architecture}


def write(place: Path = PLACE) -> None:
    """Write every picture."""
    for name, draw in PICTURES.items():
        (place / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    write()
