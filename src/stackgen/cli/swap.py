"""stackgen swap: another implementation of a component, reported or carried out."""

from __future__ import annotations

from argparse import Namespace

from stackgen.cli.console import Answer, Console


def run(arguments: Namespace, console: Console) -> Answer:
    """The report, unless a word says to change something."""
    if arguments.apply or arguments.rollback or arguments.retire:
        from stackgen.cli.swap_apply import apply_swap

        return apply_swap(arguments, console)
    from stackgen.cli.swap_report import report_swap

    return report_swap(arguments, console)
