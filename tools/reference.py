"""Writes docs/reference/: fields of a spec, the catalog, providers, contracts, commands, error codes and exit codes.

Everything is read from the models, the catalog, the contracts and the parser of this checkout. Run `make reference`
after a change of any of them; `tests/docs/test_reference.py` fails while a page is stale. It also writes the types of
bindings that the sources of components are checked with.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from stackgen.authoring.contract_description import describe_contract
from stackgen.catalog.shelf import SHARED, Entry, Shelf
from stackgen.cli.parser import build_parser
from stackgen.contracts import contract_names
from stackgen.errors import ExitCode
from stackgen.program.contract_bindings import contract_bindings
from stackgen.providers import versions
from stackgen.spec.stack import Box, Component, ComponentOverride, Data, Environment, Stack
from tools.error_codes import uses
from tools.markdown_text import cell, code, table

PLACE = Path(__file__).parents[1] / "docs" / "reference"
BINDINGS = SHARED / "program" / "contract_bindings.py"  # programs get theirs from their own stackgen
NOTE = "<!-- Written by `make reference` from the source. Do not edit this page. -->"
EXITS = {
    ExitCode.OK: "The command succeeded.",
    ExitCode.GENERIC: "The system refused something, such as a file that cannot be read or written.",
    ExitCode.INVALID: "The command line, the spec or the catalog is wrong. Also the code of every error that states no other.",
    ExitCode.AUTHENTICATION: "Credentials are missing or refused.",
    ExitCode.DEPLOYMENT: "The deployment, or work on what is deployed, failed.",
    ExitCode.POLICY: "A guard refused: data, protection, another checkout.",
    ExitCode.NOT_FOUND: "The stack, environment, component or deployment does not exist.",
    ExitCode.UNEXPECTED_CHANGES: "Something would change, and `--check` or `--expect-no-changes` was given.",
    ExitCode.CANCELLED: "The user cancelled.",
    ExitCode.TIMEOUT: "A time limit passed.",
    ExitCode.VERIFICATION_FAILED: "`verify`, `golden replay` or `board --check` found a difference, or `verify` measured nothing.",
    ExitCode.PROMOTION_REFUSED: "`swap`, `compare` or `why-not` found that a needed clause would be lost, or another obstacle.",
    ExitCode.INTERNAL: "stackgen itself failed. Please report it.",
}


def page(title: str, introduction: str, *lines: str) -> str:
    """The text of one page."""
    text = "\n".join([f"# {title}", "", NOTE, "", introduction, "", *lines])
    return f"{text.rstrip()}\n"


# fields


def fields(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[str]:
    """A table of a model's fields, from its JSON schema."""
    required = schema.get("required", [])
    rows = [
        (
            code(name),
            cell(kind(field, definitions)),
            "required" if name in required else default(field),
            cell(field.get("description", "")),
        )
        for name, field in schema.get("properties", {}).items()
    ]
    return table(("field", "type", "default", "description"), rows)


def model_fields(model: Any, *, without: tuple[str, ...] = ()) -> list[str]:
    """The same, of a Pydantic model."""
    schema: dict[str, Any] = model.model_json_schema(by_alias=True)
    properties = {name: field for name, field in schema.get("properties", {}).items() if name not in without}
    return fields({**schema, "properties": properties}, schema.get("$defs", {}))


def default(field: Mapping[str, Any]) -> str:
    """A field's default as YAML's readers know it."""
    if "default" not in field:
        return "empty"
    value = field["default"]
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return code(str(value).lower())
    if value in ([], {}, ""):
        return "empty"
    if isinstance(value, dict):
        return "see below"
    if isinstance(value, list):
        return code(f"[{', '.join(map(str, cast('list[Any]', value)))}]")
    return code(value)


def kind(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """The type of a field in words, with its limits."""
    if "$ref" in field:
        return kind(definitions[str(field["$ref"]).rpartition("/")[2]], definitions)
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in field:
            parts = [kind(part, definitions) for part in field[joined] if part.get("type") != "null"]
            return " or ".join(dict.fromkeys(parts))
    if "enum" in field or "const" in field:
        allowed = field.get("enum", [field.get("const")])
        return ", ".join(f"`{value}`" for value in allowed if value is not None)
    return _plain(field, definitions)


def _plain(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    sort = field.get("type")
    if sort == "array":
        item = field.get("items")
        return f"list of {kind(item, definitions)}" if item else "list"
    if sort == "object":
        keys = sorted(field.get("properties", {}))
        values = field.get("additionalProperties")
        if keys:
            return f"mapping with {', '.join(f'`{key}`' for key in keys)}"
        return (
            f"mapping of text to {kind(values, definitions)}"
            if isinstance(values, dict) and values
            else "mapping"
        )
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    return words.get(str(sort), "any value") + _limits(field)


def _limits(field: Mapping[str, Any]) -> str:
    names = {"minimum": "at least {}", "maximum": "at most {}", "exclusiveMinimum": "more than {}"}
    names |= {"exclusiveMaximum": "less than {}", "maxLength": "at most {} characters"}
    found = [text.format(field[name]) for name, text in names.items() if name in field]
    if "pattern" in field:
        found.append(f"pattern `{field['pattern']}`")
    return f" ({', '.join(found)})" if found else ""


# pages


def spec_page(shelf: Shelf) -> str:
    """Fields of a spec, with the options of each capability."""
    lines: list[str] = []
    parts: list[tuple[str, str, Any, tuple[str, ...]]] = [
        ("Stack", "The top level of `stack.yaml`.", Stack, ()),
        ("Data", "`data:`", Data, ()),
        (
            "Component",
            "`components.NAME:`. The options of its capability stand beside these fields.",
            Component,
            (),
        ),
    ]
    for title, sentence, model, without in parts:
        lines += [f"## {title}", "", sentence, "", *model_fields(model, without=without)]
    lines += ["## Options by capability", ""]
    for name in offered(shelf):
        capability = shelf.capability(name)
        lines += [f"### {name}", "", cell(capability.description), ""]
        lines += model_fields(capability.options) or ["It has no options of its own.", ""]
    lines += [
        "## Environment",
        "",
        "`environments.NAME:`. [Providers](providers.md) lists the settings of each provider.",
        "",
    ]
    lines += model_fields(Environment)
    lines += [
        "## Component in an environment",
        "",
        "`environments.NAME.components.NAME:`. Options of the capability that differ stand beside these fields.",
        "",
    ]
    lines += model_fields(ComponentOverride)
    lines += [
        "## Second component of a swap",
        "",
        "`environments.NAME.components.NAME.beside:`. A swap writes it.",
        "",
        *model_fields(Box),
    ]
    return page(
        "Spec",
        "The fields of `stack.yaml`, `apiVersion: stackgen/v1`. `stackgen schema` prints the same as JSON Schema for editors. "
        "Unknown fields are errors.",
        *lines,
    )


def offered(shelf: Shelf) -> list[str]:
    """Capabilities that a spec can name."""
    return [name for name in shelf.capability_names if not shelf.capability(name).internal]


def catalog_pages(shelf: Shelf) -> Iterator[tuple[str, str]]:
    """An overview, and a page per capability."""
    rows: list[tuple[str, ...]] = []
    for name in shelf.capability_names:
        entries = sorted(shelf.implementations[name].values(), key=lambda entry: entry.id)
        rows += [
            (
                f"[{cell(name)}]({name}.md)",
                code(e.id),
                e.implementation.level,
                cell(e.implementation.description),
            )
            for e in entries
        ]
        yield f"catalog/{name}.md", capability_page(shelf, name, entries)
    introduction = "Every implementation of the built-in catalog. `stackgen catalog list` prints it for your checkout, private catalogs included."
    yield (
        "catalog/index.md",
        page("Catalog", introduction, *table(("capability", "implementation", "level", "description"), rows)),
    )


def capability_page(shelf: Shelf, name: str, entries: list[Entry]) -> str:
    """One capability with all of its implementations."""
    capability = shelf.capability(name)
    spoken = ", ".join(f"[{contract}](../contracts.md#{contract})" for contract in capability.contracts)
    lines = [f"Contracts: {spoken or 'none'}.", ""]
    if not capability.internal:
        lines += [f"Options: [spec](../spec.md#{name}).", ""]
    for entry in entries:
        lines += implementation(shelf, entry)
    return page(name, cell(capability.description), *lines)


def implementation(shelf: Shelf, entry: Entry) -> list[str]:
    """One implementation: facts, settings, sizes, clauses, properties, notes."""
    about = entry.implementation
    default = shelf.default(entry.capability, entry.provider)
    facts = [
        ("level", about.level),
        ("default of its provider", "yes" if default is not None and default.id == entry.id else "no"),
        ("billing", about.billing or "not stated"),
        ("needs GPUs", "yes" if about.gpu else "no"),
        ("licence", cell(about.licence) or "not stated"),
    ]
    lines = [f"## {entry.id}", "", cell(about.description), "", *table(("fact", "value"), facts)]
    settings = model_fields(about.settings)
    lines += ["**Settings**", "", *settings] if settings else ["It has no settings.", ""]
    lines += _sizes(about.sizes)
    lines += _clauses(about)
    if about.properties is not None:
        rows = [(key.replace("_", " "), code(word), cell(why)) for key, word, why in about.properties]
        lines += [
            "**Properties** (smallest size, default settings)",
            "",
            *table(("property", "value", "why"), rows),
        ]
    if about.refuses:
        lines += ["**Options that it refuses**", ""]
        lines += table(("option", "reason"), [(code(key), cell(why)) for key, why in about.refuses.items()])
    if about.notes:
        lines += ["**Notes**", "", *(f"- {cell(note)}" for note in about.notes), ""]
    return lines


def _sizes(sizes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [
        (code(size), ", ".join(code(f"{key}: {value}") for key, value in settings.items()) or "the defaults")
        for size, settings in sizes.items()
    ]
    return ["**Sizes**", "", *table(("size", "settings"), rows)] if rows else []


def _clauses(about: Any) -> list[str]:
    rows = [
        (code(name), code(clause), "kept", "") for name, clauses in about.kept.items() for clause in clauses
    ]
    for name, clauses in about.not_kept.items():
        for clause, why in clauses.items():
            setting = about.kept_with.get(name, {}).get(clause)
            rows.append(
                (code(name), code(clause), f"kept with {code(setting)}" if setting else "not kept", cell(why))
            )
    return (
        ["**Clauses**", "", *table(("contract", "clause", "result", "reason"), sorted(rows))] if rows else []
    )


def providers_page(shelf: Shelf) -> str:
    """Every provider with the settings of an environment."""
    lines: list[str] = []
    for name in sorted(shelf.provider_folders):
        about = shelf.provider(name)
        lines += [f"## {name}", "", cell(about.description), ""]
        facts = [
            ("foundations", ", ".join(code(item) for item in about.foundations.values()) or "none"),
            ("packages", ", ".join(code(item) for item in about.requirements) or "none"),
            (
                "connects to",
                "every provider"
                if about.reaches is None
                else ", ".join(about.reaches) or "no other provider",
            ),
        ]
        lines += table(("fact", "value"), facts)
        lines += ["**Settings**", "", *model_fields(about.settings)]
        if about.notes:
            lines += ["**Notes**", "", *(f"- {cell(note)}" for note in about.notes), ""]
    return page(
        "Providers",
        "`environments.NAME.provider`, and what may stand in its `settings:` (or, for a second provider, in `providers:`).",
        *lines,
    )


def contracts_page(shelf: Shelf) -> str:
    """Every contract: keys of its binding, variables, clauses, mover."""
    lines: list[str] = []
    for name in contract_names():
        about = describe_contract(name, shelf)
        kinds = ", ".join(f"[{cell(each)}](catalog/{each}.md)" for each in about["capabilities"])
        lines += [f"## {name}", "", f"Version {about['version']}. Capabilities: {kinds or 'any'}.", ""]
        rows = [
            (
                code(key["key"]),
                key["type"],
                "required"
                if key["required"]
                else "absent"
                if key["default"] is None
                else code(key["default"]),
                cell(key["description"]),
            )
            for key in about["binding"]
        ]
        lines += ["**Binding**", "", *table(("key", "type", "default", "description"), rows)]
        variables = [(code(variable), cell(key)) for variable, key in about["variables"].items()]
        if variables:
            lines += [_variables(about), "", *table(("variable", "from key"), variables)]
        clauses = [(code(c["clause"]), cell(c["sentence"]), cell(c["enforced"])) for c in about["clauses"]]
        lines += ["**Clauses**", "", *table(("clause", "sentence", "probe"), clauses)]
        lines += ["**Profiles**", "", *table(("profile", "clauses"), _profiles(about)), *_mover(about)]
    return page(
        "Contracts and clauses",
        "`stackgen catalog contract NAME` prints one of them. *Measured by `verify`*: a probe measures the clause on the running "
        "component. *Measured where clients connect*: the same, and a component that passes on the answers of others keeps it itself. "
        "*Declared only*: nothing on the wire can show it.",
        *lines,
    )


def _profiles(about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each profile with the clauses that it lacks."""
    clauses = [item["clause"] for item in about["clauses"]]
    for profile, kept in about["profiles"].items():
        lacking = ", ".join(code(clause) for clause in clauses if clause not in kept)
        yield code(profile), f"all but {lacking}" if lacking else "all"


def _variables(about: Mapping[str, Any]) -> str:
    if about["plain_variables"]:
        return (
            "**Variables.** Each has the component's name in front (`KNOWLEDGE_...`). The plain names are set too where the "
            "application uses one component of this contract."
        )
    return "**Variables.** Each has the component's name in front (`KNOWLEDGE_...`)."


def _mover(about: Mapping[str, Any]) -> list[str]:
    mover = about["mover"]
    if mover is None:
        holds = about["holds"]
        return [
            f"**Mover.** None: {f'a swap leaves {holds} behind' if holds else 'components hold no data'}.",
            "",
        ]
    return [
        f"**Mover.** {cell(mover['tool'])}.",
        "",
        *(f"- moves {cell(phrase)}" for phrase in mover["carries"]),
        *(f"- leaves behind {cell(phrase)}" for phrase in mover["leaves"]),
        "",
    ]


def commands_page() -> str:
    """Every command with its arguments and flags, from the parser."""
    parser = build_parser()
    commands: Any = next(a for a in parser._actions if a.dest == "command")
    helps = {choice.dest: choice.help or "" for choice in commands._choices_actions}
    lines = ["## Flags of every command", "", *arguments(parser, ("command", "help"))]
    for name, command in commands.choices.items():
        lines += [f"## {name}", "", f"{cell(helps[name])[:1].upper()}{cell(helps[name])[1:]}.", ""]
        lines += ["```text", *usage(command), "```", "", *arguments(command, ("help",))]
        if command.epilog:
            lines += [cell(command.epilog), ""]
    return page(
        "Commands",
        "`stackgen COMMAND --help` prints the same. Results go to stdout, everything else to stderr. `--json` prints one envelope "
        "([versions](../versions.md#the-json-envelope)). [Exit codes](exit-codes.md) are listed on their own page.",
        *lines,
    )


def usage(command: argparse.ArgumentParser) -> list[str]:
    """The usage lines, at one width for every terminal and every Python."""
    if command.usage:
        return [line.strip() for line in command.usage.splitlines()]
    words = [command.prog]
    for action in command._actions:
        name = _metavar(action)
        if action.option_strings:
            word = " ".join(filter(None, (action.option_strings[-1], name)))
            words.append(word if action.required else f"[{word}]")
        else:
            words.append(f"[{name}]" if action.nargs == "?" else name)
    return [" ".join(words)]


def arguments(command: argparse.ArgumentParser, without: tuple[str, ...]) -> list[str]:
    """Positional arguments and flags."""
    rows = [
        (
            ", ".join(
                code(" ".join(filter(None, (flag, _metavar(action))))) for flag in action.option_strings
            )
            or code(_metavar(action)),
            cell(action.help or ""),
        )
        for action in command._actions
        if action.dest not in without
    ]
    return table(("argument", "description"), rows)


def _metavar(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices:
        return "|".join(map(str, action.choices))
    return str(action.metavar or action.dest.upper())


def errors_page() -> str:
    """Every error code."""
    found: dict[str, list[Any]] = {}
    for use in uses():
        found.setdefault(use.code, []).append(use)
    lines: list[str] = []
    for name, listed in found.items():
        numbers = {f"{int(ExitCode[use.exit_code])}" for use in listed if use.exit_code}
        messages = dict.fromkeys(use.message for use in listed if use.message.strip("… "))
        modules = dict.fromkeys(use.module for use in listed)
        lines += [f"## {name}", ""]
        lines += [*(f"- {cell(message)}" for message in messages), ""] if messages else []
        stated = f" Exit code: {', '.join(sorted(numbers, key=int))}." if numbers else ""
        lines += [f"Raised in {', '.join(code(module) for module in modules)}.{stated}", ""]
    return page(
        "Error codes",
        "The code stands in brackets at the beginning of an error, `error[need-not-kept]: ...`, and as `code` in the JSON envelope. Below "
        "each code are its messages, with … for what is filled in, and the modules of `src/stackgen/` that raise it. Where no exit code is "
        "given, it is that of the command, most often 2.",
        *lines,
    )


def exits_page() -> str:
    """Every exit code."""
    rows = [(str(int(each)), code(each.name), EXITS[each]) for each in ExitCode]
    return page(
        "Exit codes",
        "The codes from 0 to 9 and 255 are Pulumi's. `run` exits with the code of the command that it runs.",
        *table(("code", "name", "meaning"), rows),
    )


def versions_page() -> str:
    """Every image and engine version that programs start from."""
    rows = [
        (code(name), code(row.use), str(row.since), f"<{row.releases}>")
        for name, row in vars(versions).items()
        if isinstance(row, versions.Release)
    ]
    return page(
        "Images and versions",
        "Programs start servers and databases from these, unless the spec names another in `settings`. *Since*: the day from which "
        "stackgen has used it. *Releases*: the page that lists newer ones. The table is `src/stackgen/providers/versions.py`. Servers on this "
        "machine are installed from locks instead.",
        *table(("name", "image or version", "since", "releases"), rows),
    )


def pages() -> dict[str, str]:
    """Path below docs/reference/ → text."""
    shelf = Shelf()
    return {
        "spec.md": spec_page(shelf),
        **dict(catalog_pages(shelf)),
        "providers.md": providers_page(shelf),
        "contracts.md": contracts_page(shelf),
        "commands.md": commands_page(),
        "error-codes.md": errors_page(),
        "exit-codes.md": exits_page(),
        "versions.md": versions_page(),
    }


def write(place: Path = PLACE) -> None:
    """Write every page, delete those of what is gone, and write the module that components are checked with."""
    BINDINGS.write_bytes(contract_bindings())
    wanted = pages()
    for path in place.rglob("*.md"):
        if path.relative_to(place).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
