"""Checks the requirements of the user's own code: wheels with digests, unless the spec allows more."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from stackgen import checkout
from stackgen.errors import MAX_PROBLEMS, Position, Problem, StackgenError, more_problems
from stackgen.planning.model import Plan
from stackgen.planning.places import provider_settings

REQUIREMENTS_FILE = "requirements.txt"
MAX_REQUIREMENTS_BYTES = 4_000_000  # bytes
MAX_QUOTED_CHARACTERS = 100  # characters of a line that a message quotes
_VARIABLE = re.compile(r"\$[\\\s]*\{")
_COMMENT = re.compile(r"(^|\s)#.*$")
_HASHES = re.compile(r"(^|\s)--hash[=\s]\S*")
_OPTIONS = re.compile(r"--(require-hashes|only-binary[=\s]+\S+)$")  # such as make a file stricter
# What is before a marker, where packages are named by a place: an address, a path, a file.
_PLACE = re.compile(r"[/\\:@]|\.(whl|zip|tgz|tar(\.\w+)?)$")
_HASH = re.compile(r"\s--hash[=\s]")
_ELSEWHERE = re.compile(r"^(-[rc]|--requirement|--constraint|--no-binary)")
_SOURCE = re.compile(r"^(?:-e|--editable)|(?:^|@\s*)(?:\.{0,2}/|file:|https?:|git\+|hg\+|svn\+|bzr\+)\S*")


def refuse_unpinned(plan: Plan) -> None:
    """Raise StackgenError with every requirement that the environment's words do not allow, at its line.

    Only code that runs on this machine counts: elsewhere an image is built from it.
    """
    found: dict[Problem, None] = {}
    for name, file in _files(plan):
        unpinned, builds = (_said(plan, name, word) for word in ("allow_unpinned", "allow_builds"))
        try:
            found |= dict.fromkeys(_problems(file, plan, unpinned=unpinned, builds=builds))
        except StackgenError as error:  # it is no file of the checkout
            found |= dict.fromkeys(error.problems)
    if len(found) > MAX_PROBLEMS:
        found = {**dict.fromkeys(list(found)[:MAX_PROBLEMS]), more_problems(len(found) - MAX_PROBLEMS): None}
    if found:
        raise StackgenError(found)


def code_allowances(plan: Plan) -> tuple[str, ...]:
    """Sentences about what the environment's settings allow the user's own code to do."""
    names = [name for name, _ in _files(plan)]
    words = {
        "allow_unpinned": "whatever the index serves that day is installed, without a digest",
        "allow_builds": "packages may be built, which runs their code as the account of the servers",
    }
    return tuple(
        f"{word}: {sentence} ({', '.join(allowed)})"
        for word, sentence in words.items()
        if (allowed := [name for name in names if _said(plan, name, word)])
    )


def _files(plan: Plan) -> Iterator[tuple[str, Path]]:
    """Component → the requirements of its code, where a provider installs them on this machine."""
    local = {
        item.provider for item in plan.foundations if "allow_unpinned" in type(item.settings).model_fields
    }
    for item in plan.all_components:
        if item.entry.provider in local:
            yield from ((item.name, folder / REQUIREMENTS_FILE) for folder in item.sources.values())


def _said(plan: Plan, name: str, word: str) -> bool:
    provider = plan.by_name[name].entry.provider
    return bool(provider_settings(plan.stack.environments[plan.environment], provider).get(word))


def _problems(file: Path, plan: Plan, *, unpinned: bool, builds: bool) -> Iterator[Problem]:
    if not os.path.lexists(file):
        return
    try:
        text = checkout.read_text(file, within=plan.spec_path.parent, most=MAX_REQUIREMENTS_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        yield Problem("requirements-unreadable", f"{file} can't be read: {error}", Position(str(file), 1, 1))
        return
    yield from _variables(file, text)
    for number, line, first in _requirements(text):
        what = _cut(line.split(" --hash")[0].strip())
        position = Position(str(file), number, 1, _cut(first))
        if _ELSEWHERE.match(line):
            message = f"'{what}' has no meaning here: only what stands in this file is installed"
            yield Problem("requirement-elsewhere", message, position, _lock(file))
        elif _SOURCE.search(line) and not what.endswith(".whl") and not builds:
            message = f"'{what}' has to be built, which runs its code"
            yield Problem("requirement-is-built", message, position, _word(plan, "allow_builds"))
        elif _names_a_place(line) and not unpinned:
            message = f"'{what}' says where packages come from; this machine's own index says that"
            hint = f"name the package and its version, with its digest; or {_word(plan, 'allow_unpinned')}"
            yield Problem("requirement-from-elsewhere", message, position, hint)
        elif not line.startswith("-") and not _HASH.search(line) and not unpinned:
            message = f"'{what}' has no digest, so any file of that name would be installed"
            hint = f"{_lock(file)}; or {_word(plan, 'allow_unpinned')}"
            yield Problem("requirement-not-pinned", message, position, hint)


def _variables(file: Path, text: str) -> Iterator[Problem]:
    """Every `${`: installers put a variable of this machine's there, such as a mirror's address with its password."""
    lines = text.split("\n")
    for number in dict.fromkeys(_lines_of(_VARIABLE, text)):
        what = _cut(lines[number].strip())
        message = f"'{what}' has a variable: it would hand a value of this machine's environment on"
        position = Position(str(file), number + 1, 1, _cut(lines[number]))
        yield Problem("requirement-variable", message, position, "name the package and its version alone")


def _lines_of(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    """Where each match begins, in one pass; a match may go on in the next line."""
    number = start = 0
    for match in pattern.finditer(text):
        number += text.count("\n", start, match.start())
        start = match.start()
        yield number


def _names_a_place(line: str) -> bool:
    """True if a requirement or option is more than a package, its version, a marker and digests."""
    if line.startswith("-"):
        return not _OPTIONS.fullmatch(line)
    return bool(_PLACE.search(_HASHES.sub("", line).partition(";")[0].strip()))


def _requirements(text: str) -> Iterator[tuple[int, str, str]]:
    """Each requirement or option: its line, the whole of it, and its first line as written."""
    lines = enumerate(text.splitlines(), 1)
    for number, first in lines:
        parts = [_COMMENT.sub("", first).strip()]
        while parts[-1].endswith("\\"):  # a comment ends its line, whatever stands at its own end
            parts[-1] = parts[-1][:-1]
            parts.append(_COMMENT.sub("", next(lines, (0, ""))[1]).strip())
        if whole := " ".join(parts).strip():
            yield number, whole, first


def _cut(text: str) -> str:
    """As much of a line as a message needs; the console spells control characters out."""
    return text if len(text) <= MAX_QUOTED_CHARACTERS else f"{text[:MAX_QUOTED_CHARACTERS]}..."


def _lock(file: Path) -> str:
    """How to lock, exactly."""
    wanted = file.with_suffix(".in")
    first = "" if wanted.exists() else f"mv {REQUIREMENTS_FILE} {wanted.name} && "
    compile_it = f"uv pip compile --universal --generate-hashes {wanted.name} -o {REQUIREMENTS_FILE}"
    return f"lock it: cd {file.parent} && {first}{compile_it}"


def _word(plan: Plan, word: str) -> str:
    return f"say `{word}: true` in the settings of environment '{plan.environment}'"
