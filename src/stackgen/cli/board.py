"""stackgen board: what recorded runs have measured, per contract, clause and implementation."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from stackgen import checkout
from stackgen.cli.console import Answer, Console
from stackgen.environment.opening import load_shelf
from stackgen.errors import ExitCode, Problem, StackgenError


def run(arguments: Namespace, console: Console) -> Answer:
    """Markdown on stdout, or files; --check says which records can't be believed, and exits with 10."""
    from stackgen.verification.board import make_board
    from stackgen.verification.board_pages import board_html, board_markdown
    from stackgen.verification.records import check_records, read_records

    folder = Path(arguments.records)
    if arguments.check and not folder.is_dir():
        message = f"there is no folder {folder}, so no record was checked"
        hint = "name the folder with --records; `stackgen verify STACK --record` makes one"
        raise StackgenError(Problem("board-not-found", message, hint=hint), ExitCode.NOT_FOUND)
    wrong = check_records(folder)
    if arguments.check:
        return _checked(folder, wrong)
    if wrong:
        raise StackgenError(_problems(wrong), ExitCode.VERIFICATION_FAILED)
    found = make_board(load_shelf(Path.cwd()), (content for _, content in read_records(folder)))
    if arguments.write is None:
        return Answer(found.as_json(), board_markdown(found).rstrip("\n"))
    target = Path(arguments.write)
    target.mkdir(parents=True, exist_ok=True)
    pages = {
        "board.md": board_markdown(found),
        "board.json": json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n",
        "board.html": board_html(found),
    }
    for name, text in pages.items():
        checkout.write_file(target / name, text, within=target)
    written = [str(target / name) for name in pages]
    return Answer({"written": written, "counts": found.counts()}, "\n".join(written))


def _checked(folder: Path, wrong: dict[Path, str]) -> Answer:
    from stackgen.verification.records import read_records

    number = sum(1 for _ in read_records(folder))
    return Answer(
        {"records": number, "wrong": {str(path): why for path, why in wrong.items()}},
        f"{number} records, {len(wrong)} that can't be believed",
        problems=_problems(wrong) if number or wrong else [_nothing(folder)],
        exit_code=ExitCode.OK if number and not wrong else ExitCode.VERIFICATION_FAILED,
    )


def _nothing(folder: Path) -> Problem:
    """A check of no record is no check."""
    hint = "name the board's folder with --records; `stackgen verify STACK --record` makes records"
    return Problem("no-records", f"there is no record in {folder}, so nothing was checked", hint=hint)


def _problems(wrong: dict[Path, str]) -> list[Problem]:
    hint = "remove it, measure again with `stackgen verify --record`, or add a key you trust to signers.txt"
    return [Problem("record-not-genuine", f"{path}: {why}", hint=hint) for path, why in wrong.items()]
