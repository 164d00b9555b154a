"""A generated program: every file of it, in memory, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stackgen.catalog.shelf import SHARED, Entry
from stackgen.planning.model import Plan
from stackgen.program.contract_bindings import contract_bindings
from stackgen.program.contract_variables import contract_variables
from stackgen.program.literals import Code, yaml_string
from stackgen.program.lock import LOCK, lock_content
from stackgen.program.main_module import main_module
from stackgen.program.readme import configuration, readme
from stackgen.program.requirements import pin_requirements as locked
from stackgen.program.requirements import requirement_lines
from stackgen.program.templating import render

_USE = re.compile(rb"^[ \t]*(?:from|import|COPY) +(\w+)(?=[ .,/\n])", re.MULTILINE)
MADE = {
    "contract_bindings.py": contract_bindings,
    "contract_variables.py": contract_variables,
}  # from the contracts


@dataclass(frozen=True)
class Program:
    """files: relative POSIX path → bytes. once: files written only where there is none yet. spec: its folder."""

    folder: Path
    files: dict[str, bytes]
    once: dict[str, bytes]
    spec: Path


def build_program(plan: Plan, folder: Path | None = None) -> Program:
    """The program of `plan`, to stand in `folder` (default: beside the spec). Same plan, same bytes."""
    target = (folder or plan.program_folder).absolute()
    texts = dict(_texts(plan, target))
    files = {path: text.encode() for path, text in texts.items()} | dict(_copies(plan))
    files |= _modules(plan, files)
    files[LOCK] = lock_content(plan, files)
    once = {"extensions.py": render("extensions.py.jinja").encode()}
    if not plan.state_is_personal:
        once[f"Pulumi.{plan.environment}.yaml"] = render("Pulumi.environment.yaml.jinja").encode()
    return Program(target, dict(sorted(files.items())), once, plan.spec_path.parent)


def _texts(plan: Plan, folder: Path) -> Iterator[tuple[str, str]]:
    description = plan.stack.description or f"The {plan.stack.name} AI ecosystem."
    yield (
        "Pulumi.yaml",
        render(
            "Pulumi.yaml.jinja",
            name=Code(yaml_string(plan.stack.name)),
            description=Code(yaml_string(description)),
            packages=[Code(package) for package in plan.packages],
            configuration=list(configuration(plan)),
        ),
    )
    yield "__main__.py", main_module(plan, folder)
    yield "README.md", readme(plan)
    yield "requirements.in", requirement_lines(plan.requirements)
    yield "requirements.txt", locked(plan.requirements)
    yield (
        ".gitignore",
        render("gitignore.jinja", personal=plan.state_is_personal, environment=Code(plan.environment)),
    )


def _copies(plan: Plan) -> Iterator[tuple[str, bytes]]:
    """Components and their files, byte for byte as they stand on the shelf."""
    entries = {item.entry.folder: item.entry for item in (*plan.foundations, *plan.all_components)}
    yield "components/__init__.py", b""
    for entry in entries.values():
        yield from _entry(entry)


def read_module_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder of modules, by its relative POSIX path."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _modules(plan: Plan, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Modules of the plan's providers and those that belong to no provider, where something in the program uses them.

    A file of a provider's that is no package is copied always.
    """
    packages: dict[str, dict[str, bytes]] = {}
    copied: dict[str, bytes] = {}
    for root in (*(folder / "program" for folder in plan.provider_folders.values()), SHARED / "program"):
        for path, content in read_module_files(root):
            top = path.partition("/")[0]
            if root.parent == SHARED or (root / top / "__init__.py").is_file():
                packages.setdefault(top.removesuffix(".py"), {})[path] = content
            else:
                copied[path] = content
    used = _used_modules({**files, **copied})
    while wanted := used & packages.keys():
        added = {path: content for name in wanted for path, content in packages.pop(name).items()}
        copied |= added
        used |= _used_modules(added)
    return copied | {path: write() for path, write in MADE.items() if path in copied}


def _used_modules(files: Mapping[str, bytes]) -> set[str]:
    """Return the first names of all modules that sources import, and of those that a Dockerfile copies."""
    return {
        match[1].decode()
        for path, content in files.items()
        if path.endswith((".py", "Dockerfile"))
        for match in _USE.finditer(content)
    }


def _entry(entry: Entry) -> Iterator[tuple[str, bytes]]:
    base = f"components/{entry.capability}"
    yield f"{base}/__init__.py", b""
    yield f"{base}/{entry.folder.name}.py", (entry.folder / "component.py").read_bytes()
    for path in entry.files():
        relative = path.relative_to(entry.folder / "files").as_posix()
        yield f"{base}/files/{entry.folder.name}/{relative}", path.read_bytes()
