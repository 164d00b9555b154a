"""`stackgen bindings` shows no secret unasked, and writes none through what a checkout has put in the way."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from stackgen.cli.binding_files import write_bindings
from stackgen.errors import StackgenError
from tests.conftest import Cli

GROUPS = {"db-pgvector": {"type": "pgvector", "password": "new"}}


@pytest.mark.unit
def test_files_are_private_and_written_again(tmp_path: Path) -> None:
    for value in ("one", "two"):
        write_bindings(tmp_path / "deep" / "bindings", {"db-pgvector": {"password": value}})
        file = tmp_path / "deep" / "bindings" / "db-pgvector" / "password"
        assert file.read_text() == value
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
        assert list(file.parent.iterdir()) == [file]


@pytest.mark.unit
@pytest.mark.parametrize("kind", ["link", "hard link", "wide"])
def test_what_stands_in_a_files_place_is_replaced_and_not_written_into(tmp_path: Path, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("ours")
    place = tmp_path / "bindings" / "db-pgvector"
    place.mkdir(parents=True)
    if kind == "link":
        (place / "password").symlink_to(victim)
    elif kind == "hard link":
        os.link(victim, place / "password")
    else:
        (place / "password").write_text("old")
        (place / "password").chmod(0o666)
    reader = (place / "password").open()  # somebody waits for the secret
    write_bindings(tmp_path / "bindings", GROUPS)
    assert victim.read_text() == "ours"
    assert "new" not in reader.read()
    assert (place / "password").read_text() == "new"
    assert (place / "password").lstat().st_mode & 0o777 == 0o600
    reader.close()


@pytest.mark.unit
@pytest.mark.parametrize("which", ["bindings", "bindings/db-pgvector"])
def test_a_folder_that_is_a_link_is_refused(tmp_path: Path, which: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / which).parent.mkdir(exist_ok=True)
    (tmp_path / which).symlink_to(elsewhere)
    with pytest.raises(StackgenError, match="is a link or no folder"):
        write_bindings(tmp_path / "bindings", GROUPS)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.unit
@pytest.mark.parametrize("mark", [".git", "stackgen.toml", "stack.yaml", "other"])
def test_a_link_of_a_checkout_leads_no_secret_out_of_it(tmp_path: Path, mark: str) -> None:
    checkout = tmp_path / "checkout"
    for folder in (checkout, tmp_path / "elsewhere"):
        folder.mkdir()
    (checkout / mark).touch()
    (checkout / "out").symlink_to("../elsewhere")
    if mark == "other":  # a folder of the user's own
        write_bindings(checkout / "out" / "dev", GROUPS)
        return
    with pytest.raises(StackgenError, match=r"leads out of the checkout .*; it is not written to"):
        write_bindings(checkout / "out" / "dev", GROUPS)
    assert [*(tmp_path / "elsewhere").iterdir()] == []


@pytest.mark.unit
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of somebody else's")
def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bindings").mkdir()
    os.chown(tmp_path / "bindings", 65534, 65534)
    with pytest.raises(StackgenError, match="belongs to another user"):
        write_bindings(tmp_path / "bindings", GROUPS)
    assert list((tmp_path / "bindings").iterdir()) == []


@pytest.mark.engine
def test_no_format_shows_a_secret_unasked(open_folder: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    (folder / "stack.yaml").write_text(
        "apiVersion: stackgen/v1\nname: masked\ncomponents: {docs: {capability: object_store}}\n"
        "environments: {dev: {provider: local}}\n"
    )
    cli = Cli(folder, folder / "data")
    cli("up", "stack.yaml", "--yes")
    clear = cli("bindings", "stack.yaml", "--format", "env", "--show-secrets").stdout
    secret = next(line for line in clear.splitlines() if "DOCS_" in line and "SECRET" in line).partition("=")[
        2
    ]
    for words in ([], ["--json"], ["--format", "env"], ["--format", "env", "--json"]):
        said = cli("bindings", "stack.yaml", *words)
        assert secret not in said.stdout + said.stderr
    masked = cli("bindings", "stack.yaml", "--format", "env")
    assert "warning: secrets are masked; add --show-secrets" in masked.stderr
    refused = cli("bindings", "stack.yaml", "--format", "files", code=2).stderr
    assert "error[secrets-not-shown]" in refused
    assert not (folder / "bindings").exists()
    cli("bindings", "stack.yaml", "--format", "files", "--show-secrets")
    assert secret in {path.read_text() for path in (folder / "bindings").glob("*/*")}
    cli("down", "stack.yaml", "--delete-data", "--yes")
