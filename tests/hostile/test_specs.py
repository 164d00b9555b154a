"""Whatever stands in a spec: refused with a place or planned, in a second and 256 MB, and nothing else happens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackgen.errors import StackgenError
from stackgen.planning.plan import check_stack
from stackgen.spec.loading import parse_spec
from tests.conftest import Cli
from tests.hostile.fields import folder_for_sources
from tests.hostile.fuzz import main
from tests.hostile.making import Maker
from tests.hostile.probing import QuickShelf, Watch, probe, read_copies_once
from tests.hostile.traps import ACCEPTED, ONE, refused

SHELF = QuickShelf()
WATCH = Watch()
REFUSED = dict(refused())
MEMORY = 256 * 1024 * 1024
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""  # from a small process: a child's peak counts that of the one it was forked from


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is loaded late is loaded now: only what a spec itself costs is measured."""
    read_copies_once()
    maker, root = Maker(0, SHELF), folder_for_sources(tmp_path_factory.mktemp("warm"))
    for _ in range(300):
        probe(maker.spec(), root / "stack.yaml", SHELF)


@pytest.mark.unit
def test_there_are_enough_traps() -> None:
    assert len(REFUSED) >= 60


@pytest.mark.unit
@pytest.mark.parametrize("name", REFUSED)
def test_a_trap_is_refused_with_a_place(name: str, tmp_path: Path) -> None:
    assert probe(REFUSED[name], tmp_path / "stack.yaml", SHELF, WATCH) == []


@pytest.mark.unit
@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_merely_unusual_is_planned(name: str, tmp_path: Path) -> None:
    assert probe(ACCEPTED[name].encode(), tmp_path / "stack.yaml", SHELF, WATCH)


@pytest.mark.unit
def test_a_carriage_return_ends_a_comment_and_hides_nothing() -> None:
    with pytest.raises(StackgenError) as caught:
        parse_spec(ONE.encode() + b"# harmless\rname: other\n", Path("stack.yaml"))
    assert "'name' is given twice" in caught.value.problems[0].message


@pytest.mark.unit
def test_many_problems_are_told_as_a_hundred_and_the_rest_counted() -> None:
    with pytest.raises(StackgenError) as caught:
        check_stack(parse_spec(REFUSED["thousands of wrong components"], Path("stack.yaml")), SHELF)
    assert len(caught.value.problems) == 101
    assert caught.value.problems[-1].code == "more"


@pytest.mark.sweep
def test_a_stream_of_made_specs_does_no_harm(tmp_path: Path) -> None:
    maker, root = Maker(int(os.environ.get("HOSTILE_SEED", "4")), SHELF), folder_for_sources(tmp_path)
    valid = sum(bool(probe(maker.spec(), root / "stack.yaml", SHELF, WATCH)) for _ in range(3_000))
    assert 300 < valid < 1_500  # neither all nonsense nor all harmless


@pytest.mark.sweep
@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_spec_with_anything_in_it_does_no_harm(data: st.DataObject) -> None:
    text = data.draw(st.text(max_size=40) | st.sampled_from(list("[]{}&*!|>'\"%@`#,?:-\t\r\n")))
    place = data.draw(st.integers(0, len(ONE)))
    probe(
        (ONE[:place] + text + ONE[place:]).encode("utf-8", "surrogatepass"),
        Path("/nowhere/stack.yaml"),
        SHELF,
    )


@pytest.mark.sweep
@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_do_no_harm(data: bytes) -> None:
    probe(data, Path("/nowhere/stack.yaml"), SHELF)


@pytest.mark.sweep
def test_the_long_run_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = ["fuzz", "--count", "60", "--jobs", "2", "--cli", "40", "--write", "3", "--keep", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    assert main() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.unit
@pytest.mark.parametrize(
    "name", ["a hundred megabytes", "alias bomb of lists", "deep list", "latin-1", "too many values"]
)
def test_the_command_itself_stays_small_and_writes_nothing(cli: Cli, name: str) -> None:
    spec = cli.folder / "stack.yaml"
    if name in REFUSED:
        spec.write_bytes(REFUSED[name])
    else:
        with spec.open("wb") as stream:
            stream.truncate(100 * 1024 * 1024)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, sys.executable, "-m", "stackgen.cli.main", "generate", "stack.yaml"],
        cwd=cli.folder,
        env=cli.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said, _, kilobytes = done.stderr.rpartition("peak ")
    assert done.returncode == 2, done
    assert "stack.yaml" in said
    assert "Traceback" not in said
    assert 0 < int(kilobytes) * 1024 < MEMORY
    assert [path.name for path in cli.folder.iterdir()] == ["stack.yaml"]


@pytest.mark.unit
@pytest.mark.parametrize(
    "words",
    [
        ["check", "x" * 5_000],
        ["check", "/"],
        ["check", "/dev/zero"],
        ["check", "../../../../../../etc/passwd"],
        ["check", "\udcff"],
        ["check", "\x1b[31m"],
        ["check", "pipe"],
        ["-C", "/nowhere", "check", "x"],
        ["-C", "x" * 5_000, "check", "x"],
        ["generate", "stack.yaml", "-o", "x" * 5_000],
        ["generate", "stack.yaml", "-o", "/proc/nowhere"],
        ["generate", "stack.yaml", "-o", "/dev/null"],
        ["generate", "stack.yaml", "-o", "stack.yaml"],
        ["generate", "stack.yaml", "-o", "stack.yaml/x"],
        ["generate", "stack.yaml", "-o", "."],
        ["generate", "stack.yaml", "-o", ".."],
        ["generate", "stack.yaml", "-e", "\x1b]0;x\x07"],
        ["catalog", "show", "\x1b[31m"],
        ["catalog", "trust", "x" * 5_000],
        ["new", "../x"],
        ["new", "/etc"],
        ["new", "x1", "--blueprint", "../../etc"],
        ["\x1b[31m"],
    ],
    ids=lambda words: repr(" ".join(words))[:60],
)
def test_hostile_words_on_the_command_line(cli: Cli, words: list[str]) -> None:
    (cli.folder / "stack.yaml").write_text(ONE)
    os.mkfifo(cli.folder / "pipe")
    before = sorted(path.name for path in cli.folder.rglob("*"))
    done = cli(*words, code=None)
    assert done.returncode in (1, 2, 6, 7), done.stderr
    assert "error[internal]" not in done.stderr
    assert done.stderr.startswith("error[")
    assert not any(letter in done.stderr + done.stdout for letter in "\x1b\x07\x9b")
    assert sorted(path.name for path in cli.folder.rglob("*")) == before
