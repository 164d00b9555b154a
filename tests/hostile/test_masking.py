"""What a server's own tool says when it fails is shown without the secrets that it was given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.unit
PASSWORD, KEY = "hunter2-hunter2", "key-of-a-step"


@pytest.mark.skipif(sys.platform == "win32", reason="steps are run by a POSIX shell here")
def test_a_failing_step_tells_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "src" / "stackgen" / "providers" / "local" / "program"))
    from local_provider import launch, process  # pyright: ignore
    from local_provider.failure import LocalFailure  # pyright: ignore

    places: dict[str, Any] = {
        "run_folder": lambda _: tmp_path,
        "variables": lambda _: {"PATH": "/usr/bin:/bin"},
    }
    for name, value in places.items():
        monkeypatch.setattr(launch, name, value)
    script = 'read -r given; echo "given $given, $KEY and $0 are not accepted" >&2; exit 3'
    props = {
        "name": "store",
        "prepare": [{"command": ["sh", "-c", script, "a name"]}],
        "step_secrets": {"prepare-0": {"secrets": {"KEY": KEY}, "input": f"{PASSWORD}\n"}},
    }
    with pytest.raises(LocalFailure) as caught:
        getattr(process, "_steps")(props, "prepare")  # noqa: B009 - private
    said = str(caught.value)
    assert "store: sh failed with exit status 3" in said
    assert "given [secret], [secret] and a name are not accepted" in said
    assert PASSWORD not in said
    assert KEY not in said


@pytest.mark.parametrize("behind", [64 * 1024 - 10, 64 * 1024, 100, 0])
def test_the_end_of_a_long_line_shows_no_part_of_a_secret(
    behind: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut may fall into a secret, which is then not recognized. behind: characters after it."""
    monkeypatch.syspath_prepend(str(ROOT / "src" / "stackgen" / "providers" / "local" / "program"))
    from local_provider import launch  # pyright: ignore

    log, secret = tmp_path / "work.log", "abc+def/ghi=jkl@mno pqr"
    log.write_text("x" * 100_000 + secret + "y" * behind)
    said = launch.end_of_log(log, 15, {"secrets": {"KEY": secret}})
    assert not any(secret[start : start + 4] in said for start in range(len(secret) - 3))
    assert said.endswith("y" * min(behind, 1000)) and len(said) <= 64 * 1024 + 4


def test_a_secret_in_an_address_is_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "src" / "stackgen" / "providers" / "local" / "program"))
    from local_provider import launch  # pyright: ignore

    text = launch.mask_secrets("postgresql://x:pass%2Fword%2B1@h", {"secrets": {"PGPASSWORD": "pass/word+1"}})
    assert text == "postgresql://x:[secret]@h"


@pytest.mark.parametrize(
    "props",
    [
        {"secrets": {"TOKEN": "canary-8172635"}},
        {"secret_files": {"users.ini": "canary-8172635"}},
        {"step_secrets": {"0": {"secrets": {"TOKEN": "canary-8172635"}}}},
        {"step_secrets": {"0": {"input": "first\ncanary-8172635\n"}}},
    ],
)
def test_each_kind_of_secret_is_masked(props: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "src" / "stackgen" / "providers" / "local" / "program"))
    from local_provider import launch  # pyright: ignore

    assert launch.mask_secrets("it said canary-8172635!", props) == "it said [secret]!"
