"""Runs a script as `python SCRIPT ARGUMENT...` would, in the program's folder; ends with who started it."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from pulumi_guard import order, parent, sources  # noqa: E402 - the path comes first


def main() -> None:
    """Arguments: the script and what it takes."""
    parent.watch_parent()
    sources.load_only_sources(Path.cwd())
    order.import_environment_first(Path.cwd())
    sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
