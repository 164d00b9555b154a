"""Limit of processes and threads of a server's account, so that root can still start a process to end them."""

from __future__ import annotations

from pathlib import Path

MOST = 8192
RESERVE = 8  # an eighth of what a control group allows to all, and 64 at least, is left for others
GROUPS = Path("/sys/fs/cgroup")  # https://docs.kernel.org/admin-guide/cgroup-v2.html, `pids.max`


def most_processes() -> int:
    """Return MOST, or the limit of this control group or a parent minus a reserve, if that is less."""
    return min((MOST, *(max(limit - max(64, limit // RESERVE), limit // 2) for limit in _limits())))


def _limits() -> list[int]:
    limits: list[int] = []
    for place in _places():
        try:
            text = (place / "pids.max").read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal():  # else `max`
            limits.append(int(text))
    return limits


def _places() -> set[Path]:
    """The folders of our control groups and of those above, of both versions; in a container its own is the top."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    places: set[Path] = set()
    for _, kinds, path in (line.split(":", 2) for line in lines):
        if kinds in ("", "pids"):
            top = GROUPS / kinds
            own = top / path.lstrip("/")
            places |= {top, own, *(above for above in own.parents if above.is_relative_to(top))}
    return places
