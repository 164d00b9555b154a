"""Models that not everyone may have: who can read the copy that stackgen makes."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackgen.providers.local.operations import PROGRAM
from tests.accounts import component_account
from tests.hostile.indexes import serving

pytestmark = pytest.mark.unit
GGUF = b"GGUF, and what a model holds"
HUB = "hf:org/repo/tiny.gguf@v1"


@pytest.fixture
def place(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    monkeypatch.syspath_prepend(str(PROGRAM))
    monkeypatch.setenv("STACKGEN_CACHE_HOME", str(folder / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return folder


@pytest.fixture
def account(place: Path) -> Iterator[Any]:
    with component_account(place / "workspace", "chat") as found:
        yield found


def _name(account: Any, place: Path) -> str | None:
    from local_provider.account import account_name  # pyright: ignore

    return account_name(str(place / "workspace"), "chat") if account else None


def _readers(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_uid, stat.S_IMODE(status.st_mode)


def test_a_model_that_needs_a_token_is_for_its_component_alone(
    place: Path, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local_provider.models import model_file  # pyright: ignore

    with serving(lambda _: (200, {}, GGUF)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        public, _ = model_file(HUB, None, {}, _name(account, place))
        monkeypatch.setenv("HF_TOKEN", "hf_canary")
        private, _ = model_file(HUB, None, {}, _name(account, place))
    assert _readers(public) == (os.geteuid(), 0o644)
    assert _readers(private) == (account.uid if account else os.geteuid(), 0o400)
    assert private != public


@pytest.mark.skipif(os.geteuid() != 0, reason="elsewhere servers run as the user who may read the file")
def test_a_spec_hands_on_no_model_that_only_the_operator_may_read(place: Path, account: Any) -> None:
    from local_provider.failure import LocalFailure  # pyright: ignore
    from local_provider.models import model_file  # pyright: ignore

    path = place / "own.gguf"
    path.write_bytes(GGUF)
    path.chmod(0o600)
    with pytest.raises(LocalFailure, match="which must be able to read it") as refused:
        model_file(str(path), None, {}, _name(account, place))
    assert "Permission denied" in str(refused.value)
    assert list((place / "cache").rglob("*.gguf")) == []
    path.chmod(0o644)
    copy, _ = model_file(str(path), None, {}, _name(account, place))
    assert (copy.read_bytes(), _readers(copy)) == (GGUF, (account.uid, 0o400))
    assert _readers(copy.parent) == (0, 0o755), "the account can put nothing there"


@pytest.mark.skipif(os.geteuid() != 0, reason="elsewhere there are no accounts of components")
def test_a_components_models_go_with_its_account(place: Path, account: Any) -> None:
    from local_provider.models import model_file  # pyright: ignore
    from local_provider.service_accounts import delete_unused_accounts  # pyright: ignore

    path = place / "own.gguf"
    path.write_bytes(GGUF)
    copy, _ = model_file(str(path), None, {}, _name(account, place))
    delete_unused_accounts(place / "workspace")
    assert not copy.exists()


NETRC = "machine one.example login me password canary\n"


@pytest.mark.parametrize(
    ("variables", "netrc", "public"),
    [
        ({}, NETRC, True),
        ({"UV_DEFAULT_INDEX": "https://mirror.example/simple"}, NETRC, True),
        ({"PIP_INDEX_URL": "https://one.example/simple"}, NETRC, False),
        ({"UV_DEFAULT_INDEX": "https://me:canary@mirror.example/simple"}, "", False),
        ({"UV_INDEX": "https://mirror.example/a own=https://canary@mirror.example/b?x=y"}, "", False),
        ({"UV_EXTRA_INDEX_URL": "https://mirror.example/a?x=y"}, "", True),
        ({"UV_INDEX": "own=https://mirror.example/a?x=y"}, "", True),
        ({"UV_FIND_LINKS": "/srv/wheels"}, "", False),
        ({}, "machine", True),
        ({"UV_INDEX": "https://mirror.example/simple"}, "machine", False),
    ],
)
def test_a_model_of_a_package_index_that_asks_for_a_password_is_not_for_everyone(
    place: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], netrc: str, public: bool
) -> None:
    from local_provider import installers  # pyright: ignore
    from local_provider.model_sources import is_public  # pyright: ignore

    for name in (*installers.INDEXES, *installers.UV_INDEXES):
        monkeypatch.delenv(name, raising=False)
    (place / "netrc").write_text(netrc)
    for name, value in {**variables, "NETRC": str(place / "netrc"), "HOME": str(place)}.items():
        monkeypatch.setenv(name, value)
    assert is_public("pypi:our-embeddings==1.0/model") == public
