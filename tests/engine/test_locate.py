"""Which engine is taken, and what has to be true of one in the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stackgen.engine import build, locate
from stackgen.errors import StackgenError

pytestmark = pytest.mark.unit
SAYS = "#!/bin/sh\necho v3.212.0\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a cache of its own and no Pulumi on PATH; nothing is built."""
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("STACKGEN_ENGINE", raising=False)
    monkeypatch.setattr(build, "_build", lambda target, _: made(target))
    return tmp_path


def made(target: Path) -> Path:
    """What a build leaves behind."""
    for path in (target / "bin" / "pulumi", target / "python" / "bin" / "python"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SAYS)
        path.chmod(0o755)
    record: Any = getattr(build, "_record")  # noqa: B009 - private
    record(target)
    return target


@pytest.fixture
def installers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each folder that Pulumi's own installer was run for."""
    from pulumi.automation import PulumiCommand

    found: list[str] = []

    def install(root: str) -> None:
        found.append(root)
        made(Path(root))

    monkeypatch.setattr(PulumiCommand, "install", install)
    return found


def test_the_engine_is_built_by_digest_and_no_installer_script_runs(installers: list[str]) -> None:
    assert locate.find_engine() is None
    assert locate.ensure_engine().origin == "built"
    assert installers == []


def test_the_official_installer_runs_where_it_is_asked_for(
    installers: list[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACKGEN_ENGINE", "official")
    assert locate.ensure_engine().origin == "official"
    assert installers == [str(place / "engine" / "official")]
    assert locate.ensure_engine().origin == "official"
    assert len(installers) == 1
    monkeypatch.delenv("STACKGEN_ENGINE")
    assert locate.ensure_engine().origin == "built", "what was asked for once is not taken for ever"


def test_another_word_is_an_error_that_says_which_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKGEN_ENGINE", "offical")
    with pytest.raises(StackgenError) as caught:
        locate.ensure_engine()
    assert "STACKGEN_ENGINE is 'offical'" in str(caught.value)
    assert caught.value.problems[0].allowed == ("built", "official")


@pytest.mark.parametrize("file", ["pulumi", "pulumi-language-python"])
def test_a_program_that_changed_in_the_cache_is_not_the_engine(file: str) -> None:
    target = build.build_folder()
    (target / "bin").mkdir(parents=True)
    (target / "bin" / "pulumi-language-python").write_text("#!/bin/sh\nexec true\n")
    made(target)
    assert build.is_built()
    changed = target / "bin" / file
    text = changed.read_text()
    changed.write_text(text.replace("#!/bin/sh", "#!/bin/su"))
    assert len(changed.read_text()) == len(text)
    assert not build.is_built()


def test_a_build_of_other_sources_is_not_taken() -> None:
    made(build.build_folder())
    stamp = build.build_folder() / "stamp.json"
    stamp.write_text('{"size": 18}')
    assert not build.is_built()
