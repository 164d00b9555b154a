"""What a former version deployed under names that are refused today can be read and stopped, and not changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Cli

pytestmark = pytest.mark.local
SPEC = """
apiVersion: stackgen/v1
name: former
components:
  store: {capability: object_store}
  store-roles: {capability: object_store}
environments: {dev: {provider: local}}
"""
FORMER = """
import sys, stackgen.planning.plan as planning
planning.check_names = lambda *_, **__: ()  # as it was before names were looked at
from stackgen.cli.main import main
sys.exit(main())
"""
TAKEN = "'store-roles' is the name of the task that makes the role of the database of 'store'"


def test_it_can_be_read_and_stopped_and_not_changed(open_folder: Path) -> None:
    folder = open_folder / "former-names"
    folder.mkdir()
    cli = Cli(folder, folder / "data")
    (folder / "stack.yaml").write_text(SPEC, encoding="utf-8")
    command = [sys.executable, "-c", FORMER, "up", "stack.yaml", "--yes"]
    done = subprocess.run(
        command, cwd=folder, env=cli.environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    try:
        swap = ("swap", "stack.yaml", "store", "--to", "local/seaweedfs")
        changing = [(word, "stack.yaml") for word in ("generate", "check", "plan")]
        for words in (*changing, ("up", "stack.yaml", "--yes"), swap, (*swap, "--apply", "--yes")):
            refused = cli(*words, code=None)
            assert refused.returncode != 0, words
            assert "error[name-taken]" in refused.stderr, words
        found = json.loads(cli("bindings", "stack.yaml", "--json").stdout)["result"]
        assert found.keys() == {"store", "store-roles"}
        assert {
            item["name"] for item in json.loads(cli("status", "stack.yaml", "--json").stdout)["result"]
        } == {
            "store",
            "store-roles",
        }
        cli("logs", "stack.yaml")
        ran = cli("run", "stack.yaml", "--", "sh", "-c", 'echo "$STORE_ROLES_S3_BUCKET"')
        verified = cli("verify", "stack.yaml", "--clause", "put-get")
        for read in (ran, verified):
            assert f"warning: {TAKEN}" in read.stderr
    finally:
        stopped = cli("down", "stack.yaml", "--delete-data", "--yes")
    assert f"warning: {TAKEN}" in stopped.stderr
    assert "nothing of it is left" in stopped.stdout
    assert not (folder / "data" / "stacks").exists()
