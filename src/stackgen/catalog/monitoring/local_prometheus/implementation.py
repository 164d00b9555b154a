"""Prometheus, Alertmanager and Jaeger behind one authenticated address."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.otlp import profiles as otlp
from stackgen.contracts.prometheus import profiles as prometheus
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import DATA_AT_REST, NO_BACKUP, SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK


class Settings(ImplementationSettings):
    """Settings of a local Prometheus."""

    retention: str = Field(default="30d", pattern=r"^\d+[dwy]$", description="How long metrics are kept.")
    scrape_interval: str = Field(default="5s", pattern=r"^\d+[sm]$", description="Time between two scrapes.")
    port: int | None = Port


IMPLEMENTATION = Implementation(
    description="Prometheus, Alertmanager and Jaeger behind one address with a password (vmauth).",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {"retention": "90d"}, "large": {"retention": "1y"}},
    kept={"prometheus": prometheus.WITHOUT_TLS, "otlp": otlp.WITHOUT_TLS},
    not_kept={"prometheus": {"tls": ON_LOOPBACK}, "otlp": {"tls": ON_LOOPBACK}},
    properties=replace(SERVER, encryption_at_rest=DATA_AT_REST, backup=NO_BACKUP),
    billing="own-machines",
    licence="Apache-2.0 (Prometheus, Alertmanager, Jaeger, vmauth)",
    maturity="beta",
    notes=(
        "Prometheus is built from its Go module, which takes minutes the first time, and has no pages of its own.",
        "Traces are kept by the same server as beside VictoriaMetrics.",
    ),
    parts={
        "alerts": (),
        "front": (),
        "inner": ("monitoring",),
        "metrics": (),
        "traces": (),
        "traces-admin": (),
        "traces-query": (),
        "traces-receiver": (),
    },
)
