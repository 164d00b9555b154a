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
