"""A generated program: every file of it, in memory, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stackgen.catalog.shelf import SHARED, Entry
from stackgen.planning.model import Plan
from stackgen.program.contract_variables import contract_variables
from stackgen.program.literals import Code, yaml_string
from stackgen.program.lock import LOCK, lock_content
from stackgen.program.main_module import main_module
from stackgen.program.readme import configuration, readme
from stackgen.program.requirements import pin_requirements as locked
from stackgen.program.requirements import requirement_lines
from stackgen.program.templating import render

TABLES = "contract_variables.py"  # made from the contracts, not copied


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
    files |= _shared(files)
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
    """Components, their files and the providers' own modules, byte for byte as they stand on the shelf."""
    entries = {item.entry.folder: item.entry for item in (*plan.foundations, *plan.all_components)}
    yield "components/__init__.py", b""
    for entry in entries.values():
        yield from _entry(entry)
    for folder in plan.provider_folders.values():
        yield from read_module_files(folder / "program")


def read_module_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder of modules, by its relative POSIX path."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _shared(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Modules that belong to no provider, where something in the program imports them or builds an image of them."""
    known: dict[str, dict[str, bytes]] = {}
    for path, content in read_module_files(SHARED / "program"):
        known.setdefault(path.partition("/")[0].removesuffix(".py"), {})[path] = content
    found: dict[str, bytes] = {}
    while True:
        sources = [text for path, text in {**files, **found}.items() if path.endswith((".py", "Dockerfile"))]
        used = [name for name in known if any(_names(name, source) for source in sources)]
        if not used:
            return found
        for name in used:
            found |= known.pop(name)
        if TABLES in found:
            found[TABLES] = contract_variables()


def _names(module: str, source: bytes) -> bool:
    return f"\nfrom {module} import".encode() in source or f"\nCOPY {module}/".encode() in source


def _entry(entry: Entry) -> Iterator[tuple[str, bytes]]:
    base = f"components/{entry.capability}"
    yield f"{base}/__init__.py", b""
    yield f"{base}/{entry.folder.name}.py", (entry.folder / "component.py").read_bytes()
    for path in entry.files():
        relative = path.relative_to(entry.folder / "files").as_posix()
        yield f"{base}/files/{entry.folder.name}/{relative}", path.read_bytes()
