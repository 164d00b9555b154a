"""stackgen catalog contract: what a component of a contract has to provide, and what applications get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stackgen.catalog.shelf import Shelf
from stackgen.cli.console import Answer
from stackgen.contracts import contract_names
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean


def show_contract(name: str | None, shelf: Shelf) -> Answer:
    """One contract, or the list of all. Raises StackgenError(unknown-contract)."""
    from stackgen.authoring.contract_description import describe_contract

    if name is None:
        return _all([describe_contract(each, shelf) for each in contract_names()])
    if name not in contract_names():
        hint, known = did_you_mean(name, contract_names()), contract_names()
        problem = Problem(
            "unknown-contract",
            f"there is no contract '{name}'",
            None,
            hint,
            known,
            "stackgen catalog contract",
        )
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    content = describe_contract(name, shelf)
    kinds = content["capabilities"]
    next = f"stackgen catalog list{f' --capability {kinds[0]}' if kinds else ''}"
    return Answer(content, "\n".join(_lines(content)), next=next)


def _all(contents: list[dict[str, Any]]) -> Answer:
    header = ("contract", "capabilities", "keys", "clauses", "mover")
    rows = [
        (
            content["contract"],
            ", ".join(content["capabilities"]),
            ", ".join(key["key"] for key in content["binding"]),
            str(len(content["clauses"])),
            "yes" if content["mover"] else "",
        )
        for content in contents
    ]
    return Answer(contents, table=(header, rows), next="stackgen catalog contract NAME")


def _lines(content: dict[str, Any]) -> Iterator[str]:
    name = content["contract"]
    kinds = ", ".join(content["capabilities"]) or "any capability"
    yield f"{name}/{content['version']}: spoken by {kinds}"
    yield f'\nbinding: self.bindings = {{"{name}": {{...}}}}, with these keys'
    yield from _columns(
        (key["key"], key["type"], _presence(key), key["description"]) for key in content["binding"]
    )
    if content["variables"]:
        yield "\nvariables of an application that uses it"
        yield from _columns((variable, f"from {key}") for variable, key in content["variables"].items())
        example = next(iter(content["variables"]))
        plain = "plain where one component alone has the contract, and " if content["plain_variables"] else ""
        yield f"  {plain}with the component's name in front: KNOWLEDGE_{example}"
    yield "\nclauses: each is kept, or not kept with a reason"
    yield from _columns((item["clause"], item["enforced"], item["sentence"]) for item in content["clauses"])
    if content["profiles"]:
        yield f"\nprofiles: sets of clauses for `kept`, from stackgen.contracts.{name.replace('-', '_')}.profiles"
        yield from _columns((profile, _extent(content, profile)) for profile in content["profiles"])
    yield ""
    yield from _moving(content)


def _extent(content: dict[str, Any], profile: str) -> str:
    """Return what a profile has, as the clauses that it lacks."""
    kept = content["profiles"][profile]
    lacking = [item["clause"] for item in content["clauses"] if item["clause"] not in kept]
    return f"without {', '.join(lacking)}" if lacking else "every clause"


def _moving(content: dict[str, Any]) -> Iterator[str]:
    mover = content["mover"]
    if mover is None:
        holds = content["holds"]
        yield f"mover: none; {f'a swap leaves {holds} behind' if holds else 'a component of it holds no data'}"
        return
    yield f"mover: {mover['tool']}, for {content['holds']}"
    yield from (f"  carries   {phrase}" for phrase in mover["carries"])
    yield from (f"  leaves    {phrase}" for phrase in mover["leaves"])


def _presence(key: dict[str, Any]) -> str:
    if key["required"]:
        return "required"
    return "optional" if key["default"] is None else f"default {key['default']}"


def _columns(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))] if table else []
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
