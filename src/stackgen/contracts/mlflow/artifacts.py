"""Checks of the artifact addresses that the mlflow client may follow.

An MLflow server names the address of the artifacts of a run, a logged model or a trace, and every user who may write to
it can choose that address. The client reads and writes there with the rights of its own user: `file:` is this machine,
`s3:` is every bucket that the operator's credentials open. So an address is checked before it is used. Addresses that
the client resolves itself, from a second answer of the server or from a trace, are checked again when the client
creates the object that reads and writes. https://mlflow.org/docs/latest/self-hosting/architecture/artifact-store/
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

SERVED = "mlflow-artifacts"
_FOLLOWED_ON = ("runs", "models")  # references: the client asks the server, and resolves what it answers
_GUARD = "stackgen_guard"


def refusal(where: str, tracking_uri: str) -> str | None:
    """Return the reason why an address of artifacts is not followed, as the end of a sentence; None if it is followed.

    tracking_uri: address of the server that named it. Followed are artifacts that the server itself serves, and
    buckets if the address of the server is an ARN: such a managed service serves no artifacts itself.
    """
    try:
        parts = urlsplit(where)
        server = urlsplit(tracking_uri).netloc.rpartition("@")[2]
    except ValueError:
        return "its artifacts are at an address that is malformed"
    if parts.scheme == SERVED:
        if parts.netloc in ("", server):
            return None
        return f"its artifacts are at a {SERVED}: address of another server"
    if parts.scheme == "s3" and tracking_uri.startswith("arn:"):
        return None
    place = f"a {parts.scheme}: address" if parts.scheme else "a path of this machine"
    return (
        f"its artifacts are at {place}; only {SERVED}: addresses are followed, which the server itself serves"
    )


def guard_client() -> None:
    """Make the mlflow client of this process refuse such addresses for every caller. Can be repeated."""
    from mlflow.store.artifact.artifact_repository_registry import get_registered_artifact_repositories

    makers: MutableMapping[str, Callable[..., Any]] = get_registered_artifact_repositories()  # type: ignore[assignment]
    for scheme, maker in list(makers.items()):
        if scheme not in _FOLLOWED_ON and not hasattr(maker, _GUARD):
            makers[scheme] = _guard(maker)


def _guard(maker: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(maker, updated=())
    def make(artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> Any:
        from mlflow import get_tracking_uri
        from mlflow.exceptions import MlflowException

        reason = refusal(artifact_uri, tracking_uri or get_tracking_uri())
        if reason is not None:
            raise MlflowException(f"the server names something of which {reason}")
        return maker(artifact_uri, tracking_uri=tracking_uri, registry_uri=registry_uri)

    setattr(make, _GUARD, True)
    return make


def client(tracking_uri: str) -> Any:
    """Return an MlflowClient of the server, which refuses such addresses."""
    from mlflow import MlflowClient

    guard_client()
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def open_artifacts(where: str, tracking_uri: str) -> Any:
    """Open the artifacts below an address for which `refusal` is None, to list, read and write them.

    The client's own methods ask the server again for the address of a run's artifacts, and remember the answer by the
    run's identifier alone, also for another server.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    guard_client()
    return get_artifact_repository(where, tracking_uri=tracking_uri)
