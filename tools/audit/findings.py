"""What an audit says: what was asked about, what is known to be vulnerable, and what could not be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

CLEAN, VULNERABLE, NOT_MEASURED = 0, 1, 3  # exit codes; 2 is what make and argparse end with


@dataclass(frozen=True, order=True)
class Finding:
    """A known vulnerability: of which version of which package, its identifier, where it is fixed, who locks it."""

    package: str
    version: str
    advisory: str
    fixed: str
    lock: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.advisory}, {self.fixed}, locked by {self.lock}"


@dataclass
class Part:
    """One part of the audit. asked: how many versions the advisory source was asked about.

    notes: further lines for the reader. unmeasured: what was not asked about, each with the reason.
    """

    name: str
    asked: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])
    unmeasured: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    @property
    def measured(self) -> bool:
        """Whether everything was asked about; a part that asked about nothing was not measured."""
        return self.asked > 0 and not self.unmeasured

    def lines(self) -> Iterator[str]:
        """The part in words, its verdict first."""
        known = f"{len(self.findings)} known vulnerabilities" if self.findings else "no known vulnerability"
        yield f"{self.name}: {'' if self.measured else 'NOT MEASURED: '}" + (
            f"{self.asked} versions asked about, {known}" if self.asked else "nothing was asked about"
        )
        yield from (f"  vulnerable: {finding}" for finding in sorted(set(self.findings)))
        yield from (f"  not measured: {reason}" for reason in self.unmeasured)
        yield from (f"  {note}" for note in self.notes)


def exit_code(parts: list[Part]) -> int:
    """0: all was asked about and nothing is known. 1: something is vulnerable. 3: something was not measured."""
    if any(part.findings for part in parts):
        return VULNERABLE
    return CLEAN if parts and all(part.measured for part in parts) else NOT_MEASURED
