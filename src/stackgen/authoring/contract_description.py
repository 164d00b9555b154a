"""Requirements of a contract: binding, variables, clauses, and how each clause is enforced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from stackgen.contracts import contract, profiles_of
from stackgen.contracts.model import plain_type, to_kebab

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from stackgen.catalog.shelf import Shelf
    from stackgen.contracts import Binding, Clause

TYPE_NAMES: dict[type | None, str] = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    SecretStr: "secret text",
    None: "any value",
}
MODEL_CHECK_LABEL = "the keys together"
PROBED, FRONT, DECLARED = "measured by `verify`", "measured where clients connect", "declared only"


def describe_contract(name: str, shelf: Shelf) -> dict[str, Any]:
    """A contract as plain data, for a table or JSON; raises KeyError if there is none of that name."""
    about = contract(name)
    return {
        "contract": name,
        "version": about.version,
        "capabilities": capabilities_of(name, shelf),
        "binding": [_key(field, info) for field, info in about.binding.model_fields.items()],
        "variables": _variables(about.binding),
        "plain_variables": about.binding.plain_names,
        "clauses": [_clause(clause) for clause in about.clauses],
        "profiles": {profile: list(clauses) for profile, clauses in profiles_of(name).items()},
        "holds": about.holds,
        "mover": _mover(name),
    }


def capabilities_of(name: str, shelf: Shelf) -> list[str]:
    """Capabilities that are consumed through the contract."""
    return [kind for kind in shelf.capability_names if name in shelf.capability(kind).contracts]


def _key(field: str, info: FieldInfo) -> dict[str, Any]:
    return {
        "key": to_kebab(field),
        "type": TYPE_NAMES[plain_type(info)],
        "required": info.is_required(),
        "default": info.default if not info.is_required() else None,
        "description": info.description or "",
    }


def _variables(binding: type[Binding]) -> dict[str, str]:
    """Variable → the key that it has its value from."""
    keys = {variable: to_kebab(field) for field, variable in binding.variables.items()}
    keys |= dict.fromkeys(binding.composed, MODEL_CHECK_LABEL)
    return keys | {other: keys[name] for name, others in binding.also.items() for other in others}


def _clause(clause: Clause) -> dict[str, str]:
    measured = FRONT if clause.door else PROBED
    return {
        "clause": clause.name,
        "sentence": clause.sentence,
        "enforced": measured if clause.probe else DECLARED,
    }


def _mover(name: str) -> dict[str, Any] | None:
    from stackgen.contracts import find_mover

    moves = find_mover(name)
    if moves is None:
        return None
    return {"tool": moves.tool, "carries": list(moves.carries), "leaves": list(moves.leaves)}
