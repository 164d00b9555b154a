"""stackgen catalog: what is on the shelf."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from stackgen.catalog.shelf import Entry, Shelf
from stackgen.cli.console import Answer, Console
from stackgen.environment.opening import load_shelf
from stackgen.errors import ExitCode, Problem, StackgenError, did_you_mean

if TYPE_CHECKING:
    from stackgen.verification.maturity import Latest


def run(arguments: Namespace, console: Console) -> Answer:
    """List implementations, show one with its clauses and settings, or say which folders may run."""
    if arguments.action in ("trust", "distrust"):
        folder, pinning = arguments.implementation or arguments.pin, arguments.pin is not None
        return _trust(folder, trusting=arguments.action == "trust", pinning=pinning)
    if arguments.action == "check":
        from stackgen.cli.catalog_check import check_catalogs

        return check_catalogs(arguments.implementation)
    if arguments.action == "new":
        from stackgen.cli.catalog_new import create_implementation

        return create_implementation(arguments.implementation, arguments.into, load_shelf(Path.cwd()))
    if arguments.action == "contract":
        from stackgen.cli.catalog_contract import show_contract

        return show_contract(arguments.implementation, load_shelf(Path.cwd()))
    shelf = load_shelf(Path.cwd())
    _refuse_unknown(arguments, shelf)
    if arguments.action == "models":
        return _models(arguments.capability)
    entries = [
        entry
        for name in shelf.capability_names
        if not shelf.capability(name).internal and arguments.capability in (None, name)
        for entry in shelf.implementations[name].values()
        if arguments.provider in (None, entry.provider)
    ]
    if arguments.action == "show":
        return _show(arguments.implementation or "", entries, Path(arguments.records))
    if arguments.needs is not None:
        from stackgen.cli.catalog_matrix import clause_matrix

        return clause_matrix(shelf, arguments.capability, entries, arguments.needs, Path(arguments.records))
    from stackgen.verification.maturity import latest_measurements

    latest = latest_measurements(Path(arguments.records))
    rows = [_row(shelf, entry, latest) for entry in entries]
    header = ("capability", "implementation", "level", "maturity", "contracts", "description")
    data = [dict(zip(header, row, strict=True)) for row in rows]
    return Answer(data, table=(header, rows), next="stackgen catalog show CAPABILITY/PROVIDER/NAME")


def _refuse_unknown(arguments: Namespace, shelf: Shelf) -> None:
    """An empty list would look like an answer; raises StackgenError(unknown-capability, unknown-provider)."""
    offered = [name for name in shelf.capability_names if not shelf.capability(name).internal]
    asked = (
        ("capability", arguments.capability, offered),
        ("provider", arguments.provider, sorted(shelf.provider_folders)),
    )
    problems = [
        Problem(
            f"unknown-{kind}",
            f"there is no {kind} '{word}' on the shelf",
            None,
            did_you_mean(word, known),
            tuple(known),
        )
        for kind, word, known in asked
        if word is not None and word not in known
    ]
    if problems:
        raise StackgenError(problems, ExitCode.NOT_FOUND)


def _trust(folder: str | None, *, trusting: bool, pinning: bool) -> Answer:
    """Let a private catalog's code run for this user, or no longer."""
    from stackgen.catalog import pins, trust

    if not folder or (trusting and not Path(folder).is_dir()):
        message = f"there is no folder {folder}" if folder else "say which folder"
        next = f"stackgen catalog {'trust' if trusting else 'distrust'} DIR"
        raise StackgenError(Problem("catalog-not-found", message, next=next), ExitCode.NOT_FOUND)
    place = Path(folder).resolve()
    try:
        if trusting and pinning:
            return _pinned(place, *pins.pin(place))
        unpinned = pins.unpin(place)
        changed = (trust.trust if trusting else trust.distrust)(place) or unpinned
    except pins.CannotPin as error:
        raise StackgenError(Problem("catalog-not-pinned", f"{place}: {error}"), ExitCode.GENERIC) from error
    except OSError as error:
        message = f"{trust.file().parent} can't be written: {error.strerror or error}"
        raise StackgenError(Problem("cannot-write", message), ExitCode.GENERIC) from error
    text = f"{place} is {'' if changed else 'already ' if trusting else 'already not '}"
    text += "trusted" if trusting else "no longer trusted" if changed else "trusted"
    return Answer({"catalog": str(place), "trusted": trusting, "changed": changed}, text)


def _pinned(place: Path, digest: str, changed: bool) -> Answer:
    """The answer to `trust --pin`."""
    from stackgen.catalog.pins import MARK

    named = f"{place}{MARK}{digest}"
    text = (
        f"{place} is {'' if changed else 'already '}trusted as it is now\nSTACKGEN_TRUSTED_CATALOGS={named}"
    )
    data = {"catalog": str(place), "trusted": True, "changed": changed, "environment": named}
    return Answer(data, text)


def _models(capability: str | None) -> Answer:
    """Logical model names, and who offers them under which identifier."""
    from stackgen.catalog.models import models

    kind = (capability or "").removesuffix("_model")
    found = [model for model in models().values() if kind in ("", model.kind)]
    header = ("model", "kind", "dimensions", "offered by", "weights", "gguf", "licence")
    rows = [
        (
            model.name,
            model.kind,
            " ".join(str(length) for length in model.dimensions),
            ", ".join(f"{who} ({line['id']})" for who, line in model.lines.items()),
            str(model.weights.get("repository", "")),
            "yes" if model.gguf else "",
            model.licence,
        )
        for model in found
    ]
    return Answer([dict(zip(header, row, strict=True)) for row in rows], table=(header, rows))


def _row(shelf: Shelf, entry: Entry, latest: Latest) -> tuple[str, str, str, str, str, str]:
    from stackgen.verification.maturity import rate_maturity

    found, word = entry.implementation, rate_maturity(entry, latest)
    mark = "*" if shelf.default(entry.capability, entry.provider) == entry else ""
    contracts = ", ".join(found.kept)
    return entry.capability, f"{entry.id}{mark}", found.level, word, contracts, found.description


def _show(wanted: str, entries: list[Entry], records: Path) -> Answer:
    from stackgen.verification.maturity import UNPROVEN, latest_measurements, rate_maturity

    known = {f"{entry.capability}/{entry.id}": entry for entry in entries}
    if wanted not in known:
        message = f"'{wanted}' is not on the shelf" if wanted else "say which implementation to show"
        problem = Problem(
            "unknown-implementation", message, None, did_you_mean(wanted, list(known)), tuple(known)
        )
        raise StackgenError(problem, ExitCode.NOT_FOUND)
    entry = known[wanted]
    found, word = entry.implementation, rate_maturity(entry, latest_measurements(records))
    lines = [
        f"{entry.capability} by {entry.id}: {found.description}",
        f"level {found.level}, licence {found.licence}",
        f"maturity {word}{': no recorded run has measured it' if word == UNPROVEN else ''}",
        f"billing {found.billing or 'not declared'}{', needs GPUs' if found.gpu else ''}",
    ]
    lines += [f"  keeps      {name}: {', '.join(clauses)}" for name, clauses in found.kept.items()]
    lines += [
        f"  not kept   {name}: {clause}: {why}"
        for name, clauses in found.not_kept.items()
        for clause, why in clauses.items()
    ]
    for name, info in found.settings.model_fields.items():
        lines.append(f"  setting    {name} (default {info.default}): {info.description}")
    lines += [f"  size       {size}: {values or 'the defaults'}" for size, values in found.sizes.items()]
    data = {
        "capability": entry.capability,
        "implementation": entry.id,
        "description": found.description,
        "level": found.level,
        "maturity": word,
        "billing": found.billing,
        "gpu": found.gpu,
        "kept": {name: list(clauses) for name, clauses in found.kept.items()},
        "not_kept": found.not_kept,
        "settings": found.settings.model_json_schema().get("properties", {}),
        "sizes": found.sizes,
    }
    return Answer(data, "\n".join(lines))
