"""LiteLLM's proxy on any provider: its configuration, and its bindings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pulumi

from contract_bindings import Bindings

Binding = Mapping[str, pulumi.Input[Any]]
Splits = Mapping[str, Mapping[str, int]]

CHAT, EMBEDDINGS = "openai-chat", "openai-embeddings"
UPSTREAM = "upstream"  # LiteLLM's own parameters for a model that doesn't speak OpenAI's API
AUTHENTICATE = (Path(__file__).parent / "authenticate.py").read_text(encoding="utf-8")
PREFIX = "MODEL_"


@dataclass(frozen=True)
class Proxy:
    """configuration: config.json. secrets: variables with the models' own keys."""

    configuration: pulumi.Output[str]
    secrets: dict[str, pulumi.Input[str]]


def proxy(
    serves: Mapping[str, Mapping[str, Any]], *, timeout: int, retries: int, splits: Splits | None = None
) -> Proxy:
    """Return the configuration with which LiteLLM routes to each component's model under the component's name.

    timeout: longest wait for a model's answer, seconds. Keys of models stay in variables of the proxy.
    splits: name → component → weight; requests for the name are distributed by these weights.
    """
    routes = {name: _route(name, bindings) for name, bindings in serves.items()}
    secrets: dict[str, pulumi.Input[str]] = {
        _variable(name): bindings[_contract(bindings)]["api-key"]
        for name, bindings in serves.items()
        if UPSTREAM not in bindings
    }
    settings = {
        "drop_params": False,
        "callbacks": ["prometheus"],
        "require_auth_for_metrics_endpoint": True,
        "request_timeout": timeout,
        "num_retries": retries,
    }
    general = {"custom_auth": "authenticate.authenticate"}
    configuration = pulumi.Output.all(**routes).apply(
        lambda known: json.dumps(
            {
                "model_list": _model_list(known, splits or {}),
                "litellm_settings": settings,
                "general_settings": general,
            },
            indent=1,
        )
    )
    return Proxy(configuration, secrets)


def _model_list(routes: Mapping[str, Mapping[str, Any]], splits: Splits) -> list[dict[str, Any]]:
    """Return every model under its component's name, and models of a split again under its name, with a weight.

    https://docs.litellm.ai/docs/routing (weighted pick)
    """
    found = [{"model_name": name, "litellm_params": dict(route)} for name, route in routes.items()]
    for split, members in splits.items():
        found += [
            {"model_name": split, "litellm_params": {**routes[name], "weight": weight}}
            for name, weight in members.items()
        ]
    return found


def _contract(bindings: Mapping[str, Any]) -> str:
    return CHAT if CHAT in bindings else EMBEDDINGS


def _variable(model: str) -> str:
    """Return the environment variable with the key of a model's own server."""
    return f"{PREFIX}{model.upper().replace('-', '_')}_API_KEY"


def _route(name: str, bindings: Mapping[str, Any]) -> pulumi.Output[dict[str, Any]]:
    """Return LiteLLM's parameters for one model (https://docs.litellm.ai/docs/proxy/configs)."""
    if UPSTREAM in bindings:
        return pulumi.Output.all(**bindings[UPSTREAM]).apply(dict)
    binding = bindings[_contract(bindings)]
    return pulumi.Output.all(base=binding["base-url"], model=binding["model"]).apply(
        lambda known: {
            "model": f"openai/{known['model']}",
            "api_base": known["base"],
            "api_key": f"os.environ/{_variable(name)}",
        }
    )


def model_bindings(
    serves: Mapping[str, Mapping[str, Any]], url: pulumi.Input[str], key: pulumi.Input[str]
) -> dict[str, Mapping[str, Any]]:
    """Return component → contract → binding of its model at the proxy's address, with the proxy's key.

    The identity of vectors (dimensions, revision, normalisation, metric) is passed on unchanged.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for name, bindings in serves.items():
        contract = _contract(bindings)
        own: dict[str, pulumi.Input[Any]] = {
            "base-url": pulumi.Output.concat(url, "/v1"),
            "api-key": key,
            "model": name,
        }
        passed = {k: v for k, v in bindings.get(contract, {}).items() if k not in own}
        found[name] = {contract: {**own, **passed}}
    return found


def bindings_of(
    served: Mapping[str, Mapping[str, Any]],
    url: pulumi.Input[str],
    key: pulumi.Input[str],
    splits: Splits | None = None,
) -> Bindings:
    """Return the proxy's own bindings: metrics, and per contract the first split, or else the first model."""
    metrics = {"url": pulumi.Output.concat(url, "/metrics/"), "bearer-token": key}
    found: dict[str, Any] = {"openmetrics": metrics}
    for contracts in reversed(list(served.values())):
        found.update(contracts)
    for split, members in reversed(list((splits or {}).items())):
        for contract, binding in served[next(iter(members))].items():
            found[contract] = {**binding, "model": split}
    return cast("Bindings", found)
