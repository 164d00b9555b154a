"""The tables that a generated program has in a file of its own, made here from the contracts."""

from stackgen.program.contract_variables import tables

VARIABLES = tables().variables
COMPOSED = tables().composed
ALSO = tables().also
PREFIXED_ONLY = tables().prefixed_only
SECRET = tables().secret
