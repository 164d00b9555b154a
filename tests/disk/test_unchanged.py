"""A second run that finds nothing to do must never be wrong about that."""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stackgen import checkout
from stackgen.catalog.shelf import Shelf
from stackgen.disk import folder_view as presence
from stackgen.disk import unchanged as module
from stackgen.disk.unchanged import Request, find_unchanged, record_inputs
from stackgen.disk.writing import compare_folder, write_program
from stackgen.planning.plan import plan_environment
from stackgen.program.build import Program, build_program
from stackgen.spec.loading import load_spec

SPEC = """\
apiVersion: stackgen/v1
name: claims
components:
  documents: {capability: object_store}
  assistant: {capability: service, source: ./app, command: [python, -m, app]}
environments:
  dev: {provider: local}
"""


class Place:
    """A stack in a folder of its own, generated as the command does it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "dev"
        (folder / "app").mkdir()
        self.spec = folder / "stack.yaml"
        self.spec.write_text(SPEC)

    def program(self) -> Program:
        return build_program(plan_environment(load_spec(self.spec), "dev", Shelf()))

    def generate(self, *, force: bool = True) -> None:
        planned = plan_environment(load_spec(self.spec), "dev", Shelf())
        program = build_program(planned)
        write_program(program, force=force)
        record_inputs(Request(str(self.spec), None, None), planned, program)

    def known(self) -> bool:
        return find_unchanged(Request(str(self.spec), None, None)) is not None


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Generated once, and known to be unchanged."""
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "SETTLED_AGE_NS", 0)  # this source tree may have been edited a second ago
    (tmp_path / "stack").mkdir()
    found = Place(tmp_path / "stack")
    found.generate()
    assert found.known()
    return found


@pytest.mark.unit
def test_it_says_what_it_found(place: Place) -> None:
    found = find_unchanged(Request(str(place.spec), None, None))
    assert found is not None
    assert (found.folder, found.stack, found.environment) == (str(place.out), "claims", "dev")


@pytest.mark.unit
def test_another_question_has_another_answer(place: Place) -> None:
    assert find_unchanged(Request(str(place.spec), "dev", None)) is None
    assert find_unchanged(Request(str(place.spec), None, str(place.folder / "elsewhere"))) is None
    assert find_unchanged(Request(str(place.folder / "nothing.yaml"), None, None)) is None


@pytest.mark.unit
def test_every_file_that_is_edited_removed_or_replaced_is_noticed(place: Place, tmp_path: Path) -> None:
    program = place.program()
    for path, data in program.files.items():
        file = place.out / path
        file.write_bytes(data + b"#")
        assert not place.known(), path
        file.write_bytes(bytes(len(data)) if data else b"#")
        assert not place.known(), path
        file.unlink()
        assert not place.known(), path
        (tmp_path / "same").write_bytes(data)
        file.symlink_to(tmp_path / "same")
        assert not place.known(), path
        file.unlink()
        file.write_bytes(data)
        assert place.known(), path


@pytest.mark.unit
def test_files_written_once_must_be_there_and_may_say_anything(place: Place) -> None:
    (place.out / "extensions.py").write_text("# mine\n")
    assert place.known()
    (place.out / "extensions.py").unlink()
    assert not place.known()


@pytest.mark.unit
def test_a_folder_behind_a_link_is_looked_at_properly(place: Place, tmp_path: Path) -> None:
    place.out.rename(tmp_path / "moved")
    place.out.symlink_to(tmp_path / "moved")
    assert not place.known()
    place.out.unlink()
    (tmp_path / "moved").rename(place.out)
    (place.out / "components").rename(tmp_path / "components")
    (place.out / "components").symlink_to(tmp_path / "components")
    assert not place.known()


@pytest.mark.unit
def test_any_change_of_the_spec_is_noticed(place: Place) -> None:
    for text in (SPEC + "# a comment\n", SPEC.replace("app]", "App]"), SPEC.replace("\n", "\r\n")):
        place.spec.write_text(text)
        assert not place.known()
    place.spec.write_text(SPEC)
    assert place.known()
    place.spec.unlink()
    assert not place.known()


@pytest.mark.unit
def test_configuration_that_appears_anywhere_above_is_noticed(place: Place) -> None:
    for folder in (place.folder, *list(place.folder.parents)[:2]):
        for name in ("stackgen.toml", "pyproject.toml"):
            (folder / name).write_text('[tool.stackgen]\ncatalogs = ["shelf"]\n')
            assert not place.known()
            (folder / name).unlink()
        (folder / ".git").mkdir()  # where sources may be
        assert not place.known()
        (folder / ".git").rmdir()
    assert place.known()


@pytest.mark.unit
def test_a_source_that_goes_or_leads_elsewhere_is_noticed(place: Place, tmp_path: Path) -> None:
    app = place.folder / "app"
    (app / "main.py").write_text("print('what is in it does not matter')")
    assert place.known()
    shutil.rmtree(app)
    assert not place.known()
    (tmp_path / "other").mkdir()
    app.symlink_to(tmp_path / "other")
    assert not place.known()


@pytest.mark.unit
def test_another_day_is_another_question(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = time.gmtime(time.time() + 86_400)
    monkeypatch.setattr(module.time, "gmtime", lambda: tomorrow)
    assert not place.known()


def _copied_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "package"
    shutil.copytree(module.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "PACKAGE", str(package))
    return package


@pytest.mark.unit
def test_another_generator_or_shelf_is_noticed(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = _copied_generator(tmp_path, monkeypatch)
    place.generate()
    assert place.known()
    template = package / "program" / "templates" / "gitignore.jinja"
    before = template.stat()
    template.write_text(template.read_text().replace("venv", "Venv"))
    os.utime(template, ns=(before.st_atime_ns, before.st_mtime_ns))  # the same size and time stamp
    assert not place.known()
    place.generate()
    (package / "catalog" / "object_store" / "mine_new").mkdir()
    (package / "catalog" / "object_store" / "mine_new" / "implementation.py").write_text("")
    assert not place.known()


@pytest.mark.unit
def test_what_is_installed_beside_it_is_noticed(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    assert not place.known()
    place.generate()
    assert place.known()
    (site / "shelf-1.0.dist-info").mkdir()
    assert not place.known()


@pytest.mark.unit
def test_a_generator_that_may_still_change_unseen_is_not_relied_upon(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED_AGE_NS", 3600 * 10**9)
    _copied_generator(tmp_path, monkeypatch)
    place.generate()
    assert not place.known()


@pytest.mark.unit
def test_a_damaged_note_is_no_note(place: Place) -> None:
    request = Request(str(place.spec), None, None)
    whole = Path(request.note).read_bytes()
    for broken in (
        b"",
        b"\xff\xfe",
        b"\n\n\n",
        whole[: len(whole) // 3],
        whole[: whole.rindex(b"\n")],
        whole[: whole.index(b"\nfile ")],
        whole.replace(b"file ", b"once ")[:40],
    ):
        Path(request.note).write_bytes(broken)
        assert not place.known()
    place.generate()
    assert place.known()


@pytest.mark.unit
def test_notes_that_others_could_write_are_not_read(place: Place) -> None:
    folder = Path(Request(str(place.spec), None, None).folder)
    folder.chmod(0o777)
    assert not place.known()


@pytest.mark.unit
def test_notes_do_not_pile_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_NOTES", 3)
    folder = Path(Request(str(place.spec), None, None).folder)
    for number in range(9):
        (folder / f"old-{number}").write_text("")
    place.generate()
    assert len(list(folder.iterdir())) == 1


@pytest.mark.sweep
def test_it_is_never_content_with_what_a_full_run_would_change(place: Place) -> None:
    """Random doings in spec and folder; whenever nothing is found to do, a full run agrees."""
    chance = random.Random(7)  # noqa: S311
    paths = [*place.program().files, "extensions.py", "mine.txt", "components/mine.py"]
    kept = 0

    def edit() -> None:
        (place.out / chance.choice(paths)).write_text(chance.choice(["", "x", "y\n"]))

    def remove() -> None:
        (place.out / chance.choice(paths)).unlink(missing_ok=True)

    def respell() -> None:
        place.spec.write_text(SPEC.replace("documents", chance.choice(["documents", "files", "papers"])))

    def touch() -> None:
        os.utime(place.out / chance.choice(["__main__.py", "README.md"]))

    doings: list[Any] = [edit, remove, respell, touch, place.generate, place.generate]
    for _ in range(150):
        chance.choice(doings)()
        if place.known():
            kept += 1
            assert not compare_folder(place.program())
    assert kept > 20


@pytest.mark.unit
def test_a_full_run_reads_nothing_that_a_note_does_not_know(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file that planning and rendering open is the spec, configuration, the program, or the generator's own."""
    opened: list[str] = []
    listening = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if (
            listening
            and event in ("open", "os.listdir", "os.scandir")
            and isinstance(arguments[0], (str, bytes))
        ):
            opened.append(os.path.abspath(os.fsdecode(arguments[0])))  # noqa: PTH100

    by_parts = checkout.open_file

    def whole(real: str) -> int:
        """It opens folder after folder, and the hook sees names alone."""
        nonlocal listening
        listening = False
        try:
            return by_parts(real)
        finally:
            opened.append(real)
            listening = True

    for reader in (checkout, presence):
        monkeypatch.setattr(reader, "open_file", whole)
    sys.addaudithook(hook)
    place.generate()
    listening = False
    known = (
        *(str(Path(entry).absolute()) for entry in sys.path),
        module.PACKAGE,
        str(place.out),
        str(place.spec),
        sys.prefix,
    )
    known += (sys.base_prefix, str(place.folder.parent / "cache"), str(place.folder / ".dev."))
    strange = [path for path in opened if not path.startswith(known) and path != str(place.folder)]
    assert strange == []
    assert str(place.spec) in opened


@pytest.mark.unit
def test_a_run_writes_only_the_files_that_differ(place: Place) -> None:
    def stamps() -> dict[str, tuple[int, int]]:
        files = [path for path in place.out.rglob("*") if path.is_file()]
        return {p.relative_to(place.out).as_posix(): (p.stat().st_ino, p.stat().st_mtime_ns) for p in files}

    before = stamps()
    place.spec.write_text(SPEC.replace("app]", "app, --verbose]"))
    place.generate(force=False)
    after = stamps()
    assert {path for path in after if before[path] != after[path]} == {"__main__.py", "stackgen.lock.json"}
