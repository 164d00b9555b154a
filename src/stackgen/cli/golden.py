"""stackgen golden: record what the boxes answer to an application's own questions; ask again, and compare."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stackgen import checkout
from stackgen.cli.console import Answer, Console
from stackgen.environment.context import Context, open_context
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

if TYPE_CHECKING:
    from stackgen.golden.corpus import Corpus
    from stackgen.golden.recording import Answers


def run(arguments: Namespace, console: Console) -> Answer:
    """Exit code 10 where answers have drifted further than the corpus allows."""
    if arguments.action == "record" and (arguments.recorded or arguments.markdown):
        hint = "leave --recorded and --markdown out, or replay"
        raise StackgenError(Problem("usage", "nothing is compared while recording", hint=hint))
    context = open_context(arguments)
    return (_record if arguments.action == "record" else _replay)(arguments, context, console)


def _record(_arguments: Namespace, context: Context, console: Console) -> Answer:
    from stackgen.golden.recording import Recording, place, write

    answers = _asked(_corpus(context), context, console)
    boxes = {item.name: f"{item.entry.id}, box {item.box}" for item in context.deployed_plan().components}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    recording = Recording(context.name, context.environment, now, boxes, answers)
    path = place(context.loaded.path.parent, context.environment)
    write(recording, path)
    count = sum(len(group.answers) for group in answers.values())
    return Answer(
        {"file": str(path), "groups": {name: len(group.answers) for name, group in answers.items()}},
        f"{count} answers of {len(answers)} groups are recorded in {path.parent.name}/{path.name}",
        next=f"stackgen golden replay {context.name} -e ENV --recorded {context.environment}",
        stack=context.name,
        environment=context.environment,
    )


def _replay(arguments: Namespace, context: Context, console: Console) -> Answer:
    from stackgen.golden.comparing import compare, refuse_outdated
    from stackgen.golden.recording import place, read
    from stackgen.golden.reports import limit, markdown, outcome

    source = arguments.recorded or context.environment
    known = list(context.loaded.stack.environments)
    if source not in known:
        message = f"stack '{context.name}' has no environment '{source}'"
        problem = Problem("environment-not-found", message, None, did_you_mean(source, known), tuple(known))
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    corpus = _corpus(context)
    recorded = read(place(context.loaded.path.parent, source), context.name, source)
    refuse_outdated(corpus, recorded)
    found = compare(corpus, recorded, _asked(corpus, context, console))
    if arguments.markdown:
        checkout.write(arguments.markdown, markdown(found, context.name, context.environment))
    for item in found.findings:
        for sentence in item.changed[:3] if not item.within else ():
            console.say(f"  {item.group}: {sentence}")
    rows = [
        (f.group, str(f.cases), f.measure, f"{f.found:.3f}", limit(f), outcome(f)) for f in found.findings
    ]
    named = f"{context.name} -e {context.environment}"
    return Answer(
        found.as_json(),
        f"compared with {source} as recorded on {recorded.recorded}",
        table=(("questions", "cases", "measure", "found", "tolerance", "result"), rows),
        next=f"stackgen golden record {named}" if found.drifted else f"stackgen verify {named}",
        exit_code=ExitCode.VERIFICATION_FAILED if found.drifted else ExitCode.OK,
        stack=context.name,
        environment=context.environment,
    )


def _corpus(context: Context) -> Corpus:
    from stackgen.golden.corpus import FILE, load

    return load(context.loaded.path.parent / FILE, context.loaded.stack, context.shelf)


def _asked(corpus: Corpus, context: Context, console: Console) -> dict[str, Answers]:
    from stackgen.golden.asking import ask

    exported = context.bindings()
    with (
        context.reachable_bindings(exported) as bindings,
        console.working(f"asking {context.name}") as progress,
    ):
        context.refuse_foreign(exported)
        return ask(corpus, bindings, progress)
