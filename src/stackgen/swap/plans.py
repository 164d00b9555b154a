"""Plans as they would be after a swap; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stackgen.environment.opened import OpenedEnvironment
from stackgen.planning.model import Plan, PlannedComponent
from stackgen.planning.plan import plan_environment
from stackgen.spec.editing import edit_override
from stackgen.spec.loading import LoadedStack
from stackgen.swap.overrides import add_second_box, exchange_boxes, remove_second_box


def plan_after(
    environment: OpenedEnvironment, component: PlannedComponent, to: str, changes: Mapping[str, Any]
) -> Plan:
    """The plan with `component` by implementation `to`, whatever clauses are lost; raises StackgenError."""
    stack = drop_needs(stack_after(environment, component, to, changes))
    return plan_environment(stack, environment.name, environment.shelf)


def stack_after(
    environment: OpenedEnvironment, component: PlannedComponent, to: str, changes: Mapping[str, Any]
) -> LoadedStack:
    """The spec with `component` by implementation `to`; raises StackgenError."""
    loaded = environment.loaded
    override = add_second_box(
        loaded.stack, environment.name, component.name, before=component.entry.id, to=to, changes=changes
    )
    return edit_override(
        loaded, environment.name, component.name, remove_second_box(exchange_boxes(override)), dry=True
    )


def drop_needs(loaded: LoadedStack) -> LoadedStack:
    """The same stack that needs no clause: a lost clause is to be reported, not refused."""
    components = {
        name: item.model_copy(update={"needs": []}) for name, item in loaded.stack.components.items()
    }
    return replace(loaded, stack=loaded.stack.model_copy(update={"components": components}))
