"""Which addresses of artifacts the mlflow client may follow.

An MLflow server says where the artifacts of a run, a logged model or a trace are, and anyone who may write to it
can choose that. The client reads and writes there as whoever runs it: `file:` is this machine, `s3:` is whatever the
operator's own credentials open. So an address is checked before it is used, and every address that the client
resolves for itself, of a second answer of the server or of a trace, is checked again where the client makes the
object that reads and writes. https://mlflow.org/docs/latest/self-hosting/architecture/artifact-store/
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
    """Why the address of artifacts is not followed, as the end of a sentence; None if it is.

    tracking_uri: address of the server that named it. Only what that server itself hands out is followed, and
    buckets for a server whose address is an ARN: such a managed service serves no artifacts itself.
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


def guarded() -> None:
    """Make the mlflow client of this process refuse such addresses, whoever calls it. Safe to repeat."""
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
    """An MlflowClient of the server, guarded."""
    from mlflow import MlflowClient

    guarded()
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def store(where: str, tracking_uri: str) -> Any:
    """What lists, reads and writes artifacts below an address of which `refusal` is None.

    The client's own methods ask the server once more where a run's artifacts are, and remember the answer by the
    run's identifier alone, also for another server.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    guarded()
    return get_artifact_repository(where, tracking_uri=tracking_uri)
