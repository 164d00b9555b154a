"""Traces and metrics over OTLP/HTTP; the exporters read OTEL_EXPORTER_OTLP_ENDPOINT and _HEADERS."""

from functools import cache

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


@cache
def _start() -> None:
    traces = TracerProvider()
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=500))
    trace.set_tracer_provider(traces)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=5000)
    metrics.set_meter_provider(MeterProvider([reader]))


def tracer() -> trace.Tracer:
    """The application's tracer."""
    _start()
    return trace.get_tracer("assistant")


@cache
def token_usage() -> metrics.Histogram:
    """`gen_ai.client.token.usage` of the OpenTelemetry GenAI semantic conventions."""
    _start()
    return metrics.get_meter("assistant").create_histogram("gen_ai.client.token.usage", unit="{token}")
