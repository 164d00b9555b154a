"""openmetrics/1: metrics to be scraped. https://prometheus.io/docs/specs/om/open_metrics_spec."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import SecretStr

from stackgen.contracts.model import Binding, Clause, Contract, address, kept


class OpenmetricsBinding(Binding):
    """url: the exposition itself. bearer-token: where it is protected."""

    variables: ClassVar = {}
    url: str
    bearer_token: SecretStr | None = None


def exposition(binding: OpenmetricsBinding) -> str:
    import httpx

    headers = (
        {"Authorization": f"Bearer {binding.bearer_token.get_secret_value()}"} if binding.bearer_token else {}
    )
    answer = httpx.get(binding.url, headers=headers, timeout=15, follow_redirects=True)
    kept(answer.status_code == 200, f"it answers {answer.status_code}")
    samples = re.findall(r"^[a-zA-Z_:][\w:]*(?:\{.*\})? [-+.\deEInfNa]+", answer.text, re.MULTILINE)
    kept(samples, "it holds no sample")
    return f"{len(samples)} samples"


CONTRACT = Contract(
    "openmetrics",
    1,
    OpenmetricsBinding,
    (Clause("exposition", "It exposes samples in the Prometheus text format.", exposition),),
    lambda binding: address(binding.url),
)
