"""otlp/1: telemetry in, through the exporters applications use. https://opentelemetry.io/docs/specs/otlp."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import unquote
from uuid import uuid4

from pydantic import Field, SecretStr

from stackgen.contracts.model import Binding, Clause, Contract, address, https, require
from stackgen.contracts.prometheus.contract import wait_for


class OtlpBinding(Binding):
    """endpoint: base URL, to which exporters append /v1/traces and /v1/metrics. headers: as in the variable.

    query-url: base URL of Jaeger's query API and of a Prometheus API, which return what was sent; same headers.
    """

    variables: ClassVar = {"endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT", "headers": "OTEL_EXPORTER_OTLP_HEADERS"}
    endpoint: str = Field(description="Base URL, to which exporters append /v1/traces and /v1/metrics.")
    headers: SecretStr | None = Field(
        default=None, description="Headers as OTEL_EXPORTER_OTLP_HEADERS has them."
    )
    query_url: str | None = Field(
        default=None,
        description="Base URL of Jaeger's query API and of a Prometheus API, to read what was sent.",
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """All variables of OpenTelemetry, which decide what is sent, and to which address."""
        return ("OTEL_*",)

    @property
    def overrides(self) -> tuple[str, ...]:
        """Addresses, headers and protocols, for all signals and for one."""
        return ("OTEL_EXPORTER_OTLP_*",)

    def header_fields(self) -> dict[str, str]:
        """Return the headers as HTTP header fields."""
        text = self.headers.get_secret_value() if self.headers else ""
        pairs = (part.partition("=") for part in text.split(",") if part)
        return {unquote(key).strip(): unquote(value).strip() for key, _, value in pairs}


def probe_trace(binding: OtlpBinding) -> str:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    exporter = OTLPSpanExporter(f"{binding.endpoint}/v1/traces", headers=binding.header_fields(), timeout=15)
    provider = TracerProvider(resource=Resource({"service.name": "stackgen-probe"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("stackgen").start_as_current_span("probe") as span:
        trace = format(span.get_span_context().trace_id, "032x")
    provider.shutdown()
    wait_for(lambda: _ask(binding, f"api/traces/{trace}"), f"trace {trace} was sent and is not found", 20)
    return f"trace {trace[:8]}…"


def probe_metric(binding: OtlpBinding) -> str:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    name = f"stackgen_probe_{uuid4().hex[:12]}"
    exporter = OTLPMetricExporter(
        f"{binding.endpoint}/v1/metrics", headers=binding.header_fields(), timeout=15
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=60_000)
    provider = MeterProvider([reader], Resource({"service.name": "stackgen-probe"}))
    provider.get_meter("stackgen").create_gauge(name).set(7)
    provider.shutdown()
    found = wait_for(
        lambda: _ask(binding, "api/v1/query", query=name)["data"]["result"], f"metric {name} is not found", 20
    )
    require(found[0]["value"][1] == "7", f"the metric's value is {found[0]['value'][1]}, not 7")
    return name


def _ask(binding: OtlpBinding, path: str, **params: str) -> Any:
    from stackgen.contracts import limited_http

    require(binding.query_url, "the binding has no query-url, from which telemetry could be read")
    answer = limited_http.get(
        f"{binding.query_url}/{path}", params=params, headers=binding.header_fields(), timeout=15
    )
    return answer.json() if answer.status_code == 200 else None


def probe_auth_required(binding: OtlpBinding) -> str:
    return _refused(binding, {}, "without credentials")


def probe_wrong_credentials(binding: OtlpBinding) -> str:
    return _refused(binding, {"Authorization": f"Bearer wrong-{uuid4().hex}"}, "with wrong credentials")


def _refused(binding: OtlpBinding, headers: dict[str, str], how: str) -> str:
    from stackgen.contracts import limited_http

    sent = {"Content-Type": "application/x-protobuf", **headers}
    answer = limited_http.post(f"{binding.endpoint}/v1/traces", content=b"", headers=sent, timeout=15)
    require(answer.status_code in (401, 403), f"an export {how} is answered with {answer.status_code}")
    return f"refused with {answer.status_code}"


CONTRACT = Contract(
    "otlp",
    1,
    OtlpBinding,
    (
        Clause("trace-found", "A trace that is sent is found again.", probe_trace),
        Clause("metric-found", "A metric that is sent is found again.", probe_metric),
        Clause("auth-required", "Telemetry without credentials is refused.", probe_auth_required),
        Clause("wrong-credentials-refused", "Wrong credentials are refused.", probe_wrong_credentials),
        Clause("tls", "The connection is encrypted.", lambda binding: https(binding.endpoint)),
    ),
    lambda binding: address(binding.endpoint),
    (
        "httpx",
        "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    ),
    holds="traces",
)
