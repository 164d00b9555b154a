"""Commands and their arguments. Standard library only: this is all that `--help` loads."""

from __future__ import annotations

import argparse
import os
import re
import sys

from stackgen import __version__
from stackgen.printable import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

EXAMPLES = """\
examples:
  stackgen new claims --blueprint rag-assistant   start from a complete example
  stackgen check claims                           is the spec right?
  stackgen up claims -e dev                       generate the program and deploy it
  stackgen verify claims -e dev                   measure every clause of every component
  stackgen run claims -e dev -- python app.py     run anything with the bindings in its environment
  stackgen swap claims knowledge -e dev --to kubernetes   what another box would change

exit codes: 0 ok, 2 usage or spec, 3 authentication, 4 deployment, 5 policy, 6 not found,
  7 unexpected changes, 8 cancelled, 9 timeout, 10 verification failed, 11 a needed clause is lost,
  255 internal
"""


RUNS = (
    "This command runs the program as you, and with it the files in its folder that are yours and not stackgen's:\n"
    "extensions.py and what that imports. In a checkout that is not yours, read these first."
)
SWAPS = RUNS.replace("This command runs", "With --apply, --rollback or --retire this command runs")
FORCE = "overwrite files that were changed by hand"
TAKE_OVER = "though it was deployed from another folder, whose stack has the same name"
ACCEPT = "take another embedding model though no stored embedding is made anew: nothing is stored yet"


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal, found without loading `shutil`, which is what argparse would do."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, width=_columns() - 2, **options)


class Parser(argparse.ArgumentParser):
    """argparse with our errors: exit code 2, a code, what was probably meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Formatter, **options)

    def error(self, message: str) -> NoReturn:
        """Print the problem as every other one and leave."""
        from stackgen.errors import ExitCode, Problem, did_you_mean

        choice = re.search(r"invalid choice: '?([^' ]*)'? \(choose from (.+)\)", message)
        allowed = re.findall(r"[\w-]+", choice[2]) if choice else []
        hint = did_you_mean(choice[1], allowed) if choice else None
        text = f"'{choice[1]}' is not known here" if choice else message
        problem = Problem("usage", text, None, hint, tuple(allowed), f"{self.prog} --help")
        print(printable(problem.render()), file=sys.stderr)
        sys.exit(ExitCode.INVALID)


def _columns() -> int:
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="stackgen",
        description="One provider-neutral spec for an AI ecosystem; a readable Pulumi program for every provider.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"stackgen {__version__}")
    parser.add_argument("-C", "--cwd", dest="folder", metavar="DIR", help="run as if started in DIR")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for add in (_writing, _deploying, _asking, _swapping, _tools):
        add(commands)
    return parser


def _command(
    commands: Any, name: str, text: str, *, stack: bool = True, environment: bool = True, note: str = ""
) -> Parser:
    found: Parser = commands.add_parser(name, help=text, description=text, epilog=note or None)
    if stack:
        found.add_argument("stack", metavar="STACK", help="a name under stacks/, or a path to a spec file")
    if environment:
        found.add_argument(
            "-e", "--env", dest="environment", metavar="ENV", help="environment (the only one if absent)"
        )
        found.add_argument("-o", "--output", metavar="DIR", help="program folder, if not beside the spec")
    found.add_argument("--json", action="store_true", help="print the result as JSON")
    found.add_argument("-q", "--quiet", action="store_true", help="say nothing but the result")
    return found


def _confirming(parser: Parser) -> None:
    parser.add_argument("-y", "--yes", action="store_true", help="don't ask")
    parser.add_argument("--no-input", action="store_true", help="never ask; fail where an answer is needed")


def _writing(commands: Any) -> None:
    new = _command(commands, "new", "start a stack from a blueprint", stack=False, environment=False)
    new.add_argument("name", metavar="NAME", help="the stack's name; it goes to stacks/NAME")
    new.add_argument(
        "--blueprint", default="rag-assistant", help="what to start from (default: rag-assistant)"
    )
    _command(commands, "check", "check a spec in all its environments", environment=False)
    plan = _command(commands, "plan", "who provides each component, with which settings, in which order")
    plan.add_argument("--images", action="store_true", help="list every container image, for mirroring")
    diff = _command(
        commands, "diff", "what generate would change on disk, and up in the deployment", note=RUNS
    )
    diff.add_argument(
        "--files", action="store_true", help="only the files; nothing is asked of the deployment"
    )
    diff.add_argument("--expect-no-changes", action="store_true", help="exit 7 if anything would change")
    generate = _command(commands, "generate", "write the Pulumi program")
    generate.add_argument("--force", action="store_true", help=FORCE)
    generate.add_argument("--accept-embeddings", action="store_true", help=ACCEPT)
    generate.add_argument(
        "--check", action="store_true", help="write nothing; exit 7 if anything would change"
    )


def _deploying(commands: Any) -> None:
    up = _command(commands, "up", "generate the program and deploy it", note=RUNS)
    up.add_argument("--force", action="store_true", help=FORCE)
    up.add_argument("--accept-embeddings", action="store_true", help=ACCEPT)
    up.add_argument(
        "--delete-data-of",
        action="append",
        default=[],
        metavar="NAME",
        help="delete or replace what holds the data of this component; --yes alone never does (repeatable)",
    )
    up.add_argument("--take-over", action="store_true", help=TAKE_OVER)
    _confirming(up)
    down = _command(commands, "down", "stop what runs; data stays without --delete-data")
    down.add_argument("--delete-data", action="store_true", help="delete data and everything else too")
    down.add_argument("--take-over", action="store_true", help=TAKE_OVER)
    _confirming(down)
    _command(commands, "status", "what runs, and how much memory it takes")
    logs = _command(commands, "logs", "what components have written to their logs")
    logs.add_argument("component", nargs="?", metavar="COMPONENT", help="only this one")
    logs.add_argument("-n", "--lines", type=int, default=20, help="last lines of each (default: 20)")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as they are written")


def _asking(commands: Any) -> None:
    bindings = _command(commands, "bindings", "what applications connect with")
    bindings.add_argument("component", nargs="?", metavar="COMPONENT", help="only this one")
    bindings.add_argument(
        "--format", choices=("table", "env", "files"), default="table", help="how to show them"
    )
    bindings.add_argument("--to", metavar="DIR", help="with --format files: where to write them")
    bindings.add_argument("--show-secrets", action="store_true", help="show passwords and keys")
    run = _command(commands, "run", "run a command with the bindings in its environment")
    run.usage = "stackgen run STACK [-e ENV] -- COMMAND [ARGUMENT ...]"
    verify = _command(commands, "verify", "measure every clause of every component")
    verify.add_argument("--component", action="append", help="only this component (repeatable)")
    verify.add_argument("--clause", action="append", help="only this clause (repeatable)")
    verify.add_argument("--junit", metavar="FILE", help="write JUnit XML too")
    verify.add_argument("--markdown", metavar="FILE", help="write a Markdown table too")
    verify.add_argument(
        "--record",
        nargs="?",
        const="board",
        metavar="DIR",
        help="write a signed record per implementation (default: board)",
    )
    golden = _command(
        commands, "golden", "record what components answer; ask again, and compare", stack=False
    )
    golden.add_argument("action", choices=("record", "replay"), help="record answers, or compare with them")
    golden.add_argument("stack", metavar="STACK", help="a name under stacks/, or a path to a spec file")
    golden.add_argument(
        "--recorded", metavar="ENV", help="with replay: whose recording (default: the same environment's)"
    )
    golden.add_argument("--markdown", metavar="FILE", help="with replay: write the findings as Markdown too")


def _swapping(commands: Any) -> None:
    why = _command(commands, "why-not", "what stands in the way of another implementation of a component")
    why.add_argument("component", metavar="COMPONENT", help="whose implementation it would be")
    why.add_argument("implementation", metavar="IMPLEMENTATION", help="an implementation, or a provider")
    why.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what would be set with it, such as model=NAME, or settings.NAME=VALUE (repeatable)",
    )
    compare = _command(
        commands,
        "compare",
        "what moving from one environment's components to another's changes",
        environment=False,
    )
    compare.add_argument("before", metavar="FROM", help="the environment that serves now")
    compare.add_argument("after", metavar="TO", help="the environment to move to")
    compare.add_argument("--markdown", metavar="FILE", help="write the report as Markdown too")
    swap = _command(
        commands,
        "swap",
        "what another implementation of a component would change; --apply swaps it",
        note=SWAPS,
    )
    swap.usage = (
        "stackgen swap STACK COMPONENT --to IMPLEMENTATION|PROVIDER [--set KEY=VALUE] [-e ENV] [--apply]\n"
        "       stackgen swap STACK COMPONENT [-e ENV] --apply | --rollback | --retire"
    )
    swap.add_argument("component", metavar="COMPONENT", help="the component to swap")
    swap.add_argument(
        "--to", metavar="IMPLEMENTATION", help="an implementation, or a provider for its default one"
    )
    swap.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the new component, such as model=NAME, or settings.NAME=VALUE (repeatable)",
    )
    what = swap.add_mutually_exclusive_group()
    what.add_argument(
        "--apply",
        action="store_true",
        help="swap: deploy the new component beside the old one, copy data, switch bindings",
    )
    what.add_argument("--rollback", action="store_true", help="return to the old component, with its data")
    what.add_argument(
        "--retire", action="store_true", help="delete the old component, once its data is proven moved"
    )
    swap.add_argument(
        "--accept-data",
        action="store_true",
        help="accept the serving component as it is, though its data was lost since the swap",
    )
    swap.add_argument("--markdown", metavar="FILE", help="write the report as Markdown too")
    _confirming(swap)


def _tools(commands: Any) -> None:
    catalog = _command(commands, "catalog", "what is on the shelf", stack=False, environment=False)
    catalog.add_argument(
        "action",
        choices=("list", "show", "models", "trust", "distrust", "check", "contract", "new"),
        help="list everything; show one implementation, or a contract; begin an implementation of your own; check a "
        "catalog, or say whether it may run",
    )
    catalog.add_argument(
        "implementation",
        nargs="?",
        metavar="WHAT",
        help="for show and new: CAPABILITY/PROVIDER/NAME; for contract: its name; for check, trust and distrust: a "
        "folder",
    )
    catalog.add_argument(
        "--into", default="shelf", metavar="DIR", help="for new: the catalog's folder (default: shelf)"
    )
    catalog.add_argument(
        "--pin",
        nargs="?",
        const="",
        metavar="DIR",
        help="for trust: only as the folder's files are now, each by its digest",
    )
    catalog.add_argument("--capability", help="only this capability")
    catalog.add_argument("--provider", help="only this provider")
    catalog.add_argument(
        "--needs",
        nargs="?",
        const="",
        metavar="CLAUSE,...",
        help="with list and --capability: a matrix of these clauses (all, if none is named)",
    )
    catalog.add_argument(
        "--records", default="board", metavar="DIR", help="where recorded runs are (default: board)"
    )
    board = _command(
        commands, "board", "what recorded runs have measured of the shelf", stack=False, environment=False
    )
    board.add_argument(
        "--records",
        default="board",
        metavar="DIR",
        help="folder with records and signers.txt (default: board)",
    )
    board.add_argument("--write", metavar="DIR", help="write board.md, board.json and board.html there")
    board.add_argument("--check", action="store_true", help="check every record's signature")
    engine = _command(commands, "engine", "the Pulumi engine stackgen uses", stack=False, environment=False)
    engine.add_argument("action", choices=("status", "install", "env"), help="what to do")
    _command(commands, "schema", "JSON Schema of a spec, for editors", stack=False, environment=False)
    completion = _command(commands, "completion", "shell completion script", stack=False, environment=False)
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="which shell")
