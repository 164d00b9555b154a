"""Relations of a database, and a digest of their rows that is the same on two servers."""

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
# Digest of a whole row: `t` alone could be a column, and `t::text` a cast that the application has created.
DIGEST = "md5(pg_catalog.record_out(t.*)::text)"
MADE_ANEW = "stackgen: may be made anew"
"""Comment by which an application declares that the rows of a materialized view can be computed again."""
# A view that depends on another one has a higher number, so this is the order to refresh them in.
VIEWS = f"""
    select n.nspname, c.relname, obj_description(c.oid, 'pg_class') is not distinct from '{MADE_ANEW}'
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'm' and c.relispopulated and {NOT_OURS} and {NOT_EXTENSIONS} order by c.oid
"""
Buckets = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Relation:
    """A table, sequence or view, by schema and name, not quoted."""

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """Quoted name, for a statement."""
        return ".".join('"' + part.replace('"', '""') + '"' for part in (self.schema, self.name))


def relations(connection: Any, kind: str) -> list[Relation]:
    """Return relations of a kind in pg_class, such as `r`, sorted by name."""
    return [Relation(*row) for row in connection.execute(RELATIONS, [kind]).fetchall()]


def views(connection: Any) -> dict[Relation, bool]:
    """Return materialized views that hold rows, in the order to refresh them; True if the application allows that."""
    return {Relation(*name): anew for *name, anew in connection.execute(VIEWS).fetchall()}


def count_rows(connection: Any, table: str) -> int:
    """Return the number of rows of a table, without rows of its children. table: name for SQL."""
    with patience():
        return connection.execute(f"select count(*) from only {table}").fetchone()[0]


def buckets(connection: Any, table: Relation) -> Buckets:
    """Return number of rows and sum of their digests, by the first characters of a row's digest."""
    with patience():
        rows = connection.execute(BUCKETS.format(table=table.sql, digest=DIGEST)).fetchall()
    return {bucket: (count, digest) for bucket, count, digest in rows}


def rows_part(relation: Relation, source: Buckets, target: Buckets) -> Part:
    """Return the rows of a relation on both sides as a part of a comparison."""
    name = f"rows of {relation.schema}.{relation.name}"
    return Part(name, _rows(source), _rows(target), _total(source), _total(target))


def _rows(buckets: Buckets) -> int:
    return sum(count for count, _ in buckets.values())


def _total(buckets: Buckets) -> str:
    """Return one digest of all buckets."""
    text = "\n".join(f"{bucket} {count} {digest}" for bucket, (count, digest) in sorted(buckets.items()))
    return hashlib.sha256(text.encode()).hexdigest()
