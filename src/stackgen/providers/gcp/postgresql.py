"""The setting `version` of databases on Google Cloud."""

from typing import Any, Literal

from pydantic import Field

from stackgen.providers.versions import GCP_POSTGRESQL

Major = Literal["16", "17"]
"""AlloyDB and Cloud SQL take a major version. Google installs minors in maintenance, so none can be named."""

Version: Any = Field(
    default=GCP_POSTGRESQL.use,
    description="Major version of PostgreSQL; Google Cloud raises its minor by itself.",
)
