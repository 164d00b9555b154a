"""Relations of a database, and a digest of their rows that two servers work out alike."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from stackgen.contracts.mover import Part
from stackgen.subprocesses.pulse import patience

NOT_OURS = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'"
NOT_EXTENSIONS = (
    "not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype = 'e' "
    "and d.classid = 'pg_catalog.pg_class'::regclass)"
)
RELATIONS = f"""
    select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = %s and c.relpersistence <> 't' and {NOT_OURS} and {NOT_EXTENSIONS} order by 1, 2
"""
BUCKETS = """
    select left(d, 3), count(*), sum(('x' || substr(d, 4, 15))::bit(60)::bigint)::text
    from (select {digest} as d from only {table} t) as rows group by 1
"""
# Of a whole row: `t` alone could be a column, and `t::text` a cast that the application has made.
DIGEST = "md5(pg_catalog.record_out(t.*)::text)"
MADE_ANEW = "stackgen: may be made anew"
"""A comment by which an application says that the rows of a materialized view are no data of its own."""
# A view of one that is made later has a higher number, so this is an order to make them anew in.
VIEWS = f"""
    select n.nspname, c.relname, obj_description(c.oid, 'pg_class') is not distinct from '{MADE_ANEW}'
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and c.relispopulated and {NOT_OURS} and {NOT_EXTENSIONS} order by c.oid
"""
Buckets = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Table:
    """Its schema and name, not quoted."""

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """For a statement."""
        return ".".join('"' + part.replace('"', '""') + '"' for part in (self.schema, self.name))


def relations(connection: Any, kind: str) -> list[Table]:
    """Of a kind as pg_class has it, such as `r`, by name."""
    return [Table(*row) for row in connection.execute(RELATIONS, [kind]).fetchall()]


def views(connection: Any) -> dict[Table, bool]:
    """Materialized views that hold rows, in an order to make them anew in; whether the application says they may be."""
    return {Table(*name): anew for *name, anew in connection.execute(VIEWS).fetchall()}


def count_rows(connection: Any, table: str) -> int:
    """How many a table has, without those of its children. table: its name for SQL."""
    with patience():
        return connection.execute(f"select count(*) from only {table}").fetchone()[0]


def buckets(connection: Any, table: Table) -> Buckets:
    """Number of rows, and sum over their digests, by the first characters of a row's digest."""
    with patience():
        rows = connection.execute(BUCKETS.format(table=table.sql, digest=DIGEST)).fetchall()
    return {bucket: (count, digest) for bucket, count, digest in rows}


def rows_part(relation: Table, source: Buckets, target: Buckets) -> Part:
    """Rows of a relation on both sides, for a comparison."""
    name = f"rows of {relation.schema}.{relation.name}"
    return Part(name, _rows(source), _rows(target), _total(source), _total(target))


def _rows(buckets: Buckets) -> int:
    return sum(count for count, _ in buckets.values())


def _total(buckets: Buckets) -> str:
    """One digest of all."""
    text = "\n".join(f"{bucket} {count} {digest}" for bucket, (count, digest) in sorted(buckets.items()))
    return hashlib.sha256(text.encode()).hexdigest()
