"""Tables of the contracts' variables. A generated program has them in a file of its own."""

from stackgen.program.contract_variables import contract_tables

VARIABLES = contract_tables().variables
COMPOSED = contract_tables().composed
ALSO = contract_tables().also
PREFIXED_ONLY = contract_tables().prefixed_only
SECRET = contract_tables().secret
