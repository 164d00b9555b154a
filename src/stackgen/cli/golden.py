"""stackgen golden: record what components answer to an application's own questions; ask again, and compare."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stackgen import checkout
from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import open_named_environment
from stackgen.environment.opened import OpenedEnvironment
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

if TYPE_CHECKING:
    from stackgen.golden.corpus import Corpus
    from stackgen.golden.recording import Answers


def run(arguments: Namespace, console: Console) -> Answer:
    """Exit code 10 where answers have drifted further than the corpus allows."""
    if arguments.action == "record" and (arguments.recorded or arguments.markdown):
        hint = "leave --recorded and --markdown out, or replay"
        raise StackgenError(Problem("usage", "nothing is compared while recording", hint=hint))
    environment = open_named_environment(arguments)
    return (_record if arguments.action == "record" else _replay)(arguments, environment, console)


def _record(_arguments: Namespace, environment: OpenedEnvironment, console: Console) -> Answer:
    from stackgen.golden.recording import Recording, recording_path, write_recording

    answers = _asked(_corpus(environment), environment, console)
    boxes = {
        item.name: f"{item.entry.id}, box {item.box}" for item in environment.plan_without_checks().components
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    recording = Recording(environment.stack_name, environment.name, now, boxes, answers)
    path = recording_path(environment.loaded.path.parent, environment.name)
    write_recording(recording, path)
    count = sum(len(group.answers) for group in answers.values())
    return Answer(
        {"file": str(path), "groups": {name: len(group.answers) for name, group in answers.items()}},
        f"{count} answers of {len(answers)} groups are recorded in {path.parent.name}/{path.name}",
        next=f"stackgen golden replay {environment.stack_name} -e ENV --recorded {environment.name}",
        stack=environment.stack_name,
        environment=environment.name,
    )


def _replay(arguments: Namespace, environment: OpenedEnvironment, console: Console) -> Answer:
    from stackgen.golden.comparing import compare_answers, refuse_outdated
    from stackgen.golden.recording import read_recording, recording_path
    from stackgen.golden.reports import comparison_markdown, limit_phrase, outcome_phrase

    source = arguments.recorded or environment.name
    known = list(environment.loaded.stack.environments)
    if source not in known:
        message = f"stack '{environment.stack_name}' has no environment '{source}'"
        problem = Problem("environment-not-found", message, None, did_you_mean(source, known), tuple(known))
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    corpus = _corpus(environment)
    recorded = read_recording(
        recording_path(environment.loaded.path.parent, source), environment.stack_name, source
    )
    refuse_outdated(corpus, recorded)
    found = compare_answers(corpus, recorded, _asked(corpus, environment, console))
    if arguments.markdown:
        checkout.write_file(
            arguments.markdown, comparison_markdown(found, environment.stack_name, environment.name)
        )
    for item in found.findings:
        for sentence in item.changed[:3] if not item.within else ():
            console.say(f"  {item.group}: {sentence}")
    rows = [
        (f.group, str(f.cases), f.measure, f"{f.value:.3f}", limit_phrase(f), outcome_phrase(f))
        for f in found.findings
    ]
    named = f"{environment.stack_name} -e {environment.name}"
    return Answer(
        found.as_json(),
        f"compared with {source} as recorded on {recorded.recorded}",
        table=(("questions", "cases", "measure", "found", "tolerance", "result"), rows),
        next=f"stackgen golden record {named}" if found.drifted else f"stackgen verify {named}",
        exit_code=ExitCode.VERIFICATION_FAILED if found.drifted else ExitCode.OK,
        stack=environment.stack_name,
        environment=environment.name,
    )


def _corpus(environment: OpenedEnvironment) -> Corpus:
    from stackgen.golden.corpus import CORPUS_FILE, load_corpus

    return load_corpus(
        environment.loaded.path.parent / CORPUS_FILE, environment.loaded.stack, environment.shelf
    )


def _asked(corpus: Corpus, environment: OpenedEnvironment, console: Console) -> dict[str, Answers]:
    from stackgen.golden.asking import ask_questions

    exported = environment.bindings()
    with (
        environment.reachable_bindings(exported) as bindings,
        console.working(f"asking {environment.stack_name}") as progress,
    ):
        environment.refuse_foreign(exported)
        return ask_questions(corpus, bindings, progress)
