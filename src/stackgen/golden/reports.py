"""A comparison for a pull request."""

from __future__ import annotations

from stackgen.contracts.questions import Finding
from stackgen.golden.comparing import AnswerComparison
from stackgen.program.templating import escape_markdown as text

MAX_CHANGED_CASES = 10  # changed cases of a finding


def outcome_phrase(finding: Finding) -> str:
    """Within its tolerance or not, in a word or two."""
    return "within" if finding.within else "drifted"


def limit_phrase(finding: Finding) -> str:
    """The tolerance, and which way it holds."""
    return f"{'at most' if finding.most else 'at least'} {finding.tolerance:g}"


def comparison_markdown(comparison: AnswerComparison, stack: str, environment: str) -> str:
    """A table of all findings, and under it what has changed."""
    recorded = comparison.recorded
    lines = [
        f"Behaviour of {text(stack)} in {text(environment)}, against {text(recorded.environment)} as recorded on "
        f"{text(recorded.recorded)}.",
        "",
        "| questions | measure | found | tolerance | result |",
        "| --- | --- | --- | --- | --- |",
    ]
    for item in comparison.findings:
        word = outcome_phrase(item)
        shown = word if item.within else f"**{word}**"
        lines.append(
            f"| {item.group} ({item.cases}) | {item.measure} | {item.value:.3f} | {limit_phrase(item)} | {shown} |"
        )
    for item in comparison.findings:
        if item.changed:
            lines += ["", f"{item.group}, {item.measure}:", ""]
            lines += [f"- {text(sentence)}" for sentence in item.changed[:MAX_CHANGED_CASES]]
            more = len(item.changed) - MAX_CHANGED_CASES
            lines += [f"- and {more} more"] if more > 0 else []
    return "\n".join([*lines, ""])
