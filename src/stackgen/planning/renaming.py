"""`renamed_from`: a component under a new name, whose resources and data keep the name they were made with."""

from __future__ import annotations

from collections.abc import Mapping

from stackgen.planning.findings import Findings
from stackgen.planning.merge import Merged

RENAME_HINT = "choose another name for one of them, or take `renamed_from` away to begin with no data"


def check_renames(components: Mapping[str, Merged], findings: Findings) -> None:
    """Note every `renamed_from` whose resources would be those of another component, or that renames nothing."""
    renamed: dict[str, str] = {}
    for name, merged in components.items():
        old, path = merged.renamed_from, (*merged.path, "renamed_from")
        if old is None:
            continue
        if old == name:
            message = f"'{name}' can't be renamed from itself"
            findings.add("renamed-from-itself", message, path, hint="take `renamed_from` away")
        elif old in components or old in renamed:
            other = old if old in components else renamed[old]
            what = "which is a component too" if old in components else f"as '{other}' is"
            message = f"'{name}' is renamed from '{old}', {what}: both would have the same resources and data"
            findings.add("renamed-from-taken", message, path, hint=RENAME_HINT)
        renamed[old] = name
