"""Every implementation on the shelf keeps the shelf's promises; a new one is one folder and no edit elsewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from stackgen.authoring.checking import check_implementation
from stackgen.catalog.checks.component import read_component
from stackgen.catalog.checks.declared import defaults
from stackgen.catalog.checks.source import fields_of
from stackgen.catalog.shelf import Entry, Shelf
from stackgen.planning.plan import check_stack
from stackgen.program.build import build_program
from stackgen.spec.loading import load_spec

pytestmark = pytest.mark.unit
SHELF = Shelf()
ENTRIES = [entry for entries in SHELF.implementations.values() for entry in entries.values()]


def _id(entry: Entry) -> str:
    return f"{entry.capability}/{entry.id}"


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_an_implementation_passes_the_checks_that_authors_run(entry: Entry) -> None:
    assert [problem.render() for problem in check_implementation(SHELF, entry)] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_a_size_lists_only_what_differs_from_the_defaults(entry: Entry) -> None:
    settings = entry.implementation.settings.model_fields
    repeated = [
        (size, name)
        for size, values in entry.implementation.sizes.items()
        for name, value in values.items()
        if not settings[name].is_required() and settings[name].get_default(call_default_factory=True) == value
    ]
    assert repeated == []


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_a_default_is_what_validation_makes_of_it(entry: Entry) -> None:
    """Defaults are not validated: `4` for a float would stand in programs as another text than a spec's `4`."""
    for name, info in entry.implementation.settings.model_fields.items():
        default = None if info.is_required() else info.get_default()
        if isinstance(default, int | float) and info.annotation is not None:
            assert repr(TypeAdapter(info.annotation).validate_python(default)) == repr(default), name


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_a_component_has_no_value_of_its_own(entry: Entry) -> None:
    """A program passes what `Settings` says; a field has a default only where a program may leave it out."""
    fields = fields_of(read_component(entry).arguments)
    defaults = {name: ast.unparse(node.value) for name, node in fields.items() if node.value is not None}
    nothing = re.compile(r"None|\(\)|field\(default_factory=dict(\[.*\])?\)")
    assert {name: text for name, text in defaults.items() if not nothing.fullmatch(text)} == {}


def test_each_provider_has_one_default_for_a_capability() -> None:
    assert list(defaults(SHELF, ENTRIES)) == []


@pytest.mark.parametrize("entry", SHELF.implementations["model_registry"].values(), ids=_id)
def test_a_registry_has_readers_or_says_why_not(entry: Entry) -> None:
    assert entry.implementation.readers or any("only reads" in note for note in entry.implementation.notes)


THROW_AWAY = {
    "object_store/local_folder/__init__.py": "",
    "object_store/local_folder/implementation.py": """
from pydantic import Field
from stackgen.descriptors.model import Implementation, ImplementationSettings

class Settings(ImplementationSettings):
    greeting: str = Field(default="hello", description="Said at creation.")

IMPLEMENTATION = Implementation(description="A folder.", level="bare", settings=Settings, sizes={"small": {}},
    kept={"s3": ()}, not_kept={"s3": {"tls": "there is no network"}})
""",
    "object_store/local_folder/component.py": '''
"""A folder."""
from __future__ import annotations
from dataclasses import dataclass
from typing import Any
import pulumi
from local_provider.workspace import Workspace

@dataclass(frozen=True, kw_only=True)
class LocalFolderArgs:
    workspace: Workspace
    bucket: str | None = None
    greeting: str = "hello"

class LocalFolder(pulumi.ComponentResource):
    def __init__(self, name: str, args: LocalFolderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stackgen:object_store:LocalFolder", name, None, opts)
        self.bindings: dict[str, dict[str, Any]] = {"s3": {"bucket": args.greeting}}
        self.register_outputs({"bindings": self.bindings})
''',
}
SPEC = """
apiVersion: stackgen/v1
name: throw-away
components:
  documents: {capability: object_store, implementation: local/folder, settings: {greeting: 'it''s "here"'}}
environments:
  dev: {provider: local}
"""


def throw_away(folder: Path) -> tuple[Path, Path]:
    """A private catalog with one new implementation, and a spec that uses it."""
    for name, text in THROW_AWAY.items():
        path = folder / "shelf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "stack.yaml").write_text(SPEC)
    return folder / "shelf", folder / "stack.yaml"


def test_a_new_implementation_is_one_folder(tmp_path: Path) -> None:
    shelf, spec = throw_away(tmp_path)
    (plan,) = check_stack(load_spec(spec), Shelf([shelf])).values()
    program = build_program(plan)
    assert b"from components.object_store.local_folder import LocalFolder" in program.files["__main__.py"]
    assert b"greeting='it\\'s \"here\"'" in program.files["__main__.py"]
    assert "components/object_store/local_folder.py" in program.files
