"""Which combinations of boxes are tried: every pair of choices meets in at least one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

Choices = Mapping[str, Sequence[str]]
Row = dict[str, str]


def every(choices: Choices) -> list[Row]:
    """The full product."""
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def pairs(row: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Every two choices that meet in a row."""
    return combinations(sorted(row.items()), 2)


def pairwise(choices: Choices) -> list[Row]:
    """Rows in which every pair meets: greedily, the first row with the first choice of each.

    Of rows that bring equally many new pairs, the one that changes least is next.
    """
    rows = every(choices)
    wanted = {pair for row in rows for pair in pairs(row)}
    chosen: list[Row] = []
    while wanted:
        last = chosen[-1] if chosen else rows[0]

        new = [len(wanted.intersection(pairs(row))) for row in rows]
        same = [sum(row[name] == last[name] for name in row) for row in rows]
        best = rows[max(range(len(rows)), key=lambda n, new=new, same=same: (new[n], same[n]))]
        best = best if chosen else rows[0]
        chosen.append(best)
        wanted -= set(pairs(best))
    return chosen
