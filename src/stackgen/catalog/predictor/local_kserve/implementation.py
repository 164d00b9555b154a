"""KServe's model server with a scikit-learn model out of the registry."""

from dataclasses import replace

from stackgen.catalog.predictor.capability import why_no_reference
from stackgen.contracts.open_inference import profiles as open_inference
from stackgen.contracts.openmetrics import profiles as openmetrics
from stackgen.descriptors.model import CapabilityOptions, Implementation, ImplementationSettings
from stackgen.providers.fields import Port
from stackgen.providers.local.properties import SERVER
from stackgen.providers.local.reasons import ON_LOOPBACK

NO_AUTHENTICATION = "KServe's model server has none; it listens on loopback only"


class Settings(ImplementationSettings):
    """Settings of a local KServe model server."""

    port: int | None = Port


def check(options: CapabilityOptions, _settings: ImplementationSettings) -> str | None:
    """The model comes from a registry."""
    return why_no_reference(options)


IMPLEMENTATION = Implementation(
    description="KServe's model server: a scikit-learn model from the registry over the Open Inference Protocol.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"open-inference": open_inference.WITHOUT_CREDENTIALS_AND_TLS, "openmetrics": openmetrics.FULL},
    not_kept={
        "open-inference": {
            "auth-required": NO_AUTHENTICATION,
            "wrong-credentials-refused": NO_AUTHENTICATION,
            "tls": ON_LOOPBACK,
        }
    },
    check=check,
    properties=replace(SERVER, authentication=("none", NO_AUTHENTICATION)),
    billing="own-machines",
    licence="Apache-2.0",
    maturity="beta",
    notes=("A model that is not saved as model.pkl or model.joblib is refused.",),
)
