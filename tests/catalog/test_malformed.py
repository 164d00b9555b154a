"""No private catalog makes stackgen fail: whatever stands in a descriptor, the stack's author reads what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stackgen.catalog.shelf import Shelf
from stackgen.cli.catalog_matrix import clause_matrix
from stackgen.errors import StackgenError
from stackgen.planning.plan import check_stack, plan_environment
from stackgen.program.build import build_program
from stackgen.spec.loading import load_spec

pytestmark = pytest.mark.unit
RIGHT = Path(__file__).parent / "right"
IMPLEMENTATION = "object_store/local_folder/implementation.py"
COMPONENT = "object_store/local_folder/component.py"
FAULTS = {
    "an invented level": (IMPLEMENTATION, 'level="bare"', 'level="external"', "bad-value"),
    "no level": (IMPLEMENTATION, 'level="bare",', "", "missing-key"),
    "a misspelt clause": (IMPLEMENTATION, '"multipart"', '"multi-part"', "unknown-clause"),
    "a clause not kept": (IMPLEMENTATION, '"versioning":', '"version":', "unknown-clause"),
    "an unknown contract": (
        IMPLEMENTATION,
        'kept={\n        "s3"',
        'kept={\n        "s4"',
        "unknown-contract",
    ),
    "a missing argument": (COMPONENT, "    workspace: Workspace\n", "", "argument-missing"),
    "another argument": (COMPONENT, "    port: int", "    token: str\n    port: int", "argument-not-passed"),
    "an import of no such name": (COMPONENT, "import Password,", "import Pasword,", "unknown-import"),
    "another class": (COMPONENT, "class LocalFolder(", "class Folder(", "class-missing"),
    "another signature": (COMPONENT, "args: LocalFolderArgs, opts", "opts", "wrong-signature"),
    "an error of syntax": (COMPONENT, "import pulumi", "import", "catalog-invalid"),
    "no Python": (IMPLEMENTATION, "from pydantic", "from", "catalog-invalid"),
    "a null byte": (IMPLEMENTATION, "A folder of this", "A \\x00\0 folder", "catalog-invalid"),
    "an import of nothing": (IMPLEMENTATION, "from pydantic", "from pydantics", "catalog-invalid"),
    "an exit": (IMPLEMENTATION, "IMPLEMENTATION =", "raise SystemExit\nIMPLEMENTATION =", "catalog-invalid"),
    "no descriptor": (IMPLEMENTATION, "IMPLEMENTATION =", "THING =", "catalog-invalid"),
    "another type": (IMPLEMENTATION, "= Implementation(", "= dict(", "catalog-invalid"),
    "the class itself": (IMPLEMENTATION, "= Implementation(", "= Implementation\ndict(", "catalog-invalid"),
    "no model": (IMPLEMENTATION, "settings=Settings", "settings=dict", "wrong-type"),
    "settings of another base": (IMPLEMENTATION, "(ImplementationSettings)", "", "wrong-type"),
    "no settings": (IMPLEMENTATION, "settings=Settings", "settings=None", "wrong-type"),
    "an object as a default": (IMPLEMENTATION, 'default="here"', "default=object()", "wrong-type"),
    "a default of another type": (IMPLEMENTATION, 'default="here"', "default={1: 2}", "wrong-type"),
    "a list of clauses": (IMPLEMENTATION, "kept={\n        ", "kept=[\n        ", "catalog-invalid"),
    "a text of clauses": (IMPLEMENTATION, '"s3": (', '"s4": "list", "s3": (', "wrong-type"),
    "clauses that are numbers": (IMPLEMENTATION, '"s3": (', '"s3": (1, None, ', "wrong-type"),
    "a reason that is none": (IMPLEMENTATION, '"it listens on loopback only"', "None", "wrong-type"),
    "sizes that are a list": (IMPLEMENTATION, "sizes={", "sizes=[1], parts={", "wrong-type"),
    "a size that is no mapping": (IMPLEMENTATION, '"small": {}', '"small": 3', "wrong-type"),
    "a size with an unknown setting": (IMPLEMENTATION, '"small": {}', '"small": {"a": 1}', "unknown-key"),
    "a description that is no text": (
        IMPLEMENTATION,
        'description="A folder',
        'description=3 or "A',
        "wrong-type",
    ),
    "properties of another type": (IMPLEMENTATION, "properties=Properties(", "properties=dict(", "bad-value"),
    "a property without a sentence": (
        IMPLEMENTATION,
        '("none", "plain TCP on loopback")',
        '"none"',
        "wrong-type",
    ),
    "a function that is none": (IMPLEMENTATION, "    licence=", "    offers=3, licence=", "wrong-type"),
    "a function that fails": (
        IMPLEMENTATION,
        "    licence=",
        "    offers=lambda: 1, licence=",
        "catalog-invalid",
    ),
    "a function of another result": (
        IMPLEMENTATION,
        "    licence=",
        "    resolve=lambda *_: 1, licence=",
        "catalog-invalid",
    ),
    "settings that are not there": (
        IMPLEMENTATION,
        "    licence=",
        "    resolve=lambda *_: {'colour': object()}, licence=",
        "catalog-invalid",
    ),
    "a number that is no truth": (IMPLEMENTATION, "    licence=", "    default=1, licence=", "wrong-type"),
    "requirements that are a text": (
        IMPLEMENTATION,
        "    licence=",
        '    requirements="a", licence=',
        "wrong-type",
    ),
    "notes that are a text": (IMPLEMENTATION, "    licence=", '    notes="a", licence=', "wrong-type"),
}


def shelf(folder: Path, file: str = IMPLEMENTATION, before: str = "", after: str = "") -> Path:
    """A copy of the right shelf with one fault, beside a spec that uses it."""
    shutil.copytree(RIGHT, folder / "shelf")
    path = folder / "shelf" / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    shutil.copy(RIGHT / "object_store" / "local_folder" / "example.yaml", folder / "stack.yaml")
    return folder / "shelf"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_stack_is_not_planned_with_a_malformed_implementation(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, before, after, code = FAULTS[fault]
    root = shelf(tmp_path, file, before, after)
    monkeypatch.chdir(tmp_path)
    loaded = load_spec(tmp_path / "stack.yaml")
    with pytest.raises(StackgenError) as caught:
        for planned in check_stack(loaded, Shelf([root])).values():
            build_program(planned)
    problems = caught.value.problems
    assert code in [problem.code for problem in problems]
    assert all(problem.position is not None for problem in problems), caught.value.render()
    where = problems[0].position
    assert where is not None
    assert where.file in (f"shelf/{file}", "stack.yaml")
    assert "pydantic" not in caught.value.render().replace("'pydantics'", "").replace("pydantics", "")


def test_a_right_one_is_planned(tmp_path: Path) -> None:
    assert check_stack(load_spec(shelf(tmp_path).parent / "stack.yaml"), Shelf([tmp_path / "shelf"]))


def test_a_setting_that_no_program_holds_is_refused_where_it_is_used(tmp_path: Path) -> None:
    root = shelf(
        tmp_path, IMPLEMENTATION, "region: str", "since: date | None = Field(default=None)\n    region: str"
    )
    path = root / IMPLEMENTATION
    path.write_text(f"from datetime import date\n{path.read_text()}")
    component = root / COMPONENT
    component.write_text(
        component.read_text().replace("    port: int", "    since: Any = None\n    port: int")
    )
    spec = tmp_path / "stack.yaml"
    assert check_stack(load_spec(spec), Shelf([root]))
    spec.write_text(spec.read_text().replace("local/folder", "local/folder, settings: {since: 2026-01-01}"))
    with pytest.raises(StackgenError) as caught:
        check_stack(load_spec(spec), Shelf([root]))
    assert "'since' of 'documents' by local/folder is of type date" in caught.value.render()


def test_what_is_deployed_can_be_stopped_in_spite_of_a_fault(tmp_path: Path) -> None:
    root = shelf(tmp_path, IMPLEMENTATION, '"multipart"', '"multi-part"')
    loaded = load_spec(tmp_path / "stack.yaml")
    assert plan_environment(loaded, "dev", Shelf([root]), deployed=True).components


def test_a_folder_of_no_provider_is_refused(tmp_path: Path) -> None:
    root = shelf(tmp_path)
    (root / "object_store" / "local_folder").rename(root / "object_store" / "locl_folder")
    spec = tmp_path / "stack.yaml"
    spec.write_text(spec.read_text().replace("local/folder", "locl/folder"))
    with pytest.raises(StackgenError) as caught:
        check_stack(load_spec(spec), Shelf([root]))
    assert caught.value.problems[0].code == "unknown-provider"
    assert caught.value.problems[0].hint == "did you mean 'local'?"


def test_a_matrix_of_a_shelf_with_an_invented_level_says_so(tmp_path: Path) -> None:
    own = Shelf([shelf(tmp_path, IMPLEMENTATION, 'level="bare"', 'level="external"')])
    entries = [own.implementations["object_store"]["local/folder"]]
    with pytest.raises(StackgenError) as caught:
        clause_matrix(own, "object_store", entries, "", tmp_path)
    assert caught.value.problems[0].code == "bad-value"
