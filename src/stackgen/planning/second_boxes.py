"""Plans second boxes of components: data is moved to them, or was moved from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stackgen.descriptors.model import Place
from stackgen.planning.choose import check_together, resolve_settings
from stackgen.planning.clauses import check_needs
from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged
from stackgen.planning.model import PlannedComponent
from stackgen.planning.places import check_locations
from stackgen.planning.references import find_references, source_folders, spread_all
from stackgen.planning.resolve import resolve_choice, resolve_options
from stackgen.planning.upstream_clauses import apply_upstream_clauses


def plan_second_boxes(
    second: Mapping[str, Merged],
    all_merged: Mapping[str, Merged],
    planned: Sequence[PlannedComponent],
    where: Mapping[str, Place],
    findings: Findings,
) -> tuple[PlannedComponent, ...]:
    """Plan every second box, wired to what its component names; note every problem."""
    serving = {item.name: item for item in planned}
    found = [_plan_box(merged, all_merged, serving, where, findings) for merged in second.values()]
    taken = {merged.renamed_from or name for name, merged in all_merged.items()} | all_merged.keys()
    for item in (*planned, *(box for box in found if box is not None)):
        if item.box != 1 and item.resource in taken:
            findings.add(
                "box-name-taken",
                f"box {item.box} of '{item.name}' would be called '{item.resource}', as another component is",
                (*second[item.name].override_path, "box")
                if item.name in second
                else ("components", item.name),
                hint="give it another `box` number",
            )
    return tuple(box for box in found if box is not None)


def _plan_box(
    merged: Merged,
    all_merged: Mapping[str, Merged],
    serving: Mapping[str, PlannedComponent],
    where: Mapping[str, Place],
    findings: Findings,
) -> PlannedComponent | None:
    options = resolve_options(merged, findings)
    choice = resolve_choice(merged, options, where, findings)
    if choice is None or options is None:
        return None
    entry = choice.entry
    others = {**all_merged, merged.name: merged}
    referred = {name: dict(item.references) for name, item in serving.items()}
    referred[merged.name] = find_references(merged, options, others, findings)
    spread_all(referred, others, findings)
    settings = resolve_settings(merged, entry, options, where[entry.provider], findings)
    check_needs(merged, entry, findings)
    check_locations(merged, entry, where[entry.provider], findings)
    if entry.implementation.reached_through is not None:
        findings.add(
            "needs-gateway",
            f"'{merged.name}' by {entry.id} is reached through a component of capability "
            f"{entry.implementation.reached_through}, which serves no box beside another",
            merged.implementation_path,
        )
    if settings is None:
        return None
    check_together(merged, entry, options, settings, where[entry.provider], findings)
    named = {name for reference in referred[merged.name].values() for name in reference.names}
    by = {name: serving[name].served_by for name in named if name in serving}
    found = PlannedComponent(
        name=merged.name,
        capability=merged.capability,
        entry=entry,
        options=options,
        settings=settings,
        size=merged.size,
        needs=merged.needs,
        references=referred[merged.name],
        depends_on=merged.depends_on,
        sources=source_folders(merged, options, findings),
        behind={name: server for name, server in by.items() if server is not None},
        box=merged.box,
        renamed_from=merged.renamed_from,
    )
    return apply_upstream_clauses(found, merged, serving, findings)
