"""KServe's model server with a scikit-learn model out of the registry."""

from dataclasses import replace

from pydantic import Field

from stackgen.catalog.predictor.capability import why_no_reference
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings
from stackgen.providers.local.properties import SERVER

NO_AUTHENTICATION = "KServe's model server has none; it listens on loopback only"


class Settings(ImplementationSettings):
    """Settings of a local KServe model server."""

    port: int | None = Field(default=None, ge=1024, le=65535, description="Port; a free one if absent.")


def check(options: CapabilityOptions, _settings: ImplementationSettings) -> str | None:
    """The model comes from a registry."""
    return why_no_reference(options)


IMPLEMENTATION = Implementation(
    description="KServe's model server: a scikit-learn model from the registry over the Open Inference Protocol.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={
        "open-inference": ("live", "ready", "metadata", "infer", "wrong-shape-is-error"),
        "openmetrics": ("exposition",),
    },
    not_kept={
        "open-inference": {
            "auth-required": NO_AUTHENTICATION,
            "wrong-credentials-refused": NO_AUTHENTICATION,
            "tls": "the server listens on loopback without TLS; nothing crosses a network",
        }
    },
    check=check,
    properties=replace(SERVER, authentication=("none", NO_AUTHENTICATION)),
    billing="own-machines",
    licence="Apache-2.0",
    maturity="beta",
    notes=("A model that is not saved as model.pkl or model.joblib is refused.",),
)
