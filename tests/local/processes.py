"""The processes of a local stack, as the machine shows them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

from stackgen.catalog.shelf import Shelf
from stackgen.planning.plan import plan_environment
from stackgen.spec.loading import load_spec


def servers(data: Path) -> list[psutil.Process]:
    """Everything that runs for the stacks of a data home, supervisord included."""
    return [process for process in psutil.process_iter() if str(data / "stacks") in _workspace(process)]


def supervisor(data: Path) -> psutil.Process:
    """The one supervisord of a data home."""
    (found,) = [p for p in servers(data) if "supervisord.conf" in " ".join(p.cmdline())]
    return found


def undeclared_folders(spec: Path, data: Path) -> set[str]:
    """Folders of servers whose names another component may have, since no implementation declares them (`parts`)."""
    boxes = plan_environment(load_spec(spec), "dev", Shelf()).all_components
    own = {box.resource for box in boxes}
    own |= {f"{box.resource}-{part}" for box in boxes for part in box.implementation.parts}
    return {path.name for path in (data / "stacks").glob("*/dev/run/*")} - own


def reboot(data: Path) -> None:
    """Kill everything of a data home: the supervisor first, or it starts anew what is killed before it."""
    supervisor(data).kill()
    while left := servers(data):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=60)


def variable(process: psutil.Process, name: str) -> str:
    """A variable of a process; "" where it has none or cannot be asked."""
    with suppress(psutil.Error):
        return process.environ().get(name, "")
    return ""


def _workspace(process: psutil.Process) -> str:
    """The folder that a server runs for; of supervisord, its command line names it."""
    with suppress(psutil.Error):
        return variable(process, "STACKGEN_WORKSPACE") or " ".join(process.cmdline())
    return ""
