"""Checks that declared values can be true: contracts, clauses, properties, cost, settings, sizes and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from stackgen.catalog.checks.source import SourceText, fields_of, read_source
from stackgen.catalog.checks.written import at
from stackgen.contracts import contract, contract_names
from stackgen.descriptors.properties import NA, SCALES
from stackgen.errors import Position, Problem, did_you_mean

if TYPE_CHECKING:
    from stackgen.catalog.checks.written import Path
    from stackgen.catalog.shelf import Entry, Shelf
    from stackgen.descriptors.model import Implementation

NAME = "IMPLEMENTATION"
OWN_MACHINES = "own-machines"
SIZES = ("small", "medium", "large")
SHORTEST = 10  # characters of a sentence about a property
GPUS = ("on gpus", "'s gpus", " gpus ")  # in a description, or a setting's name


@dataclass(frozen=True)
class Declaration:
    """One implementation with its file. Its methods make problems that are placed in that file."""

    shelf: Shelf
    entry: Entry
    source: SourceText

    @property
    def stated(self) -> Implementation:
        """The descriptor."""
        return self.entry.implementation

    @property
    def offered(self) -> bool:
        """True if a spec can name it; foundations are added by the planner."""
        return not self.shelf.capability(self.entry.capability).internal

    def at(self, path: Path) -> Position:
        """Return the position of the value at `path` of the descriptor."""
        return at(self.source, NAME, path)

    def problem(
        self,
        code: str,
        message: str,
        path: Path = (),
        *,
        key: bool = False,
        hint: str | None = None,
        allowed: Sequence[str] = (),
        next: str | None = None,
    ) -> Problem:
        """A problem of the value at `path` of the descriptor, or of the key that `path` ends in."""
        return Problem(code, message, at(self.source, NAME, path, key=key), hint, tuple(allowed), next)


def read_declaration(shelf: Shelf, entry: Entry) -> Declaration:
    """An implementation with its file. Raises StackgenError where its descriptor is not usable."""
    entry.implementation  # noqa: B018 - a descriptor that can't be loaded says so first
    return Declaration(shelf, entry, read_source(entry.folder / "implementation.py"))


def clause_names(item: Declaration) -> Iterator[Problem]:
    """Contracts and clauses that do not exist."""
    stated = item.stated
    tables = (("kept", stated.kept), ("not_kept", stated.not_kept), ("kept_with", stated.kept_with))
    for field, table in tables:
        for name, clauses in table.items():
            if name not in contract_names():
                yield item.problem(
                    "unknown-contract",
                    f"`{field}` names the contract '{name}', and there is none of that name",
                    (field, name),
                    key=True,
                    hint=did_you_mean(name, contract_names()),
                    allowed=contract_names(),
                    next="stackgen catalog contract",
                )
                continue
            known = [clause.name for clause in contract(name).clauses]
            for index, clause in enumerate(clauses):
                if clause not in known:
                    last = index if field == "kept" else clause
                    yield item.problem(
                        "unknown-clause",
                        f"`{field}` names '{clause}', which is no clause of {name}",
                        (field, name, last),
                        key=field != "kept",
                        hint=did_you_mean(clause, known),
                        allowed=known,
                        next=f"stackgen catalog contract {name}",
                    )


def every_clause(item: Declaration) -> Iterator[Problem]:
    """Clauses that are neither kept nor not kept, both, or not kept without a reason."""
    stated = item.stated
    wanted = item.shelf.capability(item.entry.capability).contracts
    if wanted and not stated.kept:
        message = f"`kept` names no contract; {item.entry.capability} speaks {' and '.join(wanted)}"
        yield item.problem("contract-missing", message, ("kept",), allowed=wanted)
    for name, kept in stated.kept.items():
        lacked = stated.not_kept.get(name, {})
        counts = Counter([*kept, *lacked])
        for clause in contract(name).clauses if name in contract_names() else ():
            if counts[clause.name] == 1:
                continue
            code, message = "clause-declared-twice", f"clause '{clause.name}' of {name} is declared twice"
            hint = "a clause is kept, or it is not, with a reason"
            if not counts[clause.name]:
                code, message = "clause-not-declared", f"clause '{clause.name}' of {name} is not declared"
                hint = f"it says: {clause.sentence} Add it to `kept`, or to `not_kept` with the reason"
            yield item.problem(
                code,
                message,
                ("kept", name),
                key=True,
                hint=hint,
                next=f"stackgen catalog contract {name}",
            )
    for name, reasons in stated.not_kept.items():
        if name not in stated.kept:
            message = f"`not_kept` names {name}, which `kept` does not: a contract is spoken or it is not"
            yield item.problem("contract-missing", message, ("not_kept", name), key=True)
        for clause, reason in reasons.items():
            if not reason.strip():
                message = f"`not_kept` gives no reason for '{clause}' of {name}"
                yield item.problem("reason-missing", message, ("not_kept", name, clause))


def properties(item: Declaration) -> Iterator[Problem]:
    """Properties that are missing, have no sentence, or contradict a clause."""
    stated = item.stated.properties
    if stated is None:
        hint = "state encryption_at_rest, network_exposure, tls, authentication, backup and high_availability"
        yield item.problem("properties-missing", "`properties` is not stated", hint=hint)
        return
    for name, word, sentence in stated:
        if len(sentence) <= SHORTEST:
            message = f"property '{name}' is {word}; say what the component does in a sentence"
            yield item.problem("reason-missing", message, ("properties", name))
        if word not in (*SCALES[name], NA):
            message = f"property '{name}' can't be '{word}'"
            yield item.problem("bad-value", message, ("properties", name), allowed=(*SCALES[name], NA))
    if stated.tls[0] == "none" and any("tls" in clauses for clauses in item.stated.kept.values()):
        message = "the clause 'tls' is kept, and the property `tls` is none"
        yield item.problem("contradiction", message, ("properties", "tls"))


def cost(item: Declaration) -> Iterator[Problem]:
    """Check what is paid for: `billing`, which follows the provider's machines, and `gpu`."""
    stated = item.stated
    if stated.billing is None:
        hint = "one of per-use, always-on and own-machines"
        yield item.problem("billing-missing", "`billing` is not stated", hint=hint)
    elif (owner := _owns_machines(item)) is not None and owner != (stated.billing == OWN_MACHINES):
        there = "belong to the user" if owner else "are rented"
        message = f"`billing` is {stated.billing}, and the machines of {item.entry.provider} {there}"
        yield item.problem("contradiction", message, ("billing",))
    words = f"{stated.description} {' '.join(stated.settings.model_fields)}".lower()
    mentioned = any(word in words for word in GPUS)
    if stated.gpu != mentioned:
        said = "mentions GPUs" if mentioned else "does not mention GPUs"
        yield item.problem("contradiction", f"`gpu` is {stated.gpu}, and `description` {said}", ("gpu",))


def _owns_machines(item: Declaration) -> bool | None:
    """Whether boxes of its provider run on machines that are there already; None if no foundation says so."""
    names = item.shelf.provider(item.entry.provider).foundations.values()
    grounds = [item.shelf.implementations["foundation"].get(name) for name in names]
    billed = [ground.implementation.billing for ground in grounds if ground is not None]
    return billed[0] == OWN_MACHINES if billed and billed[0] is not None else None


def settings_and_sizes(item: Declaration) -> Iterator[Problem]:
    """Settings without a description, sizes that are no size or whose settings are not valid."""
    stated = item.stated
    node = item.source.classes().get(stated.settings.__name__)
    lines = fields_of(node)
    for name, info in stated.settings.model_fields.items():
        if not info.description:
            message = f"setting '{name}' has no description"
            hint = 'Field(default=..., description="...")'
            yield Problem("description-missing", message, item.source.at(lines.get(name, node)), hint)
    for size, values in stated.sizes.items():
        if size not in SIZES:
            message = f"`sizes` has '{size}', which no spec can ask for"
            yield item.problem(
                "bad-value",
                message,
                ("sizes", size),
                key=True,
                hint=did_you_mean(size, SIZES),
                allowed=SIZES,
            )
        yield from _size(item, size, values)


def _size(item: Declaration, size: str, values: dict[str, object]) -> Iterator[Problem]:
    from stackgen.spec.problems import list_problems

    model = item.stated.settings
    try:
        model.model_validate(values)
    except ValidationError as error:
        yield from list_problems(
            error,
            item,
            place=lambda path: ("sizes", size, *path),
            subject=f"size '{size}' of `sizes`",
            model=model,
        )


def names(item: Declaration) -> Iterator[Problem]:
    """Options, settings and capabilities that the descriptor names and that do not exist."""
    stated, shelf = item.stated, item.shelf
    options = tuple(shelf.capability(item.entry.capability).options.model_fields)
    for option in stated.refuses:
        if option not in options:
            yield item.problem(
                "unknown-option",
                f"`refuses` names '{option}', which is no option of {item.entry.capability}",
                ("refuses", option),
                key=True,
                hint=did_you_mean(option, options),
                allowed=options,
            )
    fields = tuple(stated.settings.model_fields)
    for name, clauses in stated.kept_with.items():
        for clause, setting in clauses.items():
            if setting not in fields:
                yield item.problem(
                    "unknown-setting",
                    f"`kept_with` names the setting '{setting}', which Settings lacks",
                    ("kept_with", name, clause),
                    hint=did_you_mean(setting, fields),
                    allowed=fields,
                )
    capabilities = tuple(name for name in shelf.capability_names if not shelf.capability(name).internal)
    for part, others in stated.parts.items():
        for index, other in enumerate(others):
            if other not in capabilities:
                yield item.problem(
                    "unknown-capability",
                    f"`parts` names the capability '{other}', and there is none of that name",
                    ("parts", part, index),
                    hint=did_you_mean(other, capabilities),
                    allowed=capabilities,
                )
    through = stated.reached_through
    if through is not None and through not in capabilities:
        yield item.problem(
            "unknown-capability",
            f"`reached_through` is '{through}', and there is no such capability",
            ("reached_through",),
            hint=did_you_mean(through, capabilities),
            allowed=capabilities,
        )


def defaults(shelf: Shelf, entries: Sequence[Entry]) -> Iterator[Problem]:
    """Implementations of one provider that are all the default of a capability."""
    counts = Counter((e.capability, e.provider) for e in entries if e.implementation.default)
    for entry in entries:
        own = entry.capability, entry.provider
        if counts[own] > 1 and entry.implementation.default:
            message = (
                f"{counts[own]} implementations of {entry.capability} on {entry.provider} are the default"
            )
            yield read_declaration(shelf, entry).problem("default-twice", message, ("default",))
