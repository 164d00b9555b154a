"""What a box must do to be swappable: binding, clauses and a probe per clause, one file per contract."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, kept

NO_CONTRACTS = (
    "__init__",
    "limited_http",
    "mlflow_artifacts",
    "model",
    "projection",
    "reaching",
    "surroundings",
)
__all__ = ["Binding", "Clause", "ClauseBroken", "Contract", "contract", "contract_names", "kept"]


@cache
def contract(name: str) -> Contract:
    """The contract of that name, found by its file; raises KeyError if there is none."""
    if name not in contract_names():
        raise KeyError(name)
    return import_module(f"stackgen.contracts.{name.replace('-', '_')}").CONTRACT


@cache
def contract_names() -> tuple[str, ...]:
    """Names of all contracts, sorted."""
    files = (path.stem for path in Path(__file__).parent.glob("*.py"))
    return tuple(sorted(stem.replace("_", "-") for stem in files if stem not in NO_CONTRACTS))
