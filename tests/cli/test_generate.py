"""stackgen generate beside another run that replaces the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stackgen.cli.main import main
from stackgen.disk import folder_view, writing

pytestmark = pytest.mark.unit
SPEC = """\
apiVersion: stackgen/v1
name: small
components:
  documents: {capability: object_store%s}
environments: {dev: {provider: local}}
"""


def test_files_are_read_while_no_other_run_can_replace_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before that a file can be gone between two looks at it."""
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "stack.yaml"
    spec.write_text(SPEC % "")
    assert main(["generate", "stack.yaml"]) == 0
    spec.write_text(SPEC % ", size: large")
    locked, lock, opened = [False], writing.lock_folder, folder_view.open_file

    @contextmanager
    def noted(folder: Path) -> Iterator[None]:
        with lock(folder):
            locked[0] = True
            yield
            locked[0] = False

    def gone(path: str) -> int:
        if not locked[0] and not path.endswith("stackgen.lock.json"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return opened(path)

    monkeypatch.setattr(writing, "lock_folder", noted)
    monkeypatch.setattr(folder_view, "open_file", gone)
    assert main(["generate", "stack.yaml"]) == 0, capsys.readouterr().err


def test_what_a_hand_edited_file_would_lose_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stack.yaml").write_text(SPEC % "")
    assert main(["generate", "stack.yaml"]) == 0
    main_module = tmp_path / "dev" / "__main__.py"
    main_module.write_text(f"{main_module.read_text()}mine = 1\n")
    assert main(["generate", "stack.yaml"]) == 7
    shown = capsys.readouterr().err
    assert "-mine = 1" in shown
    assert "error[hand-edited]" in shown
