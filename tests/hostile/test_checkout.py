"""Which commands run code of a checkout: `diff` and `up` the program, and no other command anything."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stackgen.engine import program_environment
from stackgen.errors import StackgenError
from stackgen.progress import silent
from tests.conftest import Cli
from tests.hostile import checkout
from tests.hostile.checkout import Marks

pytestmark = pytest.mark.engine
WHERE = ("stack.yaml", "-e", "dev")
READING = {
    "status": ("status", *WHERE),
    "logs": ("logs", *WHERE),
    "bindings": ("bindings", *WHERE),
    "verify": ("verify", *WHERE),
    "run": ("run", *WHERE, "--", "true"),
    "golden": ("golden", "replay", *WHERE),
}
NOTHING = READING | {
    "check": ("check", "stack.yaml"),
    "plan": ("plan", *WHERE),
    "images": ("plan", *WHERE, "--images"),
    "generate": ("generate", *WHERE),
    "generated": ("generate", *WHERE, "--check"),
    "files": ("diff", *WHERE, "--files"),
    "why-not": ("why-not", "stack.yaml", "task", "kubernetes", "-e", "dev"),
    "compare": ("compare", "stack.yaml", "dev", "dev"),
    "swap": ("swap", "stack.yaml", "task", "-e", "dev", "--to", "local"),
    "swap-apply": ("swap", "stack.yaml", "task", "-e", "dev", "--to", "local", "--apply", "--yes"),
    "down": ("down", *WHERE, "--yes"),
    "delete": ("down", *WHERE, "--delete-data", "--yes"),
}
RUNNING = {"diff": ("diff", *WHERE), "up": ("up", *WHERE, "--yes")}
EVERY = NOTHING | RUNNING
OTHERS = sorted(EVERY.keys() - {*RUNNING, "status", "down"})


@pytest.fixture
def place(open_folder: Path) -> Iterator[Cli]:
    """A folder and a data home of the test's own, with a generated program; what is left running is ended."""
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    checkout.write_spec(folder)
    cli = Cli(folder, folder / "data")
    cli("generate", *WHERE)
    yield cli
    for process in psutil.process_iter():
        try:
            if any(
                word.startswith(str(folder)) for word in (*process.environ().values(), *process.cmdline())
            ):
                process.kill()  # servers and their supervisor, which has no variable of its workspace
        except psutil.Error:
            continue


@pytest.fixture
def marks(place: Cli) -> Marks:
    return Marks(place.folder / "ran")


@pytest.mark.parametrize("command", EVERY)
def test_a_changed_program_is_run_by_no_command(place: Cli, marks: Marks, command: str) -> None:
    program = place.folder / "dev"
    checkout.extend(program, marks)
    checkout.change(program, marks)
    done = place(*EVERY[command], code=None)
    # `diff` runs what `generate` would write, with the user's own file; never what was changed.
    assert marks.names() == ({"extensions"} if command == "diff" else set())
    if command == "up":
        assert done.returncode == 7
        assert "error[hand-edited]" in done.stderr
    if command in READING and command != "golden":
        assert done.returncode == 6, done.stderr
        assert "error[not-deployed]" in done.stderr


@pytest.mark.parametrize(
    "command",
    [*RUNNING, "status", "down", *(pytest.param(name, marks=pytest.mark.nightly) for name in OTHERS)],
)
def test_the_users_own_file_runs_by_diff_and_up_alone(place: Cli, marks: Marks, command: str) -> None:
    program = place.folder / "dev"
    checkout.extend(program, marks)
    checkout.commit_environment(program, marks)
    done = place(*EVERY[command], code=None)
    assert marks.names() == ({"extensions"} if command in RUNNING else set())
    if command in RUNNING:
        assert done.returncode == 0, done.stderr
        assert "with the program run files that are not stackgen's: extensions.py\n" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="acts as another user")
@pytest.mark.parametrize("planted", ["folder", "file"])
def test_what_another_user_put_where_all_can_is_not_run(place: Cli, marks: Marks, planted: str) -> None:
    everybodys = place.folder / "everybodys"
    program = everybodys / "program"
    program.mkdir(parents=True)
    (program / "extensions.py").write_text(marks.tell("extensions"))
    os.chown(program / "extensions.py", 4321, 4321)
    everybodys.chmod(0o1777)
    if planted == "folder":
        os.chown(program, 4321, 4321)
    else:
        program.chmod(0o777)
    for command in (("up", "stack.yaml", "--yes"), ("diff", "stack.yaml")):
        done = place(*command, "-e", "dev", "--output", str(program), code=1)
        assert "it belongs to another user, who can replace what is in it" in done.stderr
    assert marks.names() == set()


@pytest.mark.parametrize("command", RUNNING)
def test_modules_beside_the_program_are_named_and_stand_in_for_no_package(
    place: Cli, marks: Marks, command: str
) -> None:
    """The user's own file may import modules beside it; none of them takes the place of another."""
    names = checkout.add_modules(place.folder / "dev", marks)
    done = place(*RUNNING[command])
    _, _, said = done.stderr.partition("with the program run files that are not stackgen's:\n")
    lines = {line.strip() for line in said.splitlines()}
    assert set(names) <= lines
    assert marks.names() == {*(f"helper_{number:02}" for number in range(12)), "more"}


@pytest.mark.parametrize("command", RUNNING)
def test_bytecode_beside_the_program_is_not_run(place: Cli, marks: Marks, command: str) -> None:
    """No reviewer reads it, and Python would take it in place of the source."""
    checkout.commit_bytecode(place.folder / "dev", marks)
    place(*RUNNING[command])
    assert marks.names() == set()


def test_what_is_deployed_is_read_and_stopped_without_the_checkout(place: Cli, marks: Marks) -> None:
    program = place.folder / "dev"
    place("up", *WHERE, "--yes")
    checkout.extend(program, marks)
    checkout.change(program, marks)
    checkout.commit_environment(program, marks)
    for name in ("status", "logs"):
        place(*READING[name])
    place("down", *WHERE, "--yes")
    place("down", *WHERE, "--delete-data", "--yes")
    assert marks.names() == set()
    assert not (place.folder / "data" / "stacks").exists()


@pytest.mark.unit
@pytest.mark.parametrize("command", RUNNING)
def test_help_says_that_the_program_runs(cli: Cli, command: str) -> None:
    said = " ".join(cli(command, "--help").stdout.split())
    assert "runs the program" in said
    assert "extensions.py" in said


@pytest.mark.unit
@pytest.mark.parametrize("pinned", [False, True])
def test_a_programs_requirements_are_wheels_by_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pinned: bool
) -> None:
    """Whatever brought the folder there: the environment is in the cache, and nothing is built for it."""
    marks = Marks(tmp_path / "ran")
    evil = checkout.source_distribution(tmp_path / "evilpkg", marks, "requirements")
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "requirements.in").write_text("pulumi\n")
    text = f"evilpkg==1.0 --find-links {tmp_path}\n" if pinned else f"{evil}\n"
    (tmp_path / "requirements.txt").write_text(text)
    with pytest.raises(StackgenError, match="requirements can't be installed"):
        program_environment.prepare_for_program(tmp_path, silent)
    assert marks.names() == set()
    assert not (tmp_path / "venv").exists()
