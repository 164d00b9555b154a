"""What a `source` asks to be installed: wheels by digest, by the servers' account, with none of our variables."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.accounts import component_account
from tests.conftest import Cli
from tests.hostile import checkout, indexes
from tests.hostile.checkout import Marks

WHERE = ("stack.yaml", "-e", "dev")
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "canary",
    "GOOGLE_APPLICATION_CREDENTIALS": "/canary",
    "HF_TOKEN": "canary",
    "PULUMI_ACCESS_TOKEN": "canary",
    "KUBECONFIG": "/canary",
}
DIGEST = f"--hash=sha256:{'0' * 64}"
LOCKED = f"idna==3.10 \\\n    --hash=sha256:{'0' * 64}  # a comment\n"


@pytest.fixture
def place(open_folder: Path) -> Cli:
    """A folder that the servers' account may look into, with a spec."""
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    checkout.write_spec(folder)
    return Cli(folder, folder / "data")


@pytest.fixture
def marks(place: Cli) -> Marks:
    return Marks(place.folder / "ran")


def allow(cli: Cli, *words: str) -> None:
    """Say words in the environment's settings."""
    spec = cli.folder / "stack.yaml"
    said = ", ".join(f"{word}: true" for word in words)
    text = spec.read_text()
    spec.write_text(text.replace("{provider: local}", f"{{provider: local, settings: {{{said}}}}}"))


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("# nothing\n\nrequests\n", 3, "requirement-not-pinned"),
        ("requests==2.32.0", 1, "requirement-not-pinned"),
        (f"{LOCKED}requests==2.32.0\n", 3, "requirement-not-pinned"),
        ("requests==2.32.0 \\\n    # --hash=sha256:0\n", 1, "requirement-not-pinned"),
        (f"{LOCKED.rstrip()} \\\nrequests==2.32.0\n", 3, "requirement-not-pinned"),
        ("requests @ https://example.com/requests.whl", 1, "requirement-from-elsewhere"),
        (f"evil @ file:///srv/evil.tar.gz --hash=sha256:{'0' * 64}", 1, "requirement-is-built"),
        ("evil @ git+https://example.com/evil", 1, "requirement-is-built"),
        ("./evil", 1, "requirement-is-built"),
        ("/srv/evil", 1, "requirement-is-built"),
        ("-e./evil", 1, "requirement-is-built"),
        ("-e .", 1, "requirement-is-built"),
        ("-r other.txt", 1, "requirement-elsewhere"),
        ("--no-binary :all:", 1, "requirement-elsewhere"),
        ("-c other.txt", 1, "requirement-elsewhere"),
    ],
)
@pytest.mark.parametrize("command", [("check", "stack.yaml"), ("plan", *WHERE), ("up", *WHERE, "--yes")])
def test_what_is_not_pinned_is_refused_at_its_line(
    cli: Cli, text: str, line: int, code: str, command: tuple[str, ...]
) -> None:
    checkout.write_spec(cli.folder)
    file = cli.folder / "code" / "requirements.txt"
    file.write_text(text)
    said = cli(*command, code=2).stderr
    assert f"error[{code}]" in said
    assert f"{file}:{line}:1" in said
    if code == "requirement-not-pinned":
        assert "mv requirements.txt requirements.in && uv pip compile --universal --generate-hashes" in said
        assert "allow_unpinned: true" in said
    if code == "requirement-is-built":
        assert "allow_builds: true" in said


VARIABLES = [
    f"x @ http://198.51.100.1/x-1-py3-none-any.whl?q=${{UV_DEFAULT_INDEX}} {DIGEST}",
    f"x @ http://${{HTTPS_PROXY}}:pw@198.51.100.1/x-1-py3-none-any.whl {DIGEST}",
    "--find-links http://198.51.100.1/?q=${UV_INDEX}",
    "--index-url ${UV_DEFAULT_INDEX}",
    f"{LOCKED}-r ${{HOME}}/requirements.txt",
    f"x @ http://198.51.100.1/$\\\n{{UV_DEFAULT_INDEX}}.whl {DIGEST}",
]
PLACES = [
    f"x @ http://198.51.100.1/x-1-py3-none-any.whl {DIGEST}",
    f"x@http://198.51.100.1/x-1-py3-none-any.whl {DIGEST}",
    f"http://198.51.100.1/x-1-py3-none-any.whl {DIGEST}",
    f"./x-1-py3-none-any.whl {DIGEST}",
    f"x-1-py3-none-any.whl {DIGEST}",
    "--index-url http://198.51.100.1/simple",
    "-i http://198.51.100.1/simple",
    "-ihttp://198.51.100.1/simple",
    "--extra-index-url=http://198.51.100.1/simple",
    "--find-links http://198.51.100.1/",
    "-f http://198.51.100.1/",
    "--trusted-host 198.51.100.1",
    "--no-index",
    f"{LOCKED.rstrip()} \\\n--index-url http://198.51.100.1/simple",  # a comment ends its line
]
PLAIN = [
    LOCKED,
    f"--require-hashes\n--only-binary :all:\n{LOCKED}",
    f"name[extra,other]==1!2.0+cpu ; python_version < '3.13' and os_name == 'posix' \\\n    {DIGEST}\n",
    f"# from https://example.com/${{}}\n{LOCKED}".replace("${}", ""),
]


@pytest.mark.unit
@pytest.mark.parametrize("text", [*VARIABLES, *PLACES])
def test_nothing_says_where_packages_come_from(cli: Cli, text: str, provider: None) -> None:
    """The check says so at its line; the program itself, by a plain `pulumi up`, says so before anything is asked."""
    from local_provider.failure import LocalFailure
    from local_provider.source_environment import make_source_environment

    checkout.write_spec(cli.folder)
    file = cli.folder / "code" / "requirements.txt"
    file.write_text(text)
    code = "requirement-variable" if text in VARIABLES else "requirement-from-elsewhere"
    said = cli("check", "stack.yaml", code=2).stderr
    assert f"error[{code}]" in said
    assert f"{file}:" in said
    for unpinned in (False, True) if text in VARIABLES else (False,):
        with pytest.raises(
            LocalFailure, match=r"says where packages come from|has a variable|be built"
        ) as raised:
            make_source_environment("task", text, None, unpinned=unpinned)
        assert "installing the environment of task" in str(raised.value)


@pytest.mark.unit
@pytest.mark.parametrize("text", [*PLAIN, *PLACES])
def test_a_lock_is_right_and_so_are_places_that_were_allowed(cli: Cli, text: str, provider: None) -> None:
    from local_provider import source_environment

    checkout.write_spec(cli.folder)
    (cli.folder / "code" / "requirements.txt").write_text(text)
    allowed = text in PLACES
    if allowed:
        allow(cli, "allow_unpinned")
    cli("check", "stack.yaml")
    source_environment._refuse_places("task", text, unpinned=allowed)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.unit
def test_what_an_installer_says_has_no_password(provider: None) -> None:
    from local_provider.commands import install
    from local_provider.failure import LocalFailure
    from stackgen.toolchain import installers

    said = "no answer from https://someone:p@ss%2Fword@mirror.example/simple by http://proxy:secret@192.0.2.1:8080"
    script = f"import sys; print({said!r}); print({said!r}, file=sys.stderr); sys.exit(1)"
    variables = {"PATH": os.environ["PATH"]}
    with pytest.raises(LocalFailure) as theirs:
        install("installing", [sys.executable, "-c", script], variables)
    with pytest.raises(subprocess.CalledProcessError) as ours:
        installers._run([sys.executable, "-c", script], variables, None)  # pyright: ignore[reportPrivateUsage]
    for text in (str(theirs.value), ours.value.stdout, ours.value.stderr, str(ours.value)):
        assert "https://***@mirror.example/simple by http://***@192.0.2.1:8080" in text
        assert not [word for word in ("someone", "p@ss", "word@", "secret") if word in text]


@pytest.mark.unit
def test_a_lock_and_an_empty_file_are_right(cli: Cli) -> None:
    checkout.write_spec(cli.folder)
    assert "warning" not in cli("check", "stack.yaml").stderr
    (cli.folder / "code" / "requirements.txt").write_text(LOCKED)
    assert "warning" not in cli("check", "stack.yaml").stderr


@pytest.mark.unit
def test_words_of_the_environment_allow_it_and_are_printed(cli: Cli) -> None:
    checkout.write_spec(cli.folder)
    (cli.folder / "code" / "requirements.txt").write_text("requests\n./evil\n")
    allow(cli, "allow_unpinned")
    assert "requirement-is-built" in cli("check", "stack.yaml", code=2).stderr
    allow_both = (
        (cli.folder / "stack.yaml")
        .read_text()
        .replace("unpinned: true", "unpinned: true, allow_builds: true")
    )
    (cli.folder / "stack.yaml").write_text(allow_both)
    for command in (("check", "stack.yaml"), ("plan", *WHERE)):
        said = cli(*command).stderr
        assert "warning: allow_unpinned: whatever the index serves that day is installed" in said
        assert "warning: allow_builds: packages may be built, which runs their code" in said
        assert "(task)" in said
    cli("generate", *WHERE)
    program = (cli.folder / "dev" / "__main__.py").read_text()
    assert "allow_unpinned=True" in program
    assert "allow_builds=True" in program


@pytest.mark.engine
def test_a_build_that_was_allowed_runs_as_the_account_without_our_variables(place: Cli, marks: Marks) -> None:
    evil = checkout.source_distribution(place.folder / "evilpkg", marks, "build")
    (place.folder / "code" / "requirements.txt").write_text(f"{evil}\n")
    place.environment |= SECRETS
    place("up", *WHERE, "--yes", code=2)
    assert marks.names() == set()
    allow(place, "allow_unpinned", "allow_builds")
    said = place("up", *WHERE, "--yes", code=4).stderr
    assert "warning: allow_builds" in said
    place("down", *WHERE, "--delete-data", "--yes")
    assert marks.names() == {"build"}
    for line in marks.read():
        variables = line["variables"]
        assert isinstance(variables, dict)
        assert not SECRETS.keys() & variables.keys()
        assert not [name for name in variables if name.startswith(("AWS_", "PULUMI_", "HF_", "STACKGEN_"))]
        if os.geteuid() == 0:
            assert line["euid"] != 0


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, place: Cli) -> Iterator[None]:
    """The modules that a program carries, with a cache of the test's own."""
    from stackgen.providers.local.operations import PROGRAM

    monkeypatch.setattr(sys, "path", [str(PROGRAM), *sys.path])
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(place.folder / "cache"))
    yield


@pytest.mark.unit
def test_no_code_of_a_package_runs_while_it_is_installed(
    provider: None, place: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel's .pth file runs in each interpreter of its environment; uv's has a mirror's password."""
    from local_provider.source_environment import make_source_environment

    mark = f"import pathlib; pathlib.Path({str(place.folder / 'started')!r}).touch()"
    content = indexes.wheel("evil", "1.0", {"evil.py": "", "evil.pth": mark})
    name = "evil-1.0-py3-none-any.whl"
    with indexes.serving(indexes.index({"evil": (name, content)})) as mirror:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{mirror.url.replace('//', '//reader:password@')}/simple/")
        digest = hashlib.sha256(content).hexdigest()
        folder = make_source_environment("task", f"evil==1.0 --hash=sha256:{digest}\n", None)
    assert not (place.folder / "started").exists()
    assert list(folder.rglob("evil.*.pyc")), "servers can't write bytecode there"
    subprocess.run([str(folder / "bin" / "python"), "-c", "import evil"], check=True)
    assert (place.folder / "started").exists()


@pytest.mark.unit
@pytest.mark.parametrize("kind", ["folder", "archive", "editable", "locked"])
def test_the_program_itself_builds_nothing(provider: None, place: Cli, marks: Marks, kind: str) -> None:
    """Whoever runs it by a plain `pulumi` has had no check of ours."""
    from local_provider.failure import LocalFailure
    from local_provider.source_environment import make_source_environment

    folder = place.folder / "evilpkg"
    text = checkout.source_distribution(folder, marks, "build")
    if kind == "editable":
        text = f"-e {folder}"
    archive = place.folder / "evilpkg-1.0.tar.gz"
    if kind in ("archive", "locked"):
        with tarfile.open(archive, "w:gz") as stream:
            stream.add(folder, "evilpkg-1.0")
        text = f"evilpkg @ file://{archive}"
    if kind == "locked":
        text += f" --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"
    for unpinned in (False, True):
        with pytest.raises(LocalFailure, match="installing the environment of task"):
            make_source_environment("task", text, None, unpinned=unpinned)
    assert marks.names() == set()


@pytest.mark.unit
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account for servers")
def test_the_components_of_one_environment_alone_can_use_what_was_installed(
    provider: None, place: Cli
) -> None:
    from local_provider.source_environment import make_source_environment

    def runs(account: Any) -> bool:
        command = [str(folder / "bin" / "python"), "-c", ""]
        try:
            done = subprocess.run(
                command, cwd="/", check=False, user=account.uid, group=account.gid, extra_groups=[]
            )
        except PermissionError:
            return False
        return done.returncode == 0

    own, other = place.folder / "own", place.folder / "other"
    with (
        component_account(own, "task") as task,
        component_account(other, "task") as stranger,
        component_account(own, None) as installer,
    ):
        folder = make_source_environment("task", "", installer)
        assert folder.stat().st_uid == (folder / "bin" / "python").lstat().st_uid == installer.uid
        assert runs(task)
        assert not runs(stranger)
        assert make_source_environment("task", "", installer) == folder
