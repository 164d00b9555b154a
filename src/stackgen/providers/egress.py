"""The setting `egress` of providers whose networks refuse every outgoing connection that it does not name."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

SETTING = "egress"
Reason = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=3, max_length=200)]


def _named(value: object) -> object:
    if isinstance(value, str) and value != "none":
        raise ValueError(
            "name the components that need the internet, each with the reason, such as "
            "`{gateway: calls the API of a vendor}`; or `none`"
        )
    return value


Egress = Annotated[
    dict[str, Reason] | Literal["none"],
    BeforeValidator(_named),
    Field(
        description="Components that may open HTTPS connections to the internet, each with the reason, beside "
        "those that can't do without; `none` refuses these too. A new network has NAT only where there is one."
    ),
]
