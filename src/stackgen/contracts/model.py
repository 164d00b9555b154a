"""Types that a contract consists of: binding, clauses and probes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, get_args
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, SecretStr

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

PLAIN_TYPES = (str, int, bool, SecretStr)


class ClauseBroken(Exception):
    """Raised by a probe when a clause does not hold. The message is a sentence about what was observed."""


def require(condition: object, otherwise: str) -> None:
    """Raise ClauseBroken(otherwise) unless the condition holds."""
    if not condition:
        raise ClauseBroken(otherwise)


def to_kebab(name: str) -> str:
    """Return a name in kebab-case, in which binding keys are written, as in the Service Binding specification."""
    return name.replace("_", "-")


def plain_type(info: FieldInfo) -> type | None:
    """Return the type of a binding's key without `None`; None for a type other than text, number, truth and secret."""
    kinds = [kind for kind in (get_args(info.annotation) or (info.annotation,)) if kind in PLAIN_TYPES]
    return kinds[0] if len(kinds) == 1 else None


class Binding(BaseModel):
    """Values that a consumer needs to connect. variables: field → the variable that unmodified clients read.

    composed: variable → address made of fields, such as `http://{host}:{port}`; a secret is percent-encoded in it.
    also: variable → other variables with the same value, which other clients read instead.
    reads: patterns of all variables that clients of this contract read by default; probes and movers run without them.
    overrides: patterns of those variables that would override the binding's own variables.
    instead: variables that keep such clients from reading files of the user.
    """

    model_config = ConfigDict(alias_generator=to_kebab, populate_by_name=True, frozen=True, extra="ignore")
    variables: ClassVar[dict[str, str]] = {}
    composed: ClassVar[dict[str, str]] = {}
    also: ClassVar[dict[str, tuple[str, ...]]] = {}
    plain_names: ClassVar[bool] = (
        True  # False: the names are too common to be used without the component's prefix
    )

    def environment(self, *, masked: bool = False) -> dict[str, str]:
        """Environment variables without a prefix; secrets in clear, or as asterisks."""
        found = {name: _plain(getattr(self, field), masked) for field, name in self.variables.items()}
        found |= {name: self._compose(text, masked) for name, text in self.composed.items()}
        found |= {other: found[name] for name, others in self.also.items() for other in others}
        return {name: value for name, value in found.items() if value is not None}

    def _compose(self, text: str, masked: bool) -> str:
        fields = re.findall(r"{(\w+)}", text)
        secrets = self.secret_fields()
        values = {name: _plain(getattr(self, name), masked) or "" for name in fields}
        return text.format_map(
            {
                name: quote(value, safe="") if name in secrets and not masked else value
                for name, value in values.items()
            }
        )

    @classmethod
    def names(cls) -> list[str]:
        """Variables that clients read, without the second names of `also`."""
        return [*cls.variables.values(), *cls.composed]

    @classmethod
    def secret_fields(cls) -> frozenset[str]:
        """Names of fields that hold a secret."""
        return frozenset(
            name for name, field in cls.model_fields.items() if "SecretStr" in str(field.annotation)
        )

    @classmethod
    def secret_variables(cls) -> frozenset[str]:
        """Variables that hold a secret, or are composed of one."""
        secrets = cls.secret_fields()
        composed = {name for name, text in cls.composed.items() if secrets & {*re.findall(r"{(\w+)}", text)}}
        names = composed | {name for field, name in cls.variables.items() if field in secrets}
        return frozenset(names | {other for name in names for other in cls.also.get(name, ())})

    @property
    def reads(self) -> tuple[str, ...]:
        """Patterns of variables, as in a shell: `PGSSL*`."""
        return ()

    @property
    def overrides(self) -> tuple[str, ...]:
        """Patterns of variables that override the binding; none by default."""
        return ()

    @property
    def instead(self) -> dict[str, str]:
        """Variables set for probes and movers."""
        return {}

    def mask_secrets(self) -> dict[str, Any]:
        """Return keys and values to show, with asterisks for secrets."""
        return {key: str(value) for key, value in self.model_dump(by_alias=True, exclude_none=True).items()}


def _plain(value: object, masked: bool) -> str | None:
    if value is None:
        return None
    return value.get_secret_value() if isinstance(value, SecretStr) and not masked else str(value)


Probe = Callable[[Any], str]


@dataclass(frozen=True)
class Clause:
    """One named, testable sentence. probe: takes the binding, returns evidence, raises ClauseBroken.

    probe is None if the clause can't be measured over the network: then it is only declared. door: True if the clause
    depends on the component that gets the request, even if another component answers it.
    """

    name: str
    sentence: str
    probe: Probe | None = field(default=None, compare=False)
    door: bool = False


@dataclass(frozen=True)
class Contract:
    """An open wire interface.

    reach: binding → host and port, to tell an absent server from a broken clause. clients: modules of the
    client libraries; imported once before probes run concurrently. holds: the data that its components hold, as a
    plural phrase; empty if a component can be created again without loss.
    """

    name: str
    version: int
    binding: type[Binding]
    clauses: tuple[Clause, ...]
    reach: Callable[[Any], tuple[str, int]]
    clients: tuple[str, ...] = ("httpx",)
    holds: str = ""

    def clause(self, name: str) -> Clause:
        """The clause of that name; raises KeyError."""
        for clause in self.clauses:
            if clause.name == name:
                return clause
        raise KeyError(name)


def address(url: str) -> tuple[str, int]:
    """Host and port of a URL."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def is_loopback_url(url: str) -> bool:
    """Return True if the host of a URL is this machine, by name or address."""
    from ipaddress import ip_address

    try:
        host = address(url)[0]
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def https(url: str) -> str:
    """Return evidence that a URL is protected by TLS; raises ClauseBroken."""
    require(url.startswith("https://"), f"{url.split('://', 1)[0]} is used instead of https")
    from stackgen.contracts import limited_http

    limited_http.get(url, timeout=10)  # raises if the certificate is not trusted
    return "the certificate is valid"
