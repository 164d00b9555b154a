"""Data that is lost, and a spec that is put back, while a swap has left two boxes: nothing more is lost."""

from __future__ import annotations

import json
import shutil

import pytest

from stackgen.contracts.s3.contract import S3Binding, client
from tests.conftest import Cli
from tests.local.swapping import STACK, bindings, gone, kill, spec, swap, up

pytestmark = [pytest.mark.local, pytest.mark.timeout(900)]


KEYS = set("abcdefghijkl")
RETIRE = ("swap", "stack.yaml", "documents", "-e", "dev", "--retire", "--yes")


def keys(stack: Cli) -> set[str]:
    """What an application finds in the bucket."""
    binding = S3Binding.model_validate(bindings(stack)["documents"]["s3"])
    found = client(binding).list_objects_v2(Bucket=binding.bucket).get("Contents", [])
    return {item["Key"] for item in found}


def swapped(stack: Cli) -> S3Binding:
    """Swap an object store that holds the object `early`; the binding from before."""
    up(stack, "  documents: {capability: object_store}\n")
    binding = S3Binding.model_validate(bindings(stack)["documents"]["s3"])
    client(binding).put_object(Bucket=binding.bucket, Key="early", Body=b"of value")
    swap(stack, "documents", "--apply", "--to", "local/seaweedfs")
    return binding


def refused(stack: Cli, *command: str) -> str:
    return json.loads(stack(*command, "--json", code=5).stdout)["errors"][0]["code"]


@pytest.mark.nightly
def test_what_an_old_box_has_lost_is_not_deleted_in_the_new_one(stack: Cli) -> None:
    up(stack, "  documents: {capability: object_store}\n")
    before = spec(stack)
    binding = S3Binding.model_validate(bindings(stack)["documents"]["s3"])
    for key in KEYS:
        client(binding).put_object(Bucket=binding.bucket, Key=key, Body=b"of value")
    swap(stack, "documents", "--apply", "--to", "local/seaweedfs")
    after = spec(stack)

    (stack.folder / "stack.yaml").write_text(before)
    for command in ("diff", "up"):
        assert (
            refused(stack, command, *STACK, *(("--yes",) if command == "up" else ()))
            == "spec-and-journal-differ"
        )
    (stack.folder / "stack.yaml").write_text(after)

    stack("down", *STACK, "--yes")
    shutil.rmtree(stack.folder / "data" / "stacks" / "swapped" / "dev" / "data" / "documents")
    assert refused(stack, "up", *STACK, "--yes") == "data-missing"
    stack("up", *STACK, "--yes", "--delete-data-of", "documents")
    assert keys(stack) == KEYS
    swap(stack, "documents", "--retire")
    assert keys(stack) == KEYS
    assert not [*(stack.folder / "data" / "swaps").rglob("*.json")]

    swap(stack, "documents", "--apply", "--to", "local/versitygw")
    binding = S3Binding.model_validate(bindings(stack)["documents"]["s3"])
    for key in "abcdefg":
        client(binding).delete_object(Bucket=binding.bucket, Key=key)
    for word in ("--retire", "--rollback"):
        error = swap(stack, "documents", word, code=5)["errors"][0]
        assert (error["code"], "5 of the 12 objects" in error["message"]) == ("box-shrunk", True)
    assert keys(stack) == set("hijkl")
    stack("down", *STACK, "--yes")
    shutil.rmtree(stack.folder / "data" / "stacks" / "swapped" / "dev" / "data" / "documents-3")
    stack("up", *STACK, "--yes", "--delete-data-of", "documents-3")
    for word in ("--retire", "--rollback"):
        assert swap(stack, "documents", word, code=5)["errors"][0]["code"] == "box-remade"
    binding = S3Binding.model_validate(bindings(stack)["documents"]["s3"])
    client(binding).put_object(Bucket=binding.bucket, Key="brought back", Body=b"of value")
    swap(stack, "documents", "--retire", "--accept-data")
    assert keys(stack) == {"brought back"}

    swap(stack, "documents", "--apply", "--to", "local/seaweedfs")
    gone(stack)
    error = swap(stack, "documents", "--rollback", code=6)["errors"][0]
    assert (error["code"], "take `beside` out of" in error["hint"]) == ("box-beside", True)
    assert not [*(stack.folder / "data" / "swaps").rglob("*.json")], "it is forgotten with the boxes"


@pytest.mark.nightly
def test_no_box_is_given_up_in_a_protected_environment(stack: Cli) -> None:
    up(stack, "  documents: {capability: object_store}\n")
    command = ("swap", "stack.yaml", "documents", "-e", "dev", "--apply", "--to", "local/seaweedfs", "--yes")
    kill(stack, "before", "copy", *command)
    begun = spec(stack)
    protected = begun.replace("{provider: local", "{provider: local, protect: true").replace(
        "provider: local\n", "provider: local\n    protect: true\n"
    )
    assert protected != begun
    (stack.folder / "stack.yaml").write_text(protected)
    assert swap(stack, "documents", "--rollback", code=5)["errors"][0]["code"] == "protected"
    assert spec(stack) == protected
    (stack.folder / "stack.yaml").write_text(begun)
    swap(stack, "documents", "--rollback")
    gone(stack)


@pytest.mark.nightly
def test_an_old_box_that_was_stopped_is_looked_at_before_it_goes(stack: Cli) -> None:
    """A client with old bindings wrote there after `--retire` was interrupted."""
    binding = swapped(stack)
    kill(stack, "after", "prove", *RETIRE)
    client(binding).put_object(Bucket=binding.bucket, Key="late", Body=b"of value")
    kill(stack, "after", "close", *RETIRE)
    stack("down", *STACK, "--yes")
    stack("up", *STACK, "--yes")
    kill(stack, "after", "remove", *RETIRE)
    stack("down", *STACK, "--yes")
    swap(stack, "documents", "--retire")
    assert keys(stack) == {"early", "late"}
    assert "beside" not in spec(stack)
    assert not (stack.folder / "data" / "stacks" / "swapped" / "dev" / "data" / "documents").exists()
    gone(stack)


@pytest.mark.nightly
def test_a_box_that_was_closed_can_serve_again(stack: Cli) -> None:
    """`--retire` has given it another port, and was interrupted: each way out is still there."""
    swapped(stack)
    kill(stack, "after", "close", *RETIRE)
    assert "port" in spec(stack)
    swap(stack, "documents", "--rollback")
    assert "port" not in spec(stack)
    now = S3Binding.model_validate(bindings(stack)["documents"]["s3"])
    client(now).put_object(Bucket=now.bucket, Key="late", Body=b"of value")
    swap(stack, "documents", "--retire")
    assert keys(stack) == {"early", "late"}
    gone(stack)
