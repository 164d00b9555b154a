"""What a contract is made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, SecretStr


class ClauseBroken(Exception):
    """A probe's finding that a clause does not hold: a sentence that says what was seen."""


def kept(condition: object, otherwise: str) -> None:
    """Raise ClauseBroken(otherwise) unless the condition holds."""
    if not condition:
        raise ClauseBroken(otherwise)


def to_kebab(name: str) -> str:
    """Binding keys are written in kebab-case, as Service Binding entries are."""
    return name.replace("_", "-")


class Binding(BaseModel):
    """What a consumer needs to connect. variables: field → the variable unmodified clients read.

    composed: variable → address made of fields, such as `http://{host}:{port}`; a secret is percent-encoded in it.
    also: variable → others with the same value, which other clients read instead.
    reads: patterns of every variable that clients of this wire read of their own accord; probes and movers run without.
    overrides: those of them that would contradict the binding where its variables stand beside them.
    instead: variables that keep such clients from reading files of the user's.
    """

    model_config = ConfigDict(alias_generator=to_kebab, populate_by_name=True, frozen=True, extra="ignore")
    variables: ClassVar[dict[str, str]] = {}
    composed: ClassVar[dict[str, str]] = {}
    also: ClassVar[dict[str, tuple[str, ...]]] = {}
    plain_names: ClassVar[bool] = True  # False: names too common to stand without their component's

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
        """The same; none by default."""
        return ()

    @property
    def instead(self) -> dict[str, str]:
        """Variables set for probes and movers."""
        return {}

    def masked(self) -> dict[str, Any]:
        """Keys and values for showing: secrets are asterisks."""
        return {key: str(value) for key, value in self.model_dump(by_alias=True, exclude_none=True).items()}


def _plain(value: object, masked: bool) -> str | None:
    if value is None:
        return None
    return value.get_secret_value() if isinstance(value, SecretStr) and not masked else str(value)


Probe = Callable[[Any], str]


@dataclass(frozen=True)
class Clause:
    """One named, testable sentence. probe: takes the binding, returns evidence, raises ClauseBroken.

    probe is None where nothing on the wire can tell: the clause is declared only. door: it is kept by whoever is
    asked, also where that one passes somebody else's answers on.
    """

    name: str
    sentence: str
    probe: Probe | None = field(default=None, compare=False)
    door: bool = False


@dataclass(frozen=True)
class Contract:
    """An open wire interface.

    reach: binding → host and port, to tell an absent server from a broken clause. clients: modules of the
    client libraries; imported once before probes run side by side. holds: what data lies behind it, as a plural
    phrase; empty where a box of it can be made anew without loss.
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


def loopback(url: str) -> bool:
    """Whether a URL leads to this machine, by its name or address."""
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
    """Evidence that a URL is TLS-protected, or ClauseBroken."""
    kept(url.startswith("https://"), f"{url.split('://', 1)[0]} is spoken, not https")
    from stackgen.contracts import limited_http

    limited_http.get(url, timeout=10)  # raises if the certificate is not to be trusted
    return "the certificate is valid"
