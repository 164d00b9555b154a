"""SeaweedFS makes sockets in /tmp: what other users and deleted accounts have left there does not stop it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Cli

pytestmark = [
    pytest.mark.local,
    pytest.mark.nightly,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="servers run as another account only where stackgen is root"
    ),
]
OTHER = 4321  # a user's number
TEMPORARY = Path("/tmp")  # noqa: S108 - whatever $TMPDIR says
SPEC = """\
apiVersion: stackgen/v1
name: sockets
components:
  archive: {capability: object_store, implementation: local/seaweedfs}
environments: {dev: {provider: local}}
"""


@pytest.fixture
def store(open_folder: Path) -> Iterator[Cli]:
    folder = open_folder / "sockets"
    folder.mkdir()
    (folder / "stack.yaml").write_text(SPEC)
    cli = Cli(folder, folder / "data")
    yield cli
    cli("down", "stack.yaml", "--delete-data", "--yes")


def _ports(store: Cli) -> list[str]:
    return list(json.loads((store.folder / "data" / "ports.json").read_text()))


def _sockets(ports: list[str]) -> set[Path]:
    """What lies in /tmp under a name of SeaweedFS with one of these ports."""
    return {path for port in ports for path in TEMPORARY.glob(f"seaweedfs-*-{port}.sock")}


def test_files_of_others_in_tmp_do_not_stop_an_object_store(store: Cli) -> None:
    store("up", "stack.yaml", "--yes")
    ports = _ports(store)
    names = _sockets(ports)
    kinds = {path.name.rpartition("-")[0] for path in names}
    assert kinds == {f"seaweedfs-{part}-grpc" for part in ("master", "volume", "filer", "s3")}
    assert all(stat.S_ISSOCK(path.lstat().st_mode) for path in names), "they are in use"
    store("down", "stack.yaml", "--yes")
    assert _sockets(ports) == set()
    for path in names:
        path.touch()
        os.chown(path, OTHER, OTHER)
    store("up", "stack.yaml", "--yes")
    assert _sockets(ports) == names
    assert all(stat.S_ISSOCK(path.lstat().st_mode) and path.lstat().st_uid != OTHER for path in names)
    store("verify", "stack.yaml", "--clause", "put-get")
    store("down", "stack.yaml", "--delete-data", "--yes")
    assert _sockets(ports) == set()
    store("up", "stack.yaml", "--yes")
