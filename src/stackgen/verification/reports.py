"""A report as JUnit XML and as Markdown."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree

from stackgen.printable import printable
from stackgen.program.templating import escape_markdown as text
from stackgen.verification.model import MEANING, Report


def report_junit(report: Report, name: str) -> str:
    """JUnit XML: a suite per component, a test case per clause; `not-kept` and `declared` are skipped.

    What servers answer is quoted in it: characters that XML has no way to write are spelled out.
    """
    root = ElementTree.Element("testsuites", name=name)
    for component, results in groupby(report.results, key=lambda result: result.component):
        found = list(results)
        failures = sum(result.failed for result in found)
        suite = ElementTree.SubElement(
            root, "testsuite", name=component, tests=str(len(found)), failures=str(failures), errors="0"
        )
        for result in found:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"{component}.{result.contract}",
                name=result.clause,
                time=f"{result.seconds:.3f}",
            )
            if result.failed:
                ElementTree.SubElement(case, "failure", message=printable(result.detail), type=result.status)
            elif result.status != "kept":
                ElementTree.SubElement(case, "skipped", message=printable(result.detail))
            else:
                ElementTree.SubElement(case, "system-out").text = printable(result.detail)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def report_markdown(report: Report) -> str:
    """A table for a pull request."""
    lines = ["| component | contract | clause | result | evidence |", "| --- | --- | --- | --- | --- |"]
    for result in report.results:
        detail = text(result.detail)
        lines.append(
            f"| {result.component} | {result.contract} | {result.clause} | {result.status} | {detail} |"
        )
    meaning = "; ".join(f"**{status}**: {text}" for status, text in MEANING.items())
    return "\n".join([*lines, "", meaning, ""])
