"""stackgen verify: measure every clause."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from stackgen import checkout
from stackgen.cli.console import Answer, Console
from stackgen.environment.context import open_context
from stackgen.errors import ExitCode, Problem, StackgenError


def run(arguments: Namespace, console: Console) -> Answer:
    """A table of what was measured; exit code 10 where it differs from what was declared, or nothing was measured."""
    from stackgen.verification.asked import asked
    from stackgen.verification.model import Declared
    from stackgen.verification.reports import junit, markdown
    from stackgen.verification.run import verify

    if arguments.record and arguments.clause:
        hint = "leave --clause or --record out"
        raise StackgenError(Problem("usage", "a record is of all clauses of a contract", hint=hint))
    context = open_context(arguments)
    plan = context.deployed_plan()
    declared = {c.name: Declared(c.kept, c.not_kept) for c in plan.components}
    only = asked(plan, arguments.component or (), arguments.clause or ())
    exported = context.bindings()
    with context.reachable_bindings(exported) as bindings, console.working(f"measuring {context.name}"):
        before = context.foreign(exported)
        report = verify(bindings, declared, only=only, foreign=before)
        came = context.foreign(exported, required=False).keys() - before.keys()
    if arguments.junit:
        checkout.write(arguments.junit, junit(report, f"{context.name}/{context.environment}"))
    if arguments.markdown:
        checkout.write(arguments.markdown, markdown(report))
    if arguments.record:
        from stackgen.verification.records import record

        for path in record(report, plan, Path(arguments.record)):
            console.say(f"recorded {path}")
    rows = [(r.component, r.contract, r.clause, r.status, _short(r.detail)) for r in report.results]
    failed = bool(report.failures) or not report.measured
    counts = ", ".join(f"{count} {status}" for status, count in report.counts().items())
    console.say(f"{report.measured} of {len(report.results)} clauses measured: {counts or 'none'}")
    again = f"stackgen logs {context.name} -e {context.environment}"
    ready = f"stackgen run {context.name} -e {context.environment} -- YOUR COMMAND"
    return Answer(
        report.as_json(),
        table=(("component", "contract", "clause", "result", "evidence"), rows),
        warnings=[
            *plan.taken,
            *(
                f"another process listens at {host}:{port} since this began; it may have got a password"
                for host, port in sorted(came)
            ),
        ],
        problems=() if report.measured else (_nothing(context.name),),
        next=again if failed else ready,
        exit_code=ExitCode.VERIFICATION_FAILED if failed else ExitCode.OK,
        stack=context.name,
        environment=context.environment,
    )


def _nothing(stack: str) -> Problem:
    """A run that measured nothing says nothing about the stack, and so is a failure."""
    message = f"no clause of '{stack}' was measured, so nothing is verified"
    return Problem(
        "nothing-measured", message, hint="ask for clauses that have a probe, or leave --clause out"
    )


def _short(text: str) -> str:
    return text if len(text) <= 110 else f"{text[:109]}…"
