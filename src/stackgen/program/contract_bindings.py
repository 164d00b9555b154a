"""contract_bindings.py of a program: the type of each contract's binding, for editors and type checkers."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from stackgen.contracts import contract, contract_names
from stackgen.contracts.model import plain_type, to_kebab
from stackgen.program.literals import Code
from stackgen.program.templating import render

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

TYPES: dict[type | None, str] = {str: "str", int: "int", bool: "bool", SecretStr: "str", None: "Any"}


def contract_bindings() -> bytes:
    """Return the module's text."""
    return render(
        "contract_bindings.py.jinja", contracts=[_contract(name) for name in contract_names()]
    ).encode()


def _contract(name: str) -> dict[str, Any]:
    fields = contract(name).binding.model_fields
    return {
        "plain": all(to_kebab(key).isidentifier() and not iskeyword(key) for key in fields),
        "contract": Code(name),
        "name": Code("".join(word.capitalize() for word in name.split("-")) + "Binding"),
        "fields": [{"name": Code(to_kebab(key)), "type": Code(_type(info))} for key, info in fields.items()],
    }


def _type(info: FieldInfo) -> str:
    value = f"pulumi.Input[{TYPES[plain_type(info)]}]"
    return value if info.is_required() else f"NotRequired[{value}]"
