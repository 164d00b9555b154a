"""The virtual environment of a generated program, the one its Pulumi.yaml names."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from stackgen.engine.installers import make_environment
from stackgen.engine.progress import Progress
from stackgen.errors import ExitCode, Problem, StackgenError


def prepare(program: Path, progress: Progress) -> None:
    """Make `<program>/venv` from its requirements.txt, unless it is there already and fits.

    Raises StackgenError(install-failed) with the installer's last words.
    """
    requirements, folder = program / "requirements.txt", program / "venv"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = folder / "requirements.sha256"
    if stamp.is_file() and stamp.read_text() == wanted and (folder / "bin" / "python").exists():
        return
    progress("installing the program's requirements")
    try:
        make_environment(folder, ["-r", str(requirements)], pinned="--hash=" in requirements.read_text())
    except subprocess.CalledProcessError as error:
        words = (error.stderr or str(error)).strip().splitlines()[-3:]
        message = f"the requirements of {program} can't be installed: {' / '.join(words)}"
        raise StackgenError(Problem("install-failed", message), ExitCode.DEPLOYMENT) from error
    stamp.write_text(wanted)
