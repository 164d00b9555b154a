"""The growth curve: how long each tool takes for n components."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

from benchmarks.measuring import Samples
from benchmarks.report import SIZES

mpl.rcParams["svg.hashsalt"] = "stackgen"  # the same picture for the same figures


def draw(samples: Mapping[str, Samples], tools: Sequence[str], kind: str, file: Path) -> None:
    """An SVG with both axes logarithmic; stackgen stands out."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for tool in tools:
        points = [(n, samples[f"{tool} generate {n}"]) for n in SIZES if f"{tool} generate {n}" in samples]
        points = [(n, 1000 * statistics.median(getattr(found, kind))) for n, found in points if found.wall]
        if points:
            _line(axes, tool, points)
    axes.set(xscale="log", yscale="log", xlabel="components", ylabel=f"milliseconds, {_LABELS[kind]}")
    axes.grid(True, which="major", alpha=0.3)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


_LABELS = {"wall": "by the clock", "cpu": "processor time"}


def _line(axes: Any, tool: str, points: Sequence[tuple[int, float]]) -> None:
    own = tool.startswith("stackgen")
    style = {"linewidth": 3, "color": "black"} if tool == "stackgen" else {"linewidth": 1.2}
    if own and tool != "stackgen":
        style = {"linewidth": 1.5, "color": "black", "linestyle": ":"}
    axes.plot(
        *zip(*points, strict=True), marker="o", markersize=4, label=tool, zorder=3 if own else 2, **style
    )
