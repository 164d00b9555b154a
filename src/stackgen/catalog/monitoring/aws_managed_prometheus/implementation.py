"""Amazon Managed Service for Prometheus, X-Ray and Amazon Managed Grafana."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.otlp import profiles as otlp
from stackgen.contracts.prometheus import profiles as prometheus
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.aws.images import public_image_reason
from stackgen.providers.aws.properties import SERVICE
from stackgen.providers.versions import VMAUTH


class Settings(ImplementationSettings):
    """Settings of monitoring on AWS."""

    scrape_interval: str = Field(default="30s", pattern=r"^\d+[sm]$", description="Time between scrapes.")
    grafana: bool = Field(
        default=True, description="Whether a Grafana workspace is made; it needs IAM Identity Center."
    )
    front_image: str = Field(default=VMAUTH.use, description="Image of the authenticating front.")
    cpu: int = Field(default=512, description="CPU of the task, thousandths of a vCPU.")
    memory: int = Field(default=1024, description="Memory of the task, MiB.")


IMPLEMENTATION = Implementation(
    description="Managed Prometheus, X-Ray and Managed Grafana, fed and queried through one address.",
    level="managed",
    settings=Settings,
    internet=public_image_reason,
    sizes={
        "small": {},
        "medium": {"cpu": 1024, "memory": 2048},
        "large": {"cpu": 2048, "memory": 4096},
    },
    kept={"prometheus": prometheus.FULL, "otlp": otlp.METRICS},
    not_kept={
        "otlp": {
            "trace-found": "traces go to X-Ray, which is searched through its own API and console "
            "(https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html)"
        }
    },
    properties=replace(
        SERVICE,
        encryption_at_rest=(
            "customer-key",
            "metrics with the environment's KMS key; traces in X-Ray with AWS's",
        ),
        backup=(
            "none",
            "metrics are kept 150 days and traces 30, and nothing copies them "
            "(https://docs.aws.amazon.com/prometheus/latest/userguide/AMP_quotas.html)",
        ),
        high_availability=(
            "restart",
            "what is stored is in several zones; the one task that collects and answers is started again "
            "by ECS",
        ),
    ),
    parts={"workspace": ()},
    billing="always-on",
    licence="AWS service terms; Apache-2.0 (vmauth, collector, signing proxy)",
    default=True,
    notes=(
        "alerts are kept and shown; add a receiver to the alert manager's definition to be woken by them",
    ),
)
