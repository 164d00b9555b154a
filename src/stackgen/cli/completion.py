"""stackgen completion: a script for the shell."""

from __future__ import annotations

from argparse import Namespace

from stackgen.cli.console import Answer, Console
from stackgen.cli.parser import build


def run(arguments: Namespace, console: Console) -> Answer:
    """The script on stdout."""
    import shtab

    script = shtab.complete(build(), shell=arguments.shell)
    return Answer({"script": script}, script)
