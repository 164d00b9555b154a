"""The version of PostgreSQL that a new database on AWS begins with, stated once."""

from pydantic import Field

FIRST = "17.11"
"""Has the fixes of 2026-08-13 (https://www.postgresql.org/support/security/). Aurora and RDS both offer it:
`aws rds describe-db-engine-versions`, as recorded in cfn-lint 1.58.0 (looked up on 2026-11-27)."""

Version = Field(
    default=FIRST,
    pattern=r"^\d+\.\d+$",
    description="PostgreSQL version of a new database; AWS raises its minor by itself, so that a later change of "
    "this one changes no database that exists.",
)
