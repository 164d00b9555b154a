"""Statements about security, backup and availability of a component."""

from __future__ import annotations

from collections.abc import Iterator

from stackgen.descriptors.properties import is_weaker
from stackgen.planning.model import PlannedComponent
from stackgen.swap.report.model import Change, Statement, Topic
from stackgen.swap.report.sources import cite_descriptor, cite_property
from stackgen.verification.maturity import UNPROVEN, latest_measurements, rate_maturity

TOPIC_OF_PROPERTY: dict[str, Topic] = {
    "encryption_at_rest": "encryption at rest",
    "network_exposure": "network exposure",
    "tls": "TLS",
    "authentication": "authentication",
    "backup": "backup",
    "high_availability": "high availability",
}


def property_statements(before: PlannedComponent, after: PlannedComponent) -> Iterator[Statement]:
    """A statement per property, changed or not."""
    old, new = before.implementation.properties, after.implementation.properties
    if old is None or new is None:
        who = before if old is None else after
        says = f"{who.entry.id} does not say how it is secured"
        for topic in TOPIC_OF_PROPERTY.values():
            yield Statement(before.name, topic, "note", says, cite_descriptor(who.entry))
        return
    known = {name: (word, sentence) for name, word, sentence in old}
    for name, word, sentence in new:
        was, told = known[name]
        change: Change = "changed"
        if was == word:
            change = "same"
        elif is_weaker(name, was, word):
            change = "weaker"
        elif is_weaker(name, word, was):
            change = "stronger"
        says = f"{word}: {sentence}" if was == word else f"{was} -> {word}: {sentence} (before: {told})"
        source = cite_property(after.entry, name)
        yield Statement(before.name, TOPIC_OF_PROPERTY[name], change, says, source)


def hosting_statements(before: PlannedComponent, after: PlannedComponent) -> Iterator[Statement]:
    """Hosting level, licence, maturity, and manual steps."""
    old, new = before.implementation, after.implementation
    changed: Change = "changed" if old.level != new.level else "same"
    says = f"{old.level} -> {new.level}" if changed == "changed" else new.level
    yield Statement(before.name, "level", changed, says, cite_descriptor(after.entry, "level="))
    if old.licence != new.licence:
        says = f"{old.licence} -> {new.licence}"
        yield Statement(before.name, "licence", "changed", says, cite_descriptor(after.entry, "licence="))
    latest = latest_measurements()
    was, word = rate_maturity(before.entry, latest), rate_maturity(after.entry, latest)
    if was != word:
        says = f"{was} -> {word}{': no recorded run has measured it' if word == UNPROVEN else ''}"
        yield Statement(before.name, "maturity", "changed", says, cite_descriptor(after.entry, "maturity="))
    for note in new.notes:
        yield Statement(before.name, "to do", "note", note, cite_descriptor(after.entry, "notes="))
