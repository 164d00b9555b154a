"""Managed Service for Prometheus, Cloud Trace and Cloud Monitoring."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.otlp import profiles as otlp
from stackgen.contracts.prometheus import profiles as prometheus
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.gcp.properties import SERVICE
from stackgen.providers.versions import VMAUTH

POLICIES = (
    "the rules are policies of Cloud Monitoring, with the same expressions; outside of GKE the service has no "
    "rules API (https://cloud.google.com/stackdriver/docs/managed-prometheus/rules-managed)"
)


class Settings(ImplementationSettings):
    """Settings of monitoring on Google Cloud."""

    scrape_interval: str = Field(default="30s", pattern=r"^\d+[sm]$", description="Time between scrapes.")
    front_image: str = Field(default=VMAUTH.use, description="Image of the authenticating front.")
    cpu: str = Field(default="1", pattern=r"^[1-8]$", description="CPUs of the collector.")
    memory: str = Field(default="1Gi", pattern=r"^\d+(Mi|Gi)$", description="Memory of the collector.")


IMPLEMENTATION = Implementation(
    description="Managed Prometheus, Cloud Trace and Cloud Monitoring, fed and queried through one address.",
    level="managed",
    settings=Settings,
    sizes={
        "small": {},
        "medium": {"cpu": "2", "memory": "2Gi"},
        "large": {"cpu": "4", "memory": "8Gi"},
    },
    kept={"prometheus": prometheus.QUERIES, "otlp": otlp.METRICS},
    not_kept={
        "prometheus": {"rule-loaded": POLICIES, "alert-fires": POLICIES},
        "otlp": {
            "trace-found": "traces go to Cloud Trace, which is searched through its own API and console "
            "(https://cloud.google.com/trace/docs/reference)"
        },
    },
    properties=replace(
        SERVICE,
        encryption_at_rest=("provider-key", "metrics and traces are encrypted with Google's keys"),
        backup=(
            "none",
            "metrics are kept 24 months and traces 30 days, and nothing copies them "
            "(https://cloud.google.com/stackdriver/docs/managed-prometheus)",
        ),
        high_availability=(
            "restart",
            "what is stored is in several zones; the one instance that collects and answers is started again",
        ),
    ),
    billing="always-on",
    licence="Google Cloud terms; Apache-2.0 (vmauth, collector, query frontend)",
    default=True,
    notes=("alerts are shown; add notification channels in extensions.py to be woken by them",),
)
