"""Settings that an application has given to its database and to its own role, such as a search path.

https://www.postgresql.org/docs/current/sql-alterdatabase.html, sql-alterrole.html
"""

from __future__ import annotations

import hashlib
from typing import Any

# Settings that close a database for writing, or can prevent every session from being opened.
NOT_MOVED = [
    *("default_transaction_read_only", "local_preload_libraries", "session_preload_libraries"),
    "dynamic_library_path",
]
LISTS = ("search_path", "temp_tablespaces")  # lists of names, which are quoted in the value
# The scope as SQL has it, with places for the role and the database; what only a superuser may set is the server's.
SETTINGS = """
    select case when s.setrole = 0 then 'database %%2$I' when s.setdatabase = 0 then 'role %%1$I'
        else 'role %%1$I in database %%2$I' end as scope,
        split_part(c.pair, '=', 1) as name, substr(c.pair, strpos(c.pair, '=') + 1) as value
    from pg_catalog.pg_db_role_setting s cross join unnest(s.setconfig) as c(pair)
    left join pg_catalog.pg_settings p on p.name = split_part(c.pair, '=', 1)
    where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
    and s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = current_user))
    and (s.setdatabase, s.setrole) <> (0, 0) and coalesce(p.context, 'user') = 'user'
    and split_part(c.pair, '=', 1) <> all(%s)
    order by 1, 2
"""
Settings = dict[tuple[str, str], str]  # scope and name → value


def settings(connection: Any) -> Settings:
    """Return the settings with which new sessions of the application begin."""
    return {
        (scope, name): value for scope, name, value in connection.execute(SETTINGS, [NOT_MOVED]).fetchall()
    }


def digest_settings(values: Settings) -> str:
    """Return a digest of all settings, in a fixed order."""
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()


def copy_settings(here: Any, there: Any) -> int:
    """Copy settings to the other side's database and role; return the number of changes. The session keeps its own."""
    wanted, held = settings(here), settings(there)
    changed = 0
    for scope, name in {**held, **wanted}:
        value = wanted.get((scope, name))
        if held.get((scope, name)) != value:
            _alter(there, scope, name, value)
            changed += 1
    return changed


def _alter(there: Any, scope: str, name: str, value: str | None) -> None:
    if name in LISTS and value is not None:
        _alter_list(there, scope, name, value)
    elif value is None:
        _run(there, f"alter {scope} reset {_quoted(name)}")
    else:
        _run(there, f"alter {scope} set {_quoted(name)} to %3$L", value)


def _alter_list(there: Any, scope: str, name: str, value: str) -> None:
    """Set a list from the session's own value: a list as text would become one quoted name."""
    before = there.execute("select current_setting(%s)", [name]).fetchone()[0]
    there.execute("select set_config(%s, %s, true)", [name, value])
    _run(there, f"alter {scope} set {_quoted(name)} from current")
    there.execute("select set_config(%s, %s, true)", [name, before])


def _run(there: Any, statement: str, value: str = "") -> None:
    """Run a statement with placeholders for the role, the database and the value."""
    query = "select format(%s::text, current_user, current_database(), %s::text)"
    there.execute(there.execute(query, [statement, value]).fetchone()[0])


def _quoted(name: str) -> str:
    return ".".join('"' + part.replace('"', '""').replace("%", "%%") + '"' for part in name.split("."))
