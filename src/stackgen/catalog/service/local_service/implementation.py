"""The user's service as a process."""

from dataclasses import replace

from pydantic import Field

from stackgen.contracts.http import profiles as http
from stackgen.descriptors.model import Implementation, ImplementationSettings
from stackgen.providers.local.properties import SERVER


class Settings(ImplementationSettings):
    """Settings of a local service."""

    health_path: str = Field(
        default="/health", pattern=r"^/[\w./-]*$", description="Path that answers 200 when it is ready."
    )


IMPLEMENTATION = Implementation(
    description="The user's code as a supervised process in an environment made from its requirements.txt.",
    level="bare",
    settings=Settings,
    sizes={"small": {}, "medium": {}, "large": {}},
    kept={"http": http.FULL},
    properties=replace(SERVER, authentication=("none", "what the user's own code asks for")),
    parts={"source": ()},
    billing="own-machines",
    licence="the user's own",
    default=True,
)
