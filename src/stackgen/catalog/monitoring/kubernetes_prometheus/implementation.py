"""Prometheus, Alertmanager, Jaeger, Grafana and a collector, as plain workloads."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.otlp import profiles as otlp
from stackgen.contracts.prometheus import profiles as prometheus
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.kubernetes.properties import NO_BACKUP, ON_VOLUME, ONE_POD, SERVER
from stackgen.providers.kubernetes.reasons import PLAIN_HTTP
from stackgen.providers.versions import ALERTMANAGER, GRAFANA, JAEGER, OTEL_COLLECTOR, PROMETHEUS, VMAUTH


class Settings(ImplementationSettings):
    """Settings of monitoring in a cluster."""

    scrape_interval: str = Field(default="30s", pattern=r"^\d+[sm]$", description="Time between scrapes.")
    retention: str = Field(default="15d", pattern=r"^\d+[hdwy]$", description="How long metrics are kept.")
    storage: int = Field(default=20, ge=1, le=4000, description="Volume of metrics, GiB; of traces the same.")
    image: str = Field(default=PROMETHEUS.use, description="Prometheus' image.")
    alerts_image: str = Field(default=ALERTMANAGER.use, description="Alertmanager's image.")
    traces_image: str = Field(default=JAEGER.use, description="Image of Jaeger, which keeps traces.")
    collector_image: str = Field(
        default=OTEL_COLLECTOR.use, description="Image of the OpenTelemetry collector."
    )
    grafana_image: str = Field(default=GRAFANA.use, description="Grafana's image.")
    front_image: str = Field(default=VMAUTH.use, description="Image of the authenticating front.")
    cpu: str = Field(default="500m", pattern=r"^\d+m?$", description="CPU of Prometheus.")
    memory: str = Field(default="2Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of Prometheus.")
    expose: bool = Field(
        default=False,
        description="Whether the dashboards are reached from outside, below the environment's `domain`.",
    )


IMPLEMENTATION = Implementation(
    description="Prometheus, Alertmanager, Jaeger, Grafana and a collector; one address for clients.",
    level="self-hosted",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"storage": 100, "cpu": "2", "memory": "8Gi"},
        "large": {"storage": 500, "cpu": "8", "memory": "32Gi"},
    },
    kept={"prometheus": prometheus.WITHOUT_TLS, "otlp": otlp.WITHOUT_TLS},
    not_kept={"prometheus": {"tls": PLAIN_HTTP}, "otlp": {"tls": PLAIN_HTTP}},
    properties=replace(SERVER, encryption_at_rest=ON_VOLUME, backup=NO_BACKUP, high_availability=ONE_POD),
    parts={"alerts": (), "collector": (), "dashboards": (), "metrics": (), "traces": ()},
    billing="own-machines",
    licence="Apache-2.0 (Prometheus, Alertmanager, Jaeger, collector, vmauth); AGPL-3.0 (Grafana)",
    default=True,
    notes=("alerts are shown; name receivers in extensions.py or alertmanager.yml to be woken by them",),
)
