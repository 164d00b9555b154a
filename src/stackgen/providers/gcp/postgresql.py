"""The version of PostgreSQL that databases on Google Cloud have, stated once."""

from typing import Any, Literal

from pydantic import Field

Major = Literal["16", "17"]
"""AlloyDB and Cloud SQL take a major version. Google installs minors in maintenance, so none can be named.

https://cloud.google.com/sql/docs/postgres/db-versions, https://cloud.google.com/alloydb/docs/database-versions
(looked up on 2026-11-27)
"""

Version: Any = Field(
    default="17", description="Major version of PostgreSQL; Google Cloud raises its minor by itself."
)
