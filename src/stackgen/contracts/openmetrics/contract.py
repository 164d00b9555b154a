"""openmetrics/1: metrics to be scraped. https://prometheus.io/docs/specs/om/open_metrics_spec."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, SecretStr

from stackgen.contracts.model import Binding, Clause, Contract, address, require

if TYPE_CHECKING:
    import httpx


class OpenmetricsBinding(Binding):
    """url: URL of the exposition itself. bearer-token: token, if the exposition is protected."""

    variables: ClassVar = {}
    url: str = Field(description="URL of the exposition itself.")
    bearer_token: SecretStr | None = Field(
        default=None, description="Token that scrapers send, where it is protected."
    )


def probe_exposition(binding: OpenmetricsBinding) -> str:
    from stackgen.contracts import limited_http

    headers = (
        {"Authorization": f"Bearer {binding.bearer_token.get_secret_value()}"} if binding.bearer_token else {}
    )
    answer = limited_http.get(binding.url, headers=headers, timeout=15)
    if answer.next_request is not None and _same_server(answer.next_request.url, answer.url):
        answer = limited_http.get(str(answer.next_request.url), headers=headers, timeout=15)
    require(answer.status_code == 200, f"it answers {answer.status_code}")
    samples = re.findall(r"^[a-zA-Z_:][\w:]*(?:\{.*\})? [-+.\deEInfNa]+", answer.text, re.MULTILINE)
    require(samples, "it holds no sample")
    return f"{len(samples)} samples"


def _same_server(one: httpx.URL, other: httpx.URL) -> bool:
    """Return True if both URLs are of one server: only such redirects are followed."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


CONTRACT = Contract(
    "openmetrics",
    1,
    OpenmetricsBinding,
    (Clause("exposition", "It exposes samples in the Prometheus text format.", probe_exposition),),
    lambda binding: address(binding.url),
)
