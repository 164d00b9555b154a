"""`make audit`: asks advisory databases about every version that stackgen locks, and lists every image.

Exit code: 0 where everything was asked about and nothing is known; 1 where a vulnerability is known; 3 where
something was not measured, such as without a network. No answer is never taken for a good one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.audit import go_modules, images, python_locks
from tools.audit.findings import Part, exit_code

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Print what is known and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="python, go, images; all of them if none is given"
    )
    parser.add_argument(
        "--osv", default=python_locks.OSV, metavar="URL", help="who is asked about Python packages"
    )
    parser.add_argument(
        "--go-database", default=go_modules.DATABASE, metavar="URL", help="of Go, also file:///..."
    )
    asked = parser.parse_args(arguments)
    every = {
        "python": lambda: python_locks.audit(root, asked.osv),
        "go": lambda: go_modules.audit(root, asked.go_database),
        "images": lambda: images.audit(root),
    }
    unknown = [name for name in asked.parts if name not in every]
    if unknown:
        parser.error(f"no part is called {unknown[0]}; allowed: {', '.join(every)}")
    parts: list[Part] = []
    for name in asked.parts or every:
        parts.append(every[name]())
        sys.stdout.writelines(f"{line}\n" for line in parts[-1].lines())
        sys.stdout.flush()
    code = exit_code(parts)
    verdict = {
        0: "clean",
        1: "known vulnerabilities: raise what is named above",
        3: "not everything was measured",
    }
    sys.stdout.write(f"audit: {verdict[code]} (exit code {code})\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
