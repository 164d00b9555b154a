"""The user's job as a process that ends."""

from dataclasses import replace

from pydantic import Field

from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.local.properties import SERVER


class Settings(ImplementationSettings):
    """Settings of a local job."""

    timeout: int = Field(default=900, ge=1, le=86400, description="Longest run, seconds.")


IMPLEMENTATION = Implementation(
    description="The user's code run to completion in an environment made from its requirements.txt.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    properties=replace(
        SERVER,
        network_exposure=("not-applicable", "nothing listens"),
        tls=("not-applicable", "nothing listens"),
        authentication=("not-applicable", "nothing listens; it runs when the environment is deployed"),
        high_availability=(
            "none",
            "it runs at `up`, when its code or its bindings have changed; a failure fails that",
        ),
    ),
    parts={"source": ()},
    billing="own-machines",
    licence="the user's own",
    default=True,
)
