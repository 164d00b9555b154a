"""The tables of every contract. A generated program has its own instead, with the contracts it uses."""

from stackgen.contracts import contract_names
from stackgen.program.contract_variables import contract_variables

VARIABLES: dict[str, dict[str, str]]
COMPOSED: dict[str, dict[str, str]]
ALSO: dict[str, list[str]]
PREFIXED_ONLY: list[str]
SECRET: list[str]

exec(compile(contract_variables(contract_names()), __file__, "exec"))  # noqa: S102 - text of our own
