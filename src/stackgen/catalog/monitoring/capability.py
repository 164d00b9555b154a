"""Metrics, alerts and traces."""

from typing import Annotated, Literal

from pydantic import Field

from stackgen.descriptors.model import Capability, CapabilityOptions, Refers


class MonitoringOptions(CapabilityOptions):
    """Options of monitoring."""

    watches: Annotated[Literal["all"] | tuple[str, ...], Refers(waits=False, contracts=("openmetrics",))] = (
        Field(
            default="all",
            description="Components to scrape: 'all' (each that does not itself use this one) or a list.",
        )
    )


CAPABILITY = Capability(
    description="Scrapes metrics, raises alerts, keeps traces.",
    contracts=("prometheus", "otlp"),
    options=MonitoringOptions,
)
