"""http/1: the user's own service."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from stackgen.contracts.model import Binding, Clause, Contract, address, require


class HttpBinding(Binding):
    """url: base of the service."""

    variables: ClassVar = {"url": "URL"}
    plain_names: ClassVar[bool] = False
    url: str = Field(description="Base URL of the service.")


def probe_answers(binding: HttpBinding) -> str:
    from stackgen.contracts import limited_http

    status = limited_http.get(binding.url, timeout=15).status_code
    require(status < 500, f"it answers {status}")
    return f"{status}"


CONTRACT = Contract(
    "http",
    1,
    HttpBinding,
    (Clause("answers", "It answers HTTP requests without an error of its own.", probe_answers),),
    lambda binding: address(binding.url),
)
