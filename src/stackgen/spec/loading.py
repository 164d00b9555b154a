"""From a spec file to a Stack that knows where everything in it stands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from stackgen import checkout
from stackgen.errors import MAX_PROBLEMS, ExitCode, Problem, StackgenError, did_you_mean, more_problems
from stackgen.spec.candidates import FILE, FOLDER, spec_candidates
from stackgen.spec.stack import Stack
from stackgen.spec.yaml_reader import MAX_DOCUMENT_BYTES, Positions, ValuePath, read_yaml

MAX_COMPONENTS = 20_000  # components of all environments together


_NO_TEXT = re.compile("[\\x00\\ud800-\\udfff]")


@dataclass(frozen=True)
class LoadedStack:
    """A stack, the file it came from, and its digest. positions: None for a stack built in Python."""

    stack: Stack
    path: Path
    digest: str
    positions: Positions | None = None


def load_spec(path: Path) -> LoadedStack:
    """Read and check a spec file; raises StackgenError with all problems."""
    try:
        data = checkout.read_file(path, most=MAX_DOCUMENT_BYTES)
    except OSError as error:
        message = f"{path} can't be read: {error.strerror or error}"
        raise StackgenError(Problem("cannot-read", message), ExitCode.NOT_FOUND) from None
    return parse_spec(data, path)


def parse_spec(data: bytes, path: Path) -> LoadedStack:
    """The same for bytes that are (or would be) the content of `path`."""
    content, positions = read_yaml(data, short_path(path))
    stack = validate_spec(content, positions)
    return LoadedStack(stack, path.absolute(), hashlib.sha256(data).hexdigest(), positions)


def load_from_python(stack: Stack, path: Path) -> LoadedStack:
    """A stack built in Python, as if `path` were its spec file; raises StackgenError with all problems."""
    content = stack.model_dump(mode="json", by_alias=True, exclude_unset=True)
    data = stack.model_dump_json(by_alias=True).encode()
    return LoadedStack(validate_spec(content), path.absolute(), hashlib.sha256(data).hexdigest())


def validate_spec(content: Any, positions: Positions | None = None) -> Stack:
    """Plain values to a Stack; raises StackgenError with all problems."""
    if not isinstance(content, dict):
        place = positions.at(()) if positions is not None else None
        message = "a spec is a mapping that begins with `apiVersion: stackgen/v1`"
        raise StackgenError(Problem("wrong-type", message, place, next="stackgen new"))
    broken = _broken(content, ()) if positions is None else None  # the reader lets no such text in
    if broken is not None:
        message = f"'{'.'.join(map(str, broken)) or 'the spec'}' contains NUL or an unpaired surrogate"
        raise StackgenError(Problem("bad-value", message))
    try:
        stack = Stack.model_validate(content)
    except ValidationError as error:
        from stackgen.spec.problems import list_problems

        raise StackgenError(list_problems(error, positions, subject="the spec", model=Stack)) from None
    _require_version(cast("dict[str, Any]", content), positions)
    problems = list(islice(_dangling(stack, positions), MAX_PROBLEMS))
    if problems:
        raise StackgenError([*problems, more_problems(None)] if len(problems) == MAX_PROBLEMS else problems)
    total = len(stack.components) * len(stack.environments)
    if total > MAX_COMPONENTS:
        place = positions.at(("environments",)) if positions is not None else None
        message = f"the environments have {total:,} components together, more than {MAX_COMPONENTS:,}"
        raise StackgenError(Problem("too-large", message, place, "make several stacks of it"))
    return stack


def locate_spec(stack: str, folder: Path) -> Path:
    """The spec file that a user means: a path, or a name under stacks/.

    A path may lead anywhere; what stands under stacks/ is of the checkout. Raises StackgenError (stack-not-found,
    outside-checkout).
    """
    *named, by_name = map(Path, spec_candidates(stack, str(folder)))
    for candidate in named:
        if _is_file(candidate):
            return candidate
    if _is_file(by_name):
        checkout.require_inside(by_name, folder)
        return by_name
    known = sorted(path.parent.name for path in (folder / FOLDER).glob(f"*/{FILE}"))
    message = f"there is no stack '{stack[:200]}': neither a spec file nor a folder under {FOLDER}/"
    problem = Problem(
        "stack-not-found", message, None, did_you_mean(stack, known), tuple(known), "stackgen new NAME"
    )
    raise StackgenError(problem, ExitCode.NOT_FOUND)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is no name here: too long, or with a NUL in it
        return False


def _broken(content: Any, path: ValuePath) -> ValuePath | None:
    """Where a string is that no file could hold, if there is one."""
    if isinstance(content, str):
        return path if _NO_TEXT.search(content) else None
    if isinstance(content, dict):
        items: Iterable[tuple[Any, Any]] = cast("dict[Any, Any]", content).items()
        if any(isinstance(key, str) and _NO_TEXT.search(key) for key, _ in items):
            return path
    else:
        items = enumerate(cast("list[Any]", content)) if isinstance(content, list) else ()
    return next((found for key, item in items if (found := _broken(item, (*path, key))) is not None), None)


def _require_version(content: dict[str, Any], positions: Positions | None) -> None:
    if "apiVersion" not in content and "api_version" not in content:
        place = positions.at(()) if positions is not None else None
        message = "the spec lacks 'apiVersion'"
        raise StackgenError(Problem("missing-key", message, place, "begin it with `apiVersion: stackgen/v1`"))


def _dangling(stack: Stack, positions: Positions | None) -> Iterator[Problem]:
    """Environments that name components which don't exist, or ask for a control that nothing enforces."""
    names = list(stack.components)
    for environment, content in stack.environments.items():
        base = ("environments", environment)
        for name in content.components:
            if name not in stack.components:
                message = f"environment '{environment}' changes '{name}', and there is no such component"
                place = positions.at((*base, "components", name)) if positions is not None else None
                yield Problem("unknown-reference", message, place, did_you_mean(name, names), tuple(names))
        if content.promotes_from is not None:
            place = positions.at((*base, "promotes_from")) if positions is not None else None
            message = (
                f"environment '{environment}' has `promotes_from`, which stackgen does not enforce yet: "
                "nothing would keep a change from coming here first"
            )
            hint = "remove the line, and keep the order of environments in your pipeline"
            yield Problem("not-enforced", message, place, hint)


def short_path(path: Path) -> str:
    """The path as short as it can be said from here."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
