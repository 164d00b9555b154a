"""Entry point. Imports a command's module only when that command runs."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper

TYPE_CHECKING = False  # `typing`, `dataclasses` and `argparse` cost more than the interpreter's own start
if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackgen.cli.console import Console
    from stackgen.errors import Problem


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.umask(os.umask(0o022) | 0o022)  # what root makes, and runs later, is no one else's to write
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names need not be text, nor the terminal know all of Unicode
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        from stackgen import __version__

        print(f"stackgen {__version__}")
        return 0
    split = words.index("--") if "--" in words else len(words)
    return _run(words[:split], words[split + 1 :])


def _run(words: Sequence[str], rest: Sequence[str]) -> int:
    import gc

    from stackgen.cli.parser import build_parser

    # what is loaded at the start stays; looking through it often is a waste
    gc.set_threshold(200_000, 20, 50)
    parser = build_parser()
    given = parser.parse_args(words)
    given.rest = rest
    if not given.command:
        parser.print_help()
        return 0
    from stackgen.cli.console import Console

    console = Console(
        json=getattr(given, "json", False), quiet=getattr(given, "quiet", False), command=given.command
    )
    if any(name.lower().endswith("_proxy") for name in os.environ):
        from stackgen.loopback import bypass_proxies

        os.environ.update(bypass_proxies(os.environ))
    try:
        if given.folder:
            os.chdir(given.folder)
        module = import_module(f"stackgen.cli.{given.command.replace('-', '_')}")
        return console.finish(module.run(given, console))
    except BaseException as error:
        return _failed(error, console)


def _failed(error: BaseException, console: Console) -> int:
    """Say what went wrong; the exit code."""
    from stackgen.errors import ExitCode, Problem, StackgenError

    if isinstance(error, StackgenError):
        return console.fail(error.problems, error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        return console.fail([Problem("cancelled", "cancelled")], ExitCode.CANCELLED)
    if isinstance(error, BrokenPipeError):
        sys.stdout = None  # the reader has gone; nothing more can be said
        return ExitCode.OK
    if isinstance(error, ModuleNotFoundError):
        return console.fail([_missing(error)], ExitCode.INVALID)
    if isinstance(error, OSError):
        from stackgen.engine.failures import disk_full_problem

        full = disk_full_problem(str(error))
        if full is not None:
            return console.fail(full.problems, full.exit_code)
        return console.fail([_refused(error)], ExitCode.GENERIC)
    if isinstance(error, Exception):
        return console.fail([_unexpected(error)], ExitCode.INTERNAL)
    raise error


def _missing(error: ModuleNotFoundError) -> Problem:
    from stackgen.errors import Problem

    message = f"this command needs the package '{error.name}', which is not installed"
    return Problem("package-missing", message, hint="install the extras: pip install 'stackgen[all]'")


def _refused(error: OSError) -> Problem:
    """The system won't: no such folder, no right to it, no space."""
    from stackgen.errors import Problem

    place = f"{error.filename}: " if error.filename is not None else ""
    return Problem("system", f"{place}{error.strerror or error}")


def _unexpected(error: Exception) -> Problem:
    """A bug of ours: one sentence for the user, everything for us in a file."""
    import tempfile
    import traceback

    from stackgen.errors import Problem

    with tempfile.NamedTemporaryFile("w", prefix="stackgen-", suffix=".log", delete=False) as file:
        traceback.print_exception(error, file=file)
    message = f"stackgen itself failed ({type(error).__name__}); this is a bug of ours"
    return Problem("internal", message, hint=f"what happened is in {file.name}; please report it")


if __name__ == "__main__":
    sys.exit(main())
