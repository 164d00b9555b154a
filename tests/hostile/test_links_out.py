"""Links, pipes and devices in a stranger's checkout: nothing of what they lead to is read, printed or waited for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stackgen import checkout as checkouts
from stackgen.cli.main import main
from stackgen.errors import StackgenError
from tests.conftest import Cli
from tests.hostile import checkout

pytestmark = pytest.mark.unit
LIMIT = 120  # seconds; a pipe is waited for without end
CANARY = "canary-0a1b2c3d"
SECRET = f"aws_secret_access_key={CANARY}\nstage: {CANARY}\n[{CANARY}]\n"
ENVIRONMENT = max(Path("/proc/self/environ").read_bytes().split(b"\0"), key=len).decode(errors="replace")[:60]
STACK = "stacks/visited"
WHERE = ("visited", "-e", "dev")
COMMANDS = {
    "check": ("check", "visited"),
    "plan": ("plan", *WHERE),
    "generate": ("generate", *WHERE),
    "generated": ("generate", *WHERE, "--check"),
    "files": ("diff", *WHERE, "--files"),
    "files-as-json": ("diff", *WHERE, "--files", "--json"),
    "compare": ("compare", "visited", "dev", "dev"),
    "why-not": ("why-not", "visited", "task", "kubernetes", "-e", "dev"),
    "board": ("board", "--check", "--records", "board"),
}
REFUSED = {  # file → a command that needs it, and refuses it
    f"{STACK}/stack.yaml": "check",
    f"{STACK}/code/requirements.txt": "check",
    f"{STACK}/golden/corpus.yaml": "check",
    f"{STACK}/golden": "check",
    "stacks/visited": "check",
    "stackgen.toml": "check",
    "pyproject.toml": "plan",
    "board/signers.txt": "board",
    "board/records/one.json": "board",
}
PROGRAM = [
    f"{STACK}/dev/{name}"
    for name in (
        "stackgen.lock.json",
        "Pulumi.yaml",
        "requirements.txt",
        "__main__.py",
        "README.md",
        "extensions.py",
        "components",
    )
]


class Visited:
    """A repository with a stack, its generated program, and all that commands read beside them."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder / "repository"
        self.capfd = capfd
        self.secret = folder / "secrets"
        stack = self.folder / STACK
        for made in (self.folder / ".git", stack / "golden", self.folder / "board" / "records", self.secret):
            made.mkdir(parents=True)
        checkout.write_spec(stack)
        (self.folder / "stackgen.toml").touch()
        (self.folder / "board" / "signers.txt").touch()

    def __call__(self, name: str) -> tuple[int, str]:
        """The exit code of a command and everything it prints."""
        self.capfd.readouterr()
        code = main(COMMANDS[name])
        return code, "".join(self.capfd.readouterr())

    def plant(self, name: str, target: Path | None) -> None:
        """Put a link in the place of a file or folder; without a target a pipe."""
        path = self.folder / name
        if path.is_dir():
            path.rename(path.with_name(f".{path.name}.moved"))
        path.unlink(missing_ok=True)
        if target is None:
            os.mkfifo(path)
        else:
            path.symlink_to(target)

    def outside(self, name: str) -> Path:
        """A file outside the repository, or a folder with the same files, full of secrets."""
        path = self.folder / name
        found = self.secret / path.name
        if not path.is_dir():
            found.write_text(SECRET)
            return found
        for file in [item for item in path.rglob("*") if item.is_file()]:
            copy = found / file.relative_to(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(SECRET)
        found.mkdir(exist_ok=True)
        (found / "corpus.yaml").write_text(SECRET)
        return found


@pytest.fixture
def visited(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Visited]:
    """The current folder, for commands that run in this process."""
    for name in ("DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"STACKGEN_{name}_HOME", str(tmp_path / name.lower()))
    found = Visited(tmp_path, capfd)
    monkeypatch.chdir(found.folder)
    with limited():
        yield found


@contextmanager
def limited() -> Iterator[None]:
    """Fail whatever waits for a pipe."""

    def fail(*_: object) -> None:
        raise TimeoutError("it waits for a pipe")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


TARGETS: dict[str, Callable[[Visited, str], Path | None]] = {
    "file": lambda visited, name: visited.outside(name),
    "environment": lambda _visited, _name: Path("/proc/self/environ"),
    "pipe": lambda _visited, _name: None,
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", [*REFUSED, *PROGRAM])
def test_nothing_outside_a_checkout_is_printed(visited: Visited, name: str, target: str) -> None:
    assert visited("generate")[0] == 0
    fits = target == "file" or (target == "environment" and not (visited.folder / name).is_dir())
    visited.plant(name, TARGETS[target](visited, name))
    for command in COMMANDS:
        code, said = visited(command)
        assert CANARY not in said, (command, said)
        assert ENVIRONMENT not in said, (command, said)
        assert "waits for a pipe" not in said
        assert "error[internal]" not in said, (command, said)
        if fits and REFUSED.get(name) == command:
            assert code != 0, (command, said)
            assert "outside-checkout" in said, (command, said)
            assert name.rpartition("/")[2] in said


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("command", ["generate", "files", "compare", "plan"])
def test_no_program_is_made_that_would_read_such_requirements(
    visited: Visited, command: str, target: str
) -> None:
    name = f"{STACK}/code/requirements.txt"
    visited.plant(name, TARGETS[target](visited, name))
    code, said = visited(command)
    assert code == 2, said
    assert f"error[{'not-a-file' if target == 'pipe' else 'outside-checkout'}]" in said
    assert f"{STACK}/stack.yaml:4:" in said


@pytest.mark.parametrize("kind", ["absolute", "relative", "above"])
def test_links_inside_a_checkout_work(visited: Visited, kind: str) -> None:
    requirements = visited.folder / STACK / "code" / "requirements.txt"
    shared = visited.folder / "shared" / "requirements.txt"
    shared.parent.mkdir()
    requirements.rename(shared)
    if kind == "above":
        (visited.folder / "stacks" / "shared").symlink_to("../shared")
    target = {
        "absolute": shared,
        "relative": "../../../shared/requirements.txt",
        "above": "../../shared/requirements.txt",
    }[kind]
    requirements.symlink_to(target)
    code, said = visited("check")
    assert code == 0, said
    shared.write_text("requests\n")
    code, said = visited("check")
    assert "requirement-not-pinned" in said


def test_a_stack_that_a_user_names_may_be_anywhere(visited: Visited, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    checkout.write_spec(other)
    assert main(("check", "../other")) == 0
    assert main(("check", str(other / "stack.yaml"))) == 0
    (tmp_path / "short").symlink_to(other)  # a link of the user's own, which no repository carries
    assert main(("check", str(tmp_path / "short" / "stack.yaml"))) == 0


@pytest.mark.parametrize("named", ["visited", f"{STACK}/stack.yaml", f"{STACK}"])
def test_however_a_link_of_the_repository_is_named_it_leads_nowhere(
    visited: Visited, capfd: pytest.CaptureFixture[str], named: str
) -> None:
    visited.plant(f"{STACK}/stack.yaml", visited.outside(f"{STACK}/stack.yaml"))
    assert main(("check", named)) == 2
    said = capfd.readouterr().err
    assert "error[outside-checkout]" in said
    assert str(visited.secret / "stack.yaml") in said
    assert CANARY not in said


def test_without_a_repository_the_folder_of_the_spec_counts(
    visited: Visited, capfd: pytest.CaptureFixture[str]
) -> None:
    (visited.folder / ".git").rmdir()
    (visited.folder / "stackgen.toml").unlink()
    name = f"{STACK}/code/requirements.txt"
    visited.plant(name, visited.folder / STACK / "stack.yaml")
    assert "error[requirement-from-elsewhere]" in visited("check")[1]  # it is read
    visited.plant(name, visited.outside("code"))
    assert "outside-checkout" in visited("check")[1]


def test_the_nearest_mark_says_what_the_checkout_is(tmp_path: Path) -> None:
    """Not a repository far above, such as one of a home folder, and not a mark that any user can make."""
    everybodys, archive = tmp_path / "everybodys", tmp_path / "everybodys" / "home" / "archive"
    (archive / "stacks").mkdir(parents=True)
    everybodys.chmod(0o1777)
    (everybodys / ".git").mkdir()
    assert checkouts.find_checkout(archive / "stacks") == str(archive / "stacks")
    (everybodys / "home" / ".git").mkdir()
    assert checkouts.find_checkout(archive / "stacks") == str(everybodys / "home")
    (archive / "stackgen.toml").touch()
    assert checkouts.find_checkout(archive / "stacks") == str(archive)


def test_a_folder_of_stacks_that_leads_elsewhere_is_refused_without_a_repository_too(
    visited: Visited, capfd: pytest.CaptureFixture[str]
) -> None:
    (visited.folder / ".git").rmdir()
    (visited.folder / "stacks" / "link").symlink_to(visited.secret)
    (visited.secret / "stack.yaml").write_text(SECRET)
    assert main(("check", "link")) == 2
    said = capfd.readouterr().err
    assert "error[outside-checkout]" in said
    assert CANARY not in said


def test_the_environment_of_the_process_is_not_printed(cli: Cli) -> None:
    """As in CI, where the checkout is a stranger's."""
    checkout.write_spec(cli.folder)
    cli.environment["SECRET_OF_CI"] = CANARY
    requirements = cli.folder / "code" / "requirements.txt"
    requirements.unlink()
    requirements.symlink_to("/proc/self/environ")
    said = cli("check", "stack.yaml", code=2)
    assert CANARY not in said.stdout + said.stderr
    assert "error[outside-checkout]" in said.stderr


def test_a_long_line_is_cut_and_cannot_move_the_cursor(visited: Visited) -> None:
    (visited.folder / STACK / "code" / "requirements.txt").write_text(
        f"x\x1b[2J{'y' * 100}{CANARY}\n", encoding="utf-8"
    )
    code, said = visited("check")
    assert code == 2
    assert "requirement-not-pinned" in said
    assert CANARY not in said
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.dev.yaml", "requirements.txt"])
@pytest.mark.parametrize("target", TARGETS)
def test_the_engine_gets_no_such_file_of_a_program(visited: Visited, name: str, target: str) -> None:
    from stackgen.engine import program_environment, projects
    from stackgen.progress import silent

    assert visited("generate")[0] == 0
    program = visited.folder / STACK / "dev"
    visited.plant(f"{STACK}/dev/{name}", TARGETS[target](visited, f"{STACK}/dev/{name}"))
    with pytest.raises(StackgenError, match=r"leads out of the checkout|is a pipe") as raised:
        if name == "requirements.txt":
            program_environment.prepare_for_program(program, silent)
        elif target == "environment":
            projects.deleting_project("visited", program, program, {})
        else:
            projects.running_project(program, program)
    assert CANARY not in raised.value.render()


@pytest.mark.parametrize("target", TARGETS)
def test_a_preview_copies_no_such_file(visited: Visited, target: str) -> None:
    from stackgen.disk.staging import stage
    from stackgen.environment.opening import load_shelf
    from stackgen.planning.plan import plan_environment
    from stackgen.program.build import build_program
    from stackgen.spec.loading import load_spec

    assert visited("generate")[0] == 0
    visited.plant(f"{STACK}/dev/extensions.py", TARGETS[target](visited, f"{STACK}/dev/extensions.py"))
    loaded = load_spec(visited.folder / STACK / "stack.yaml")
    program = build_program(plan_environment(loaded, "dev", load_shelf(visited.folder)))
    with pytest.raises(StackgenError, match=r"leads out of the checkout|is a pipe"), stage(program):
        pass


@pytest.mark.parametrize("kind", ["link", "link to nothing", "folder"])
@pytest.mark.parametrize("named", [True, False])
def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path, kind: str, named: bool) -> None:
    """Reports and records are written where a stranger's checkout may have put a link."""
    outside, inside = tmp_path / "outside", tmp_path / "checkout"
    outside.mkdir()
    (outside / "kept").write_text(CANARY)
    (inside / ".git").mkdir(parents=True)
    target = {"link": outside / "kept", "link to nothing": outside / "new", "folder": outside}[kind]
    (inside / "planted").symlink_to(target)
    path = inside / "planted" / "kept" if kind == "folder" else inside / "planted"
    with pytest.raises(StackgenError, match="leads out of"):
        checkouts.write_file(path, "report", within=None if named else inside)
    assert [item.name for item in outside.iterdir()] == ["kept"]
    assert (outside / "kept").read_text() == CANARY


@pytest.mark.skipif(os.geteuid() != 0, reason="acts as another user")
def test_a_link_that_another_user_put_where_all_can_leads_nowhere(tmp_path: Path) -> None:
    """As fs.protected_symlinks has it, which a path without its links would get round."""
    everybodys = tmp_path / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    (everybodys / "kept").write_text(CANARY)
    for name, owner in (("theirs", 4321), ("ours", 0)):
        (everybodys / name).symlink_to("kept")
        os.lchown(everybodys / name, owner, owner)
    with pytest.raises(PermissionError, match="another user made this link"):
        checkouts.write_file(everybodys / "theirs", "report")
    with pytest.raises(PermissionError, match="another user made this link"):
        checkouts.read_file(everybodys / "theirs")
    assert checkouts.read_file(everybodys / "ours") == CANARY.encode()


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    for path, within in ((tmp_path / "link", tmp_path), (tmp_path / "new", None)):
        checkouts.write_file(path, "report", within=within)
        assert path.read_text() == "report"
    assert (tmp_path / "link").is_symlink()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["link", "new", "real"]
    checkouts.write_file("/dev/null", "report")
