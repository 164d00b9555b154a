"""Moves buckets: objects with their metadata and tags, by boto3; only objects that differ are sent.

Two objects are alike if size, metadata and content are. Content is compared by ETag where both are MD5 sums
(32 hexadecimal digits), else by reading both. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from stackgen.contracts.copy_notes import Begun
from stackgen.contracts.mover import (
    Comparison,
    Memory,
    Mover,
    Part,
    Progress,
    describe_items_that_stay,
    move_error,
)
from stackgen.contracts.s3.bucket import Side, checksum, digest_of, is_same, map_concurrently
from stackgen.contracts.s3.changes import Buckets, changes_since, every_change, memory_of
from stackgen.contracts.s3.contract import S3Binding
from stackgen.contracts.s3.marks import (
    add_unfinished_copy,
    entry_of_undecided,
    is_newer,
    is_unchanged,
    is_undecided,
    reverse_memory,
    source_mark,
)
from stackgen.contracts.s3.sender import Sender

CLOUDS = ("amazonaws.com", "amazonaws.com.cn", "googleapis.com")


@contextmanager
def _sides(source: S3Binding, target: S3Binding) -> Iterator[tuple[Side, Side]]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield Side(source), Side(target)
    except (ClientError, BotoCoreError) as error:
        raise move_error(" ".join(str(error).split())) from error


def _refuse_other_buckets(side: Side) -> None:
    """Raise StackgenError(move-failed) if the server of a box has objects in other buckets: they are lost with the box.

    Buckets of a cloud belong to no box, so they are not looked at.
    """
    from botocore.exceptions import ClientError

    if urlsplit(side.client.meta.endpoint_url).netloc.partition(":")[0].endswith(CLOUDS):
        return
    try:
        names = [
            item["Name"] for item in side.client.list_buckets()["Buckets"] if item["Name"] != side.bucket
        ]
        filled = [
            name for name in names if side.client.list_objects_v2(Bucket=name, MaxKeys=1).get("Contents")
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDenied", "NotImplemented"):
            return  # buckets that these credentials can't list were not created with them
        raise
    if filled:
        reason = f"it would be deleted with the old box, since a swap moves only '{side.bucket}'"
        message = f"not moved: bucket '{filled[0]}': {reason}"
        raise move_error(message, f"move its objects to '{side.bucket}', or delete them")


def copy_objects(
    source: S3Binding,
    target: S3Binding,
    since: Memory | None,
    progress: Progress,
    *,
    serves: bool = False,
    used: bool = False,
    begun: str | None = None,
) -> Memory:
    """Make the target's bucket hold the source's objects; see `Mover`.

    What is remembered of an object is its mark on both sides: a target whose mark is another one has been written
    by its own users, and is left alone.
    """
    with _sides(source, target) as (here, there):
        _refuse_other_buckets(here)
        log, alone = Begun(begun), since is None
        both = _buckets(here, there)
        if since is None:
            since, changes = {}, every_change(both)
        else:
            since = add_unfinished_copy(since, log, both.target, lambda key: there.sha256(key)[0])
            changes = changes_since(both, since, used=used)
        sender = Sender(here, there, both.target, log if used else None, exact=alone)
        sent = dict(
            zip(
                changes.wanted,
                map_concurrently(lambda key: sender.send(both.source[key]), changes.wanted),
                strict=True,
            )
        )
        gone = changes.gone
        if serves and gone:
            progress(describe_items_that_stay("objects", gone))
            gone = ()
        removed = [key for key in gone if sender.remove(key)]
        arrived = [key for key, entry in sent.items() if entry is not None]
        if sent or gone:
            _refuse_other_keys(there, arrived, both.source if alone else None)
            progress(f"copied {len(arrived)} objects, removed {len(removed)}")
        kept = {
            **changes.kept,
            **{k: entry_of_undecided(since, both.source[k]) for k in {*sent} & sender.written},
        }
        _say_both_changed(
            progress, "each box keeps its own", [key for key in kept if is_undecided(kept, key)]
        )
        _say_both_changed(progress, "the later one stays", changes.later)
        _say_both_changed(progress, "what is there stays", changes.stays)
        return memory_of(both, since, kept, sent, removed)


def _buckets(here: Side, there: Side) -> Buckets:
    at_source, at_target = here.objects(), there.objects()

    def alike(key: str) -> bool:
        return key in at_target and is_same(at_source[key], at_target[key], here, there)

    return Buckets(at_source, at_target, alike)


def _say_both_changed(progress: Progress, what: str, keys: Iterable[str]) -> None:
    if names := [f"object '{key}'" for key in sorted(keys)]:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        progress(f"changed in both boxes, and {what}: {', '.join(names[:3])}{more}")


def _refuse_other_keys(there: Side, arrived: Iterable[str], every: Iterable[str] | None) -> None:
    """Raise StackgenError(move-failed) if a server does not list an object that it took, such as a name of its own.

    every: keys that it may list; None if its users write too.
    """
    listed = set(there.keys())
    hint = "copy it to another key, which every server can hold, and delete it; then go on"
    for key in arrived:
        if key not in listed and (every is not None or there.object(key) is not None):
            raise move_error(f"not moved: object '{key}': the new box took it, and does not list it", hint)
    for key in listed - (listed if every is None else set(every)):
        raise move_error(
            f"not moved: the new box lists an object '{key}', which the old one does not have", hint
        )


def compare_buckets(
    source: S3Binding, target: S3Binding, since: Memory | None, settled: Memory | None = None
) -> Comparison:
    """Compare each object of the source with the target's of the same key; with `since`, leave out newer ones there."""
    del settled  # everything that the target has changed is newer
    with _sides(source, target) as (here, there):
        _refuse_other_buckets(here)
        at_source, at_target = here.objects(), there.objects()
        both_changed = [key for key in sorted(at_source) if is_undecided(since or {}, key)]
        if since is not None:  # what has been written to the source since is for the next copy
            at_source = {
                key: item for key, item in at_source.items() if is_unchanged(source_mark(since, key), item)
            }
        newer = {key for key in at_source if since is not None and is_newer(key, at_target, since)}
        keys = [key for key in sorted(at_source) if key not in newer]
        before = dict(zip(keys, map_concurrently(lambda key: checksum(here, key), keys), strict=True))
        held = [key for key in keys if key in at_target]
        after = dict(zip(held, map_concurrently(lambda key: checksum(there, key), held), strict=True))
        differing = [key for key in keys if before[key] != after.get(key)]
        if since is not None:  # what was written while this was compared
            newer |= {key for key in differing if there.object(key) != at_target.get(key)}
            differing = [key for key in differing if here.object(key) == at_source[key] and key not in newer]
    known = {*differing}
    keys = [key for key in keys if before[key] == after.get(key) or key in known]
    before, after = ({key: side[key] for key in keys if key in side} for side in (before, after))
    alike = sum(before[key] == after.get(key) for key in keys)
    part = Part("objects", len(keys), alike, digest_of(before), digest_of(after))
    return Comparison(
        (part,),
        newer=len(newer),
        differing=tuple(f"object '{key}'" for key in differing),
        undecided=tuple(f"object '{key}'" for key in both_changed),
    )


def first_item(binding: S3Binding) -> str:
    """Name the first object; "" if the bucket is empty."""
    with _sides(binding, binding) as (side, _):
        found = side.client.list_objects_v2(Bucket=side.bucket, MaxKeys=1).get("Contents", [])
    return f"object '{found[0]['Key']}'" if found else ""


def count_items(binding: S3Binding) -> dict[str, int]:
    """Return the number of objects."""
    with _sides(binding, binding) as (side, _):
        return {"objects": len(side.keys())}


MOVER = Mover(
    tool="boto3, SHA-256 checked by the receiving server",
    carries=("objects", "their headers and metadata", "tags"),
    leaves=(
        "other buckets of the same server (objects in any stop the move)",
        "older versions of objects",
        "access lists and bucket policies",
        "dates of change",
        "object locks",
    ),
    copy=copy_objects,
    compare=compare_buckets,
    first_item=first_item,
    amounts=count_items,
    reverse_memory=reverse_memory,
)
