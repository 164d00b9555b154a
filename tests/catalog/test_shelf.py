"""Every implementation on the shelf keeps the shelf's promises; a new one is one folder and no edit elsewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Entry, Shelf
from stackgen.contracts import contract
from stackgen.descriptors.model import ForStackgen, Refers
from stackgen.descriptors.properties import NA, SCALES
from stackgen.planning.plan import check
from stackgen.program.build import build
from stackgen.spec.loading import load

pytestmark = pytest.mark.unit
SHELF = Shelf()
ENTRIES = [entry for entries in SHELF.implementations.values() for entry in entries.values()]
OFFERED = [entry for entry in ENTRIES if not SHELF.capability(entry.capability).internal]


def _id(entry: Entry) -> str:
    return f"{entry.capability}/{entry.id}"


@pytest.mark.parametrize("entry", OFFERED, ids=_id)
def test_every_clause_is_declared_kept_or_not_kept(entry: Entry) -> None:
    found = entry.implementation
    assert (
        set(found.kept) >= set(SHELF.capability(entry.capability).contracts)
        or found.kept
        or entry.capability == "job"
    )
    for name, kept in found.kept.items():
        declared = [*kept, *found.not_kept.get(name, {})]
        assert sorted(declared) == sorted(clause.name for clause in contract(name).clauses), name
    assert all(reason for reasons in found.not_kept.values() for reason in reasons.values())


@pytest.mark.parametrize("entry", OFFERED, ids=_id)
def test_every_property_is_stated_in_the_vocabulary_with_a_sentence(entry: Entry) -> None:
    stated = entry.implementation.properties
    assert stated is not None, "state `properties`: encryption_at_rest, network_exposure, tls, ..."
    assert [name for name, _, _ in stated] == list(SCALES)
    for name, word, sentence in stated:
        assert word in (*SCALES[name], NA), name
        assert len(sentence) > 10, name
    tls = [clauses for clauses in entry.implementation.kept.values() if "tls" in clauses]
    if stated.tls[0] == "none":
        assert not tls, "declared encrypted as a clause, and plain as a property"


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_what_is_paid_for_is_declared(entry: Entry) -> None:
    found = entry.implementation
    assert found.billing is not None, "say `billing`: per-use, always-on or own-machines"
    assert (found.billing == "own-machines") == (entry.provider in ("local", "kubernetes"))
    said = f"{found.description} {' '.join(found.settings.model_fields)}".lower()
    assert found.gpu == any(word in said for word in ("on gpus", "'s gpus", " gpus ")), "say `gpu`"


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_settings_and_sizes_are_valid_and_described(entry: Entry) -> None:
    settings = entry.implementation.settings
    assert all(info.description for info in settings.model_fields.values())
    for size in entry.implementation.sizes.values():
        settings.model_validate(size)


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_the_component_takes_every_option_and_setting(entry: Entry) -> None:
    tree = ast.parse((entry.folder / "component.py").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    assert entry.class_name in classes
    arguments = classes[f"{entry.class_name}Args"]
    fields = {
        node.target.id
        for node in arguments.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    options = SHELF.capability(entry.capability).options.model_fields
    given = {name for name, info in options.items() if not _stays_out(info.metadata)}
    taken = given - set(entry.implementation.refuses)
    settings = entry.implementation.settings.model_fields.items()
    taken |= {name for name, info in settings if ForStackgen() not in info.metadata}
    assert taken <= fields
    source = (entry.folder / "component.py").read_text()
    assert f'"stackgen:{entry.capability}:{entry.class_name}"' in source
    assert "register_outputs" in source


def _stays_out(marks: list[object]) -> bool:
    """Whether an option is nothing of the component's, or comes to it within another one."""
    return ForStackgen() in marks or any(isinstance(mark, Refers) and mark.into for mark in marks)


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_who_declares_readers_has_them_and_who_has_them_declares_it(entry: Entry) -> None:
    tree = ast.parse((entry.folder / "component.py").read_text())
    assigned = {
        ast.unparse(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
    }
    assert ("self.readers" in assigned) == entry.implementation.readers


@pytest.mark.parametrize("entry", SHELF.implementations["model_registry"].values(), ids=_id)
def test_a_registry_has_readers_or_says_why_not(entry: Entry) -> None:
    assert entry.implementation.readers or any("only reads" in note for note in entry.implementation.notes)


@pytest.mark.parametrize("entry", OFFERED, ids=_id)
def test_the_example_plans_and_renders(entry: Entry, tmp_path: Path) -> None:
    plans = check(load(entry.folder / "example.yaml"), SHELF)
    for environment, plan in plans.items():
        assert entry.folder in {item.entry.folder for item in plan.components}
        for path, data in build(plan, tmp_path / environment).files.items():
            if path.endswith(".py"):
                ast.parse(data)


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
    (plan,) = check(load(spec), Shelf([shelf])).values()
    program = build(plan)
    assert b"from components.object_store.local_folder import LocalFolder" in program.files["__main__.py"]
    assert b"greeting='it\\'s \"here\"'" in program.files["__main__.py"]
    assert "components/object_store/local_folder.py" in program.files
