"""A generated program: every file of it, in memory, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stackgen.catalog.shelf import Entry
from stackgen.planning.model import Plan
from stackgen.program.literals import Code, yaml_string
from stackgen.program.lock import LOCK, lock_content
from stackgen.program.main_module import main_module
from stackgen.program.modules import select_modules
from stackgen.program.readme import configuration, readme
from stackgen.program.requirements import pin_requirements as locked
from stackgen.program.requirements import requirement_lines
from stackgen.program.templating import render


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
    files |= select_modules(plan, files)
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


def _entry(entry: Entry) -> Iterator[tuple[str, bytes]]:
    base = f"components/{entry.capability}"
    yield f"{base}/__init__.py", b""
    yield f"{base}/{entry.folder.name}.py", (entry.folder / "component.py").read_bytes()
    for path in entry.files():
        relative = path.relative_to(entry.folder / "files").as_posix()
        yield f"{base}/files/{entry.folder.name}/{relative}", path.read_bytes()
