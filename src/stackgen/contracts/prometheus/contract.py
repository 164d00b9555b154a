"""prometheus/1: metrics, rules and alerts. https://prometheus.io/docs/prometheus/latest/querying/api."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import Field, SecretStr

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, address, https, require

PATIENCE = 30  # seconds for a first scrape or rule evaluation


class PrometheusBinding(Binding):
    """url: base of the HTTP API, without /api/v1."""

    variables: ClassVar = {
        "url": "PROMETHEUS_URL",
        "username": "PROMETHEUS_USERNAME",
        "password": "PROMETHEUS_PASSWORD",
    }
    url: str = Field(description="Base URL of the HTTP API, without /api/v1.")
    username: str | None = Field(default=None, description="User that the server lets in.")
    password: SecretStr | None = Field(default=None, description="Its password.")


def get_data(binding: PrometheusBinding, path: str, **params: str) -> Any:
    """Return `data` of an API answer."""
    from stackgen.contracts import limited_http

    auth = (
        (binding.username, binding.password.get_secret_value())
        if binding.username and binding.password
        else None
    )
    answer = limited_http.get(f"{binding.url}/api/v1/{path}", params=params, auth=auth, timeout=15)
    require(answer.status_code == 200, f"/api/v1/{path} answers {answer.status_code}: {answer.text[:100]}")
    return answer.json()["data"]


def wait_for(ask: Callable[[], Any], otherwise: str, patience: float = PATIENCE) -> Any:
    """Return the first true answer within `patience` seconds; raises ClauseBroken(otherwise)."""
    deadline = time.monotonic() + patience
    while not (found := ask()):
        if time.monotonic() > deadline:
            raise ClauseBroken(f"{otherwise} (waited {patience:.0f} s)")
        time.sleep(0.5)
    return found


def probe_query(binding: PrometheusBinding) -> str:
    found = get_data(binding, "query", query="6 * 7")["result"]
    value = found[1] if isinstance(found[0], (int, float)) else found[0]["value"][1]
    require(float(value) == 42, f"6 * 7 is {value}")
    return "6 * 7 = 42"


def probe_range_query(binding: PrometheusBinding) -> str:
    now = time.time()
    given = {"query": "vector(1)", "start": str(now - 60), "end": str(now), "step": "15"}
    values = get_data(binding, "query_range", **given)["result"][0]["values"]
    require(len(values) >= 4, f"a minute in steps of 15 s gives {len(values)} points")
    return f"{len(values)} points"


def probe_rule_loaded(binding: PrometheusBinding) -> str:
    groups = get_data(binding, "rules")["groups"]
    rules = [rule["name"] for group in groups for rule in group["rules"]]
    require(rules, "no rule is loaded")
    return ", ".join(rules[:4])


def probe_alert_fires(binding: PrometheusBinding) -> str:
    def firing() -> list[str]:
        alerts = get_data(binding, "alerts")["alerts"]
        return [alert["labels"].get("alertname", "") for alert in alerts if alert["state"] == "firing"]

    found = wait_for(lambda: "Watchdog" in firing() and firing(), "the Watchdog alert does not fire")
    return ", ".join(found)


def probe_component_scraped(binding: PrometheusBinding) -> str:
    def up() -> list[str]:
        series = get_data(binding, "query", query="up")["result"]
        return sorted({item["metric"]["job"] for item in series if item["value"][1] == "1"})

    return ", ".join(wait_for(up, "no component is scraped"))


def probe_auth_required(binding: PrometheusBinding) -> str:
    return _refused(binding, None)


def probe_wrong_credentials(binding: PrometheusBinding) -> str:
    return _refused(binding, (binding.username or "nobody", f"wrong-{uuid4().hex}"))


def _refused(binding: PrometheusBinding, auth: tuple[str, str] | None) -> str:
    from stackgen.contracts import limited_http

    answer = limited_http.get(f"{binding.url}/api/v1/query", params={"query": "1"}, auth=auth, timeout=15)
    how = "with wrong credentials" if auth else "without credentials"
    require(answer.status_code in (401, 403), f"a query {how} is answered with {answer.status_code}")
    return f"refused with {answer.status_code}"


CONTRACT = Contract(
    "prometheus",
    1,
    PrometheusBinding,
    (
        Clause("query", "It evaluates PromQL.", probe_query),
        Clause("range-query", "It evaluates PromQL over time.", probe_range_query),
        Clause("rule-loaded", "Rules are loaded.", probe_rule_loaded),
        Clause("alert-fires", "An alert whose condition holds fires.", probe_alert_fires),
        Clause("component-scraped", "Components of the stack are scraped.", probe_component_scraped),
        Clause("auth-required", "Requests without credentials are refused.", probe_auth_required),
        Clause("wrong-credentials-refused", "Wrong credentials are refused.", probe_wrong_credentials),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.url)),
    ),
    lambda binding: address(binding.url),
    holds="metrics and the state of alerts",
)
