"""stackgen diff runs what it has shown, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stackgen.cli.main import main
from stackgen.disk import user_files
from stackgen.program.build import Program

pytestmark = pytest.mark.unit
SPEC = """\
apiVersion: stackgen/v1
name: small
components:
  documents: {capability: object_store}
environments: {dev: {provider: local}}
"""


@pytest.mark.parametrize("written", ["helper.py", "__main__.py"])
def test_what_is_written_while_a_program_is_compared_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    (tmp_path / "stack.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STACKGEN_DATA_HOME", str(tmp_path / "data"))
    main(["generate", "stack.yaml"])

    def pull(program: Program, progress: Callable[[str], None]) -> None:
        (program.folder / written).write_text("import os\n")

    monkeypatch.setattr(user_files, "report_user_files", pull)
    assert main(["diff", "stack.yaml"]) == 4
    assert "error[program-changed]" in capsys.readouterr().err
