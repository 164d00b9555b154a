"""Files of monitoring on every provider: the alerting rules, a dashboard, and scrape jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pulumi
import yaml

RULES = (Path(__file__).parent / "rules.yml").read_text(encoding="utf-8")
DASHBOARD = (Path(__file__).parent / "dashboard.json").read_text(encoding="utf-8")
Watched = Mapping[str, Mapping[str, Any]]


def scrape_jobs(watches: Watched) -> pulumi.Output[list[dict[str, Any]]]:
    """Return a Prometheus scrape job per component that exposes metrics; may hold bearer tokens.

    https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
    """
    targets = {
        name: {"url": bindings["openmetrics"]["url"], "token": bindings["openmetrics"].get("bearer-token")}
        for name, bindings in watches.items()
        if "openmetrics" in bindings
    }
    return pulumi.Output.all(**targets).apply(lambda known: [_job(n, t) for n, t in known.items()])


def alerts() -> list[dict[str, Any]]:
    """Return the alerting rules as a list, for services that don't read Prometheus' rule files."""
    groups = yaml.safe_load(RULES)["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def _job(name: str, target: Mapping[str, Any]) -> dict[str, Any]:
    url = urlsplit(target["url"])
    job: dict[str, Any] = {
        "job_name": name,
        "scheme": url.scheme,
        "metrics_path": url.path or "/metrics",
        "static_configs": [{"targets": [url.netloc]}],
    }
    if target.get("token"):
        job["authorization"] = {"type": "Bearer", "credentials": target["token"]}
    return job
