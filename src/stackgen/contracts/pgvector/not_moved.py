"""Parts of a database that are not moved, and so stop a move."""

from __future__ import annotations

from typing import Any

from stackgen.contracts.mover import move_error
from stackgen.contracts.pgvector.relations import NOT_OURS

FORCED = f"""
    select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relrowsecurity and c.relforcerowsecurity and {NOT_OURS} order by 1, 2
"""
LEFT_BEHIND = """
    select 'database ' || datname from pg_catalog.pg_database
    where pg_has_role(datdba, 'usage') and datallowconn and not datistemplate
    and datname not in (current_database(), 'postgres')
    union all select 'large object ' || oid from pg_catalog.pg_largeobject_metadata where pg_has_role(lomowner, 'usage')
    order by 1 limit 1
"""


def refuse_left(connection: Any) -> None:
    """Raise StackgenError(move-failed) for data that a move leaves behind, and for rows hidden from the role."""
    beside = connection.execute(LEFT_BEHIND).fetchone()
    if beside is not None:
        reason = f"it would be deleted with the old box, since a swap moves only '{connection.info.dbname}'"
        message = f"not moved: {beside[0]}: {reason}"
        raise move_error(message, "move it yourself and drop it")
    names = [".".join(row) for row in connection.execute(FORCED).fetchall()]
    if names:
        message = (
            f"not moved: {', '.join(names)}: row-level security is forced there, so not every row can be read"
        )
        hint = "run `alter table ... no force row level security`, swap, and force it again; its policies go along"
        raise move_error(message, hint)


def refuse_prepared(connection: Any) -> None:
    """Raise StackgenError(move-failed) for transactions that go on after a freeze."""
    query = "select count(*) from pg_catalog.pg_prepared_xacts where database = current_database()"
    if connection.execute(query).fetchone()[0]:
        raise move_error(
            "there are prepared transactions, which a freeze does not end", "commit or roll them back"
        )
