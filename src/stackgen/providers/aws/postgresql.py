"""The setting `version` of databases on AWS."""

from pydantic import Field

from stackgen.providers.versions import AWS_POSTGRESQL

Version = Field(
    default=AWS_POSTGRESQL.use,
    pattern=r"^\d+\.\d+$",
    description="PostgreSQL version of a new database; AWS raises its minor by itself, so that a later change of "
    "this one changes no database that exists.",
)
