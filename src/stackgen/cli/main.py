"""Entry point. Imports a command's module only when that command runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from stackgen.cli.console import Console
from stackgen.cli.parser import build
from stackgen.errors import ExitCode, Problem, StackgenError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names need not be text, nor the terminal know all of Unicode
            stream.reconfigure(errors="backslashreplace")
    parser = build()
    words = list(sys.argv[1:] if arguments is None else arguments)
    split = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:split])
    given.rest = words[split + 1 :]
    console = Console(
        json=getattr(given, "json", False), quiet=getattr(given, "quiet", False), command=given.command or ""
    )
    if not given.command:
        parser.print_help()
        return ExitCode.OK
    try:
        if given.folder:
            os.chdir(given.folder)
        module = import_module(f"stackgen.cli.{given.command.replace('-', '_')}")
        return console.finish(module.run(given, console))
    except StackgenError as error:
        return console.fail(error.problems, error.exit_code)
    except KeyboardInterrupt:
        return console.fail([Problem("cancelled", "cancelled")], ExitCode.CANCELLED)
    except BrokenPipeError:
        sys.stdout = None  # the reader has gone; nothing more can be said
        return ExitCode.OK
    except ModuleNotFoundError as error:
        return console.fail([_missing(error)], ExitCode.INVALID)
    except OSError as error:
        return console.fail([_refused(error)], ExitCode.GENERIC)
    except Exception as error:
        return console.fail([_unexpected(error)], ExitCode.INTERNAL)


def _missing(error: ModuleNotFoundError) -> Problem:
    message = f"this command needs the package '{error.name}', which is not installed"
    return Problem("package-missing", message, hint="install the extras: pip install 'stackgen[all]'")


def _refused(error: OSError) -> Problem:
    """The system won't: no such folder, no right to it, no space."""
    place = f"{error.filename}: " if error.filename is not None else ""
    return Problem("system", f"{place}{error.strerror or error}")


def _unexpected(error: Exception) -> Problem:
    """A bug of ours: one sentence for the user, everything for us in a file."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="stackgen-", suffix=".log", delete=False) as file:
        traceback.print_exception(error, file=file)
    message = f"stackgen itself failed ({type(error).__name__}); this is a bug of ours"
    return Problem("internal", message, hint=f"what happened is in {file.name}; please report it")


if __name__ == "__main__":
    sys.exit(main())
