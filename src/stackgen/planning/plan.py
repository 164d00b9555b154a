"""The planner: one pass that collects every problem, then a Plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from stackgen.catalog.shelf import Entry, Shelf
from stackgen.descriptors.model import CapabilityOptions, Place
from stackgen.descriptors.prose import Prose
from stackgen.descriptors.provider import Provider
from stackgen.errors import MAX_PROBLEMS, ExitCode, Problem, StackgenError, did_you_mean
from stackgen.planning.choose import check_together, resolve_settings
from stackgen.planning.clauses import check_needs
from stackgen.planning.connections import check_connections
from stackgen.planning.egress import egress_reasons
from stackgen.planning.embedding_lengths import length_warnings, refuse_other_lengths
from stackgen.planning.findings import Findings
from stackgen.planning.foundations import plan_foundations
from stackgen.planning.gateways import assign_gateways
from stackgen.planning.merge import Merged, merge_components, merge_second_boxes
from stackgen.planning.model import Plan, PlannedComponent, PlannedFoundation
from stackgen.planning.names import check_names
from stackgen.planning.order import order_components
from stackgen.planning.places import check_locations, check_regions, check_residency, find_place
from stackgen.planning.private import refuse_broken, refuse_other_values
from stackgen.planning.references import find_references, source_folders, spread_all
from stackgen.planning.renaming import check_renames
from stackgen.planning.resolve import resolve_choice, resolve_options
from stackgen.planning.second_boxes import plan_second_boxes
from stackgen.planning.upstream_clauses import apply_upstream_clauses

if TYPE_CHECKING:
    from stackgen.spec.loading import LoadedStack

PULUMI_REQUIREMENT = "pulumi>=3.200,<4"


def plan_environment(loaded: LoadedStack, environment: str, shelf: Shelf, *, deployed: bool = False) -> Plan:
    """Resolve one environment of a stack.

    deployed: for commands that only read or stop what is there, which names that are refused today must not prevent.
    Raises StackgenError with every problem, or `environment-not-found` (exit 6).
    """
    stack = loaded.stack
    if environment not in stack.environments:
        message = f"stack '{stack.name}' has no environment '{environment}'"
        hint, allowed = did_you_mean(environment, list(stack.environments)), tuple(stack.environments)
        raise StackgenError(
            Problem("environment-not-found", message, hint=hint, allowed=allowed), ExitCode.NOT_FOUND
        )
    findings = Findings(loaded, shelf, environment, deployed=deployed)
    provider = _provider(loaded, environment, findings)
    merged, second = merge_components(stack, environment), merge_second_boxes(stack, environment)
    check_renames(merged, findings)
    where = _places((*merged.values(), *second.values()), environment, provider, findings)
    planned = _components(merged, where, findings)
    beside = plan_second_boxes(second, merged, planned, where, findings)
    taken = check_names((*planned, *beside), findings, deployed=deployed)
    providers = {name: shelf.provider(name) for name in where}
    out = egress_reasons(environment, (*planned, *beside), where, findings)
    ground = plan_foundations(loaded, environment, providers, out, findings)
    for item in ground:
        refuse_broken(item.entry, findings)
    refuse_other_values((*planned, *beside), findings)
    findings.raise_if_any()
    found = _plan(loaded, environment, providers, ground, planned, beside, findings)
    return replace(found, warnings=(*found.warnings, *length_warnings(found)), name_warnings=taken)


def check_stack(loaded: LoadedStack, shelf: Shelf) -> dict[str, Plan]:
    """Plan every environment; raises StackgenError with the problems of all of them."""
    plans: dict[str, Plan] = {}
    problems: dict[Problem, None] = {}
    for environment in loaded.stack.environments:
        try:
            plans[environment] = plan_environment(loaded, environment, shelf)
            refuse_other_lengths(plans[environment], loaded)
        except StackgenError as error:
            problems.update(dict.fromkeys(error.problems))
            if len(problems) >= MAX_PROBLEMS:
                break
    if problems:
        raise StackgenError(problems)
    return plans


def _provider(loaded: LoadedStack, environment: str, findings: Findings) -> str:
    name = loaded.stack.environments[environment].provider
    known = findings.shelf.provider_folders
    if name not in known:
        path = ("environments", environment, "provider")
        message = f"environment '{environment}' asks for provider '{name}', which is not known"
        hint = did_you_mean(name, list(known))
        findings.add("unknown-provider", message, path, hint=hint, allowed=sorted(known))
        findings.raise_if_any()
    return name


def _places(boxes: Iterable[Merged], environment: str, provider: str, findings: Findings) -> dict[str, Place]:
    """Provider → place, the environment's own first, of every provider that a component names."""
    named = [item.implementation.partition("/")[0] for item in boxes if item.implementation]
    used = [name for name in dict.fromkeys((provider, *named)) if name in findings.shelf.provider_folders]
    for other in findings.loaded.stack.environments[environment].providers:
        if other not in used[1:]:
            path = ("environments", environment, "providers", other)
            message = (
                f"environment '{environment}' has settings for provider '{other}', which nothing in it uses"
            )
            findings.add("unused-provider", message, path, allowed=used[1:])
    found = {name: find_place(environment, name, findings) for name in used}
    check_regions(environment, found, findings)
    check_residency(environment, found, findings)
    return found


def _components(
    all_merged: Mapping[str, Merged], where: Mapping[str, Place], findings: Findings
) -> tuple[PlannedComponent, ...]:
    options = {name: resolve_options(merged, findings) for name, merged in all_merged.items()}
    choices = {
        name: resolve_choice(merged, options[name], where, findings) for name, merged in all_merged.items()
    }
    entries = {name: choice.entry if choice is not None else None for name, choice in choices.items()}
    referred = {
        name: find_references(merged, chosen, all_merged, findings)
        for name, merged in all_merged.items()
        if (chosen := options[name]) is not None
    }
    if findings.problems or len(referred) < len(all_merged):
        _check_the_rest(all_merged, options, entries, where, findings)
        return ()
    spread_all(referred, all_merged, findings)
    found: dict[str, PlannedComponent] = {}
    for name, merged in all_merged.items():
        entry, chosen, choice = entries[name], options[name], choices[name]
        settings = resolve_settings(merged, entry, chosen, where[entry.provider], findings) if entry else None
        check_needs(merged, entry, findings)
        if entry is not None:
            check_locations(merged, entry, where[entry.provider], findings)
        if entry is not None and settings is not None and chosen is not None:
            check_together(merged, entry, chosen, settings, where[entry.provider], findings)
            found[name] = PlannedComponent(
                name=name,
                capability=merged.capability,
                entry=entry,
                options=chosen,
                settings=settings,
                size=merged.size,
                needs=merged.needs,
                references=referred[name],
                depends_on=merged.depends_on,
                sources=source_folders(merged, chosen, findings),
                box=merged.box,
                renamed_from=merged.renamed_from,
                replaces=_replaced_implementations(entry, findings.shelf),
                instead_of=choice.instead_of if choice is not None else {},
            )
    found = assign_gateways(found, all_merged, findings)
    found = {
        name: apply_upstream_clauses(item, all_merged[name], found, findings) for name, item in found.items()
    }
    check_connections(found, all_merged, findings)
    names = (
        order_components({name: item.mentions for name, item in found.items()}, findings)
        if not findings.problems
        else ()
    )
    return tuple(found[name] for name in names)


def _replaced_implementations(entry: Entry, shelf: Shelf) -> tuple[Entry, ...]:
    """What else its provider offers for the capability, where one's resources would take the place of another's."""
    if not shelf.provider(entry.provider).named:
        return ()
    offered = shelf.implementations[entry.capability].values()
    return tuple(e for e in offered if e.provider == entry.provider and e != entry)


def _check_the_rest(
    all_merged: Mapping[str, Merged],
    options: Mapping[str, CapabilityOptions | None],
    entries: Mapping[str, Entry | None],
    where: Mapping[str, Place],
    findings: Findings,
) -> None:
    """What can still be said when options or references are wrong, so that all is reported at once."""
    for name, merged in all_merged.items():
        entry, chosen = entries[name], options[name]
        if entry is not None:
            resolve_settings(merged, entry, chosen, where[entry.provider], findings)
        if merged.capability in findings.shelf.capability_names:
            check_needs(merged, entry, findings)
        if chosen is not None:
            source_folders(merged, chosen, findings)


def _plan(
    loaded: LoadedStack,
    environment: str,
    providers: Mapping[str, Provider],
    ground: tuple[PlannedFoundation, ...],
    planned: tuple[PlannedComponent, ...],
    beside: tuple[PlannedComponent, ...],
    findings: Findings,
) -> Plan:
    """The plan; the first of `providers` is the environment's own."""
    shelf, provider = findings.shelf, next(iter(providers))
    requirements = {PULUMI_REQUIREMENT, *(r for p in providers.values() for r in p.requirements)}
    requirements |= {r for item in (*planned, *beside) for r in item.implementation.requirements}
    notes = [Prose(note) for p in providers.values() for note in p.notes]
    notes += [Prose(f"{item.name}: {note}") for item in planned for note in item.implementation.notes]
    return Plan(
        stack=loaded.stack,
        environment=environment,
        provider=provider,
        foundations=ground,
        components=planned,
        second_boxes=beside,
        requirements=tuple(sorted(requirements)),
        provider_folders={name: shelf.provider_folders[name] for name in providers},
        state_is_personal=providers[provider].state_is_personal,
        transient=providers[provider].transient,
        lasting=providers[provider].lasting,
        packages=tuple(dict.fromkeys(package for p in providers.values() for package in p.packages)),
        notes=(*notes, *findings.notes),
        warnings=tuple(findings.warnings),
        spec_path=loaded.path,
        spec_digest=loaded.digest,
    )
