"""The tables that generated programs have, made here from the contracts."""

from stackgen.program.contract_variables import contract_variables

VARIABLES: dict[str, dict[str, str]]
COMPOSED: dict[str, dict[str, str]]
ALSO: dict[str, list[str]]
PREFIXED_ONLY: list[str]
SECRET: list[str]

exec(compile(contract_variables(), __file__, "exec"))  # noqa: S102 - text of our own
