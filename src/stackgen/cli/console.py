"""The only printer: results on stdout, everything else on stderr, colour and motion only where they help."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager

from stackgen.printable import one_line, printable, printable_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from stackgen.errors import Problem

ENVELOPE_VERSION = 1


class Answer:
    """Result of a command. data: for --json. text or table: for people. next: the command to go on with."""

    def __init__(
        self,
        data: Any = None,
        text: str = "",
        *,
        table: tuple[Sequence[str], Sequence[Sequence[str]]] | None = None,
        next: str | None = None,
        exit_code: int = 0,
        stack: str | None = None,
        environment: str | None = None,
        problems: Sequence[Problem] = (),
        warnings: Sequence[str] = (),
    ) -> None:
        self.data = data
        self.text = text
        self.table = table
        self.next = next
        self.exit_code = exit_code
        self.stack = stack
        self.environment = environment
        self.problems = problems
        self.warnings = warnings


class Console:
    """Prints a command's answer and progress."""

    def __init__(self, *, json: bool = False, quiet: bool = False, command: str = "") -> None:
        self.json = json
        self.quiet = quiet
        self.command = command
        self.lively = sys.stderr.isatty() and not quiet and os.environ.get("TERM") != "dumb"
        self._status: Any = None  # what moves on the terminal now

    def finish(self, answer: Answer) -> int:
        """Print the answer; its exit code."""
        if self.json:
            self._envelope(answer)
            return int(answer.exit_code)
        if answer.text:
            print(printable(answer.text))
        if answer.table is not None:
            self._table(*answer.table)
        for warning in answer.warnings:
            self.say(f"warning: {warning}")
        for problem in answer.problems:
            self.say(problem.render())
        if answer.next and not self.quiet:
            self.say(f"next: {answer.next}")
        return int(answer.exit_code)

    def fail(self, problems: Sequence[Problem], exit_code: int) -> int:
        """Print problems; the exit code."""
        if self.json:
            self._envelope(Answer(problems=problems))
        else:
            for problem in problems:
                self.say(problem.render())
        return int(exit_code)

    def say(self, text: str) -> None:
        """A message for the person at the terminal."""
        print(printable(text), file=sys.stderr)

    @contextmanager
    def working(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show progress while something long goes on; yields a function that takes messages."""
        if self.quiet:
            yield lambda _: None
        elif self.lively and "NO_COLOR" not in os.environ:
            from rich.console import Console as Rich
            from rich.markup import escape

            rich = Rich(stderr=True)
            with rich.status(escape(title)) as status:
                self._status = status
                try:
                    yield lambda message: self._tell(rich, status, message)
                finally:
                    self._status = None
        else:
            yield lambda message: self.say(f"  {message}")

    def confirm(self, question: str, *, yes: bool, no_input: bool) -> bool:
        """Ask the user to agree; without a terminal --yes is needed."""
        if yes:
            return True
        self.refuse_without_terminal(question, no_input=no_input)
        self.say(f"{question} [y/N] ")
        return input().strip().lower() in ("y", "yes")

    def refuse_without_terminal(self, question: str, *, no_input: bool) -> None:
        """Raise StackgenError(needs-yes) where there is no terminal to ask at."""
        from stackgen.errors import Problem, StackgenError

        if no_input or not sys.stdin.isatty():
            raise StackgenError(
                Problem("needs-yes", f"{question} Nobody can be asked here.", hint="add --yes")
            )

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let nothing move on the terminal while a question stands there."""
        status = self._status
        if status is not None:
            status.stop()
        yield
        if status is not None:
            status.start()

    def _tell(self, rich: Any, status: Any, message: str) -> None:
        from rich.markup import escape

        message = printable(message)
        if message.startswith(("note:", "failed:")):
            rich.print(message, markup=False, highlight=False)
        else:
            status.update(escape(message))

    def _envelope(self, answer: Answer) -> None:
        content = {
            "version": ENVELOPE_VERSION,
            "command": self.command,
            "stack": answer.stack,
            "environment": answer.environment,
            "result": answer.data,
            "warnings": list(answer.warnings),
            "errors": [problem.as_json() for problem in answer.problems],
        }
        import json

        print(printable_json(json.dumps(content, indent=2, ensure_ascii=False)))

    def _table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        rows = [[one_line(cell) for cell in row] for row in rows]
        if not sys.stdout.isatty():
            widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
            for row in (header, *rows):
                print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
            return
        from rich.console import Console as Rich
        from rich.table import Table
        from rich.text import Text

        table = Table(*header, box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
        Rich().print(table)


_STYLES = {
    "kept": "green",
    "broken": "bold red",
    "undeclared": "bold red",
    "not-kept": "yellow",
    "RUNNING": "green",
}
