"""Where a model's file may come from, and what is said of one that is refused; no server is started."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from stackgen.providers.local.operations import PROGRAM
from tests.hostile.indexes import serving

pytestmark = pytest.mark.unit
GGUF = b"GGUF, and what a model holds"
DIGEST = f"sha256:{hashlib.sha256(GGUF).hexdigest()}"
OTHER = "sha256:" + "0" * 64
HUB = "hf:org/repo/tiny.gguf@v1"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(PROGRAM))
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return tmp_path / "cache"


def _refused(source: str, digest: str | None) -> str:
    from local_provider.failure import LocalFailure  # pyright: ignore
    from local_provider.models import model_file  # pyright: ignore

    with pytest.raises(LocalFailure) as refused:
        model_file(source, digest, {})
    return str(refused.value)


def test_a_file_is_copied_and_known_by_its_digest(tmp_path: Path) -> None:
    from local_provider.models import model_file  # pyright: ignore

    path = tmp_path / "own.gguf"
    path.write_bytes(GGUF)
    for expected in (None, DIGEST):
        copy, digest = model_file(str(path), expected, {})
        assert (copy.read_bytes(), digest) == (GGUF, DIGEST)
    path.write_bytes(GGUF + b", changed")
    assert "it is not used" in _refused(str(path), DIGEST)


def test_a_file_of_a_hub_is_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from local_provider.models import model_file  # pyright: ignore

    with serving(
        lambda asked: (200, {}, GGUF) if "/org/repo/resolve/v1/tiny.gguf" in asked else (404, {}, b"")
    ) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        copy, digest = model_file(HUB, DIGEST, {})
        assert f"{DIGEST}, but {OTHER} is pinned; it is not used" in _refused(HUB, OTHER)
    assert (copy.read_bytes(), digest) == (GGUF, DIGEST)
    assert model_file(HUB, DIGEST, {}) == (copy, digest), "the hub is gone"


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_text("not a model")
    assert f"{path} is not a GGUF model file" in _refused(str(path), None)
    assert list(cache.rglob("*.gguf")) == []


def test_a_hub_that_cannot_be_reached_is_said_with_the_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    said = _refused(HUB, None)
    assert "can't be fetched" in said
    assert "stand-in" in said
