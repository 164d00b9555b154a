"""Items of a registry that are not moved: they would be deleted with the old box, so they stop the move."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from stackgen.contracts.mover import move_error

# Kind → function that lists the items of a client, in its experiments. https://mlflow.org/docs/latest/api_reference/rest-api.html
KINDS: dict[str, Callable[[Any, list[str]], Iterable[Any]]] = {
    "prompt": lambda client, _: client.search_prompts(),
    "evaluation dataset": lambda client, _: client.search_datasets(),
    "scorer": lambda client, ids: (item for id_ in ids for item in _store(client).list_scorers(id_)),
    "review queue": lambda client, ids: (
        item for id_ in ids for item in _store(client).list_review_queues(id_)
    ),
    "webhook": lambda client, _: client.list_webhooks(),
    "endpoint of the gateway": lambda client, _: _store(client).list_gateway_endpoints(),
    "model of the gateway": lambda client, _: _store(client).list_gateway_model_definitions(),
    "secret of the gateway": lambda client, _: _store(client).list_secret_infos(),
    "guardrail of the gateway": lambda client, _: _store(client).list_gateway_guardrails(),
    "budget of the gateway": lambda client, _: _store(client).list_budget_policies(),
    "MCP server": lambda client, _: _store(client).search_mcp_servers(),
}
_NONE = (
    "ENDPOINT_NOT_FOUND",
    "RESOURCE_DOES_NOT_EXIST",
    "NOT_IMPLEMENTED",
    "FEATURE_DISABLED",
    "PERMISSION_DENIED",
)


def refuse_left(client: Any, experiments: list[str]) -> None:
    """Raise StackgenError(move-failed) for the first item of a kind that is not moved."""
    for kind, listed in KINDS.items():
        name = _first(client, experiments, listed)
        if name is not None:
            reason = "it would be deleted with the old box, since a swap moves none of these"
            message = f"not moved: {kind} '{name}': {reason}"
            raise move_error(message, "export it and delete it, swap, and create it again in the new box")


def _first(
    client: Any, experiments: list[str], listed: Callable[[Any, list[str]], Iterable[Any]]
) -> str | None:
    """Return the name of one item; None if there is none, or the server has no such kind, or refuses to list it."""
    from mlflow.exceptions import MlflowException

    try:
        item = next(iter(listed(client, experiments)), None)
    except (NotImplementedError, AttributeError):
        return None
    except MlflowException as error:
        if error.error_code in _NONE or error.get_http_status_code() in (403, 404, 405, 501):
            return None
        raise
    if item is None:
        return None
    names = (getattr(item, field, None) for field in ("name", "scorer_name", "secret_name", "webhook_id"))
    return next((str(name) for name in names if name), "of no name")


def _store(client: Any) -> Any:
    """Return the store of the client: MLflow's client does not have methods for every kind."""
    return client._tracking_client.store
