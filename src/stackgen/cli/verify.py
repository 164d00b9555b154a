"""stackgen verify: measure every clause."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from stackgen import checkout
from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.errors import ExitCode, Problem, StackgenError


def run(arguments: Namespace, console: Console) -> Answer:
    """A table of what was measured; exit code 10 where it differs from what was declared, or nothing was measured."""
    from stackgen.environment.verifying import verify
    from stackgen.verification.reports import report_junit, report_markdown

    if arguments.record and arguments.clause:
        hint = "leave --clause or --record out"
        raise StackgenError(Problem("usage", "a record is of all clauses of a contract", hint=hint))
    environment = open_named_environment(arguments)
    with console.working(f"measuring {environment.stack_name}"):
        verified = verify(environment, arguments.component or (), arguments.clause or ())
    report, plan, failed = verified.report, verified.plan, verified.failed
    if arguments.junit:
        checkout.write_file(
            arguments.junit, report_junit(report, f"{environment.stack_name}/{environment.name}")
        )
    if arguments.markdown:
        checkout.write_file(arguments.markdown, report_markdown(report))
    if arguments.record:
        from stackgen.verification.records import write_records

        for path in write_records(report, plan, Path(arguments.record)):
            console.say(f"recorded {path}")
    rows = [(r.component, r.contract, r.clause, r.status, _short(r.detail)) for r in report.results]
    counts = ", ".join(f"{count} {status}" for status, count in report.counts().items())
    console.say(f"{report.measured} of {len(report.results)} clauses measured: {counts or 'none'}")
    again = f"stackgen logs {environment.stack_name} -e {environment.name}"
    ready = f"stackgen run {environment.stack_name} -e {environment.name} -- YOUR COMMAND"
    return Answer(
        report.as_json(),
        table=(("component", "contract", "clause", "result", "evidence"), rows),
        warnings=[
            *plan.name_warnings,
            *(
                f"another process listens at {host}:{port} since this began; it may have got a password"
                for host, port in verified.foreign_listeners
            ),
        ],
        problems=() if report.measured else (_nothing(environment.stack_name),),
        next=again if failed else ready,
        exit_code=ExitCode.VERIFICATION_FAILED if failed else ExitCode.OK,
        stack=environment.stack_name,
        environment=environment.name,
    )


def _nothing(stack: str) -> Problem:
    """A run that measured nothing says nothing about the stack, and so is a failure."""
    message = f"no clause of '{stack}' was measured, so nothing is verified"
    return Problem(
        "nothing-measured", message, hint="ask for clauses that have a probe, or leave --clause out"
    )


def _short(text: str) -> str:
    return text if len(text) <= 110 else f"{text[:109]}…"
