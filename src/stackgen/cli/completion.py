"""stackgen completion: a script for the shell."""

from __future__ import annotations

from stackgen.cli.console import Answer, Console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace


def run(arguments: Namespace, console: Console) -> Answer:
    """The script on stdout. It was made ahead by shtab, since shells may ask for it whenever they start."""
    folder = __file__.removesuffix("completion.py") + "completions"
    with open(f"{folder}/stackgen.{arguments.shell}", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is slow to load
        script = file.read()
    return Answer({"script": script}, script)
