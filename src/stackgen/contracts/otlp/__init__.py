"""otlp/1: traces, by the OpenTelemetry protocol."""
