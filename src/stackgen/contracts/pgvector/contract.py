"""pgvector/1: embeddings in PostgreSQL. https://github.com/pgvector/pgvector, libpq's environment variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import Field, SecretStr

from stackgen.contracts.model import Binding, Clause, ClauseBroken, Contract, require
from stackgen.loopback import LOOPBACK_HOSTS

ROWS = (
    (1, "red apple", '{"kind": "fruit", "year": 2024}', "[1,0,0]"),
    (2, "green pear", '{"kind": "fruit", "year": 2025}', "[0.9,0.1,0]"),
    (3, "fast car", '{"kind": "vehicle", "year": 2024}', "[0,1,0]"),
    (4, "slow boat", '{"kind": "vehicle", "year": 2025}', "[0,0,1]"),
)


class PgvectorBinding(Binding):
    """Connection parameters by libpq's names. dimensions: length of the embeddings that are stored."""

    variables: ClassVar = {
        "host": "PGHOST",
        "port": "PGPORT",
        "database": "PGDATABASE",
        "username": "PGUSER",
        "password": "PGPASSWORD",
        "sslmode": "PGSSLMODE",
    }
    composed: ClassVar = {
        "DATABASE_URL": "postgresql://{username}:{password}@{host}:{port}/{database}?sslmode={sslmode}"
    }
    host: str = Field(description="Host of the server.")
    port: int = Field(description="Port of the server.")
    database: str = Field(description="Name of the database.")
    username: str = Field(description="Role that clients log in as.")
    password: SecretStr = Field(description="Its password.")
    sslmode: str = Field(
        default="require", description="libpq's sslmode; disable where nothing crosses a network."
    )
    dimensions: int | None = Field(default=None, description="Length of the embeddings to be stored.")

    @property
    def reads(self) -> tuple[str, ...]:
        """Variables of libpq. https://www.postgresql.org/docs/current/libpq-envars.html"""
        return _LIBPQ

    @property
    def overrides(self) -> tuple[str, ...]:
        """The same variables: each of them changes the server or the kind of a connection."""
        return _LIBPQ

    @property
    def url(self) -> str:
        """The libpq connection URI, with the password in plain text."""
        return self.environment()["DATABASE_URL"]


_LIBPQ = (
    *("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGREQUIREAUTH"),
    *(
        "PGCHANNELBINDING",
        "PGSERVICE",
        "PGSERVICEFILE",
        "PGSYSCONFDIR",
        "PGOPTIONS",
        "PGSSL*",
        "PGREQUIRESSL",
    ),
    *(
        "PGREQUIREPEER",
        "PGGSS*",
        "PGKRBSRVNAME",
        "PGCONNECT_TIMEOUT",
        "PGCLIENTENCODING",
        "PGDATESTYLE",
        "PGTZ",
    ),
    *("PGTARGETSESSIONATTRS", "PGLOADBALANCEHOSTS", "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION"),
)


def open_connection(binding: PgvectorBinding, **other: Any) -> Any:
    """Open a psycopg connection, as an application does."""
    import psycopg

    given: dict[str, Any] = {
        "host": binding.host,
        "port": binding.port,
        "dbname": binding.database,
        "user": binding.username,
        "password": binding.password.get_secret_value(),
        "sslmode": binding.sslmode,
        "connect_timeout": 10,
    }
    if binding.host in LOOPBACK_HOSTS and psycopg.pq.version() >= 160000:
        # another process may listen on the port: it must not get the password in plain text
        given["require_auth"] = "scram-sha-256"
    return psycopg.connect(**{**given, **other}, options="-c statement_timeout=30000")


@contextmanager
def scratch(binding: PgvectorBinding, *, fill: bool = True) -> Iterator[tuple[Any, str]]:
    """Yield a connection and a table for one probe; drop the table afterwards."""
    table = f"stackgen_probe_{uuid4().hex[:12]}"
    with open_connection(binding, autocommit=True) as connection:
        connection.execute(
            f"create table {table} (id int primary key, text text, metadata jsonb, embedding vector(3))"
        )
        try:
            if fill:
                with connection.cursor() as cursor:
                    cursor.executemany(f"insert into {table} values (%s, %s, %s, %s)", ROWS)
            yield connection, table
        finally:
            connection.execute(f"drop table if exists {table}")


def _nearest(operator: str, query: str, expected: list[int]) -> Any:
    def probe(binding: PgvectorBinding) -> str:
        with scratch(binding) as (connection, table):
            found = connection.execute(
                f"select id from {table} order by embedding {operator} %s::vector limit 2", [query]
            ).fetchall()
        ids = [row[0] for row in found]
        require(ids == expected, f"the nearest to {query} by {operator} are {ids}, expected {expected}")
        return f"nearest to {query}: {ids}"

    return probe


def probe_hnsw_index(binding: PgvectorBinding) -> str:
    length = binding.dimensions or 3  # as long as what the application stores: an index has its limit
    query = _unit(length, 1)
    with scratch(binding, fill=False) as (connection, table):
        connection.execute(f"alter table {table} add column stated vector({length})")
        # Rows are inserted and never updated: the planner ignores a new index over rows that were updated for as
        # long as an older transaction runs (pg_index.indcheckxmin), and an application's may run at any time.
        for number, *_ in ROWS:
            values = [number, _unit(length, number)]
            connection.execute(f"insert into {table} (id, stated) values (%s, %s)", values)
        connection.execute(f"create index {table}_hnsw on {table} using hnsw (stated vector_cosine_ops)")
        connection.execute("set enable_seqscan = off")  # few rows: reading them all is cheaper
        plan = connection.execute(
            f"explain select id from {table} order by stated <=> '{query}' limit 2"
        ).fetchall()
    text = "\n".join(row[0] for row in plan)
    require(f"{table}_hnsw" in text, "the HNSW index is made but a nearest-neighbour query does not use it")
    return f"the index over {length} dimensions is made and used"


def _unit(length: int, number: int) -> str:
    """Return a vector with a single 1, at a position that depends on `number`."""
    return f"[{','.join('1' if place == number % length else '0' for place in range(length))}]"


def probe_metadata_filter(binding: PgvectorBinding) -> str:
    with scratch(binding) as (connection, table):
        found = connection.execute(
            f"select id from {table} where metadata @> %s order by embedding <=> '[1,0,0]' limit 2",
            ['{"kind": "vehicle"}'],
        ).fetchall()
    ids = [row[0] for row in found]
    require(sorted(ids) == [3, 4], f"a filter on kind=vehicle returned rows {ids}, expected 3 and 4")
    return "the nearest rows outside the filter were left out"


def probe_unsupported_filter(binding: PgvectorBinding) -> str:
    import psycopg

    with scratch(binding) as (connection, table):
        try:
            found = connection.execute(f"select id from {table} where metadata <<>> 'x'").fetchall()
        except psycopg.Error as error:
            return f"refused: {error.diag.message_primary}"
    raise ClauseBroken(f"a filter that doesn't exist was ignored and {len(found)} rows came back")


def probe_hybrid_search(binding: PgvectorBinding) -> str:
    query = """
        select id from {table}
        order by 0.5 * (1 - (embedding <=> '[1,0,0]'))
               + 0.5 * ts_rank(to_tsvector('simple', text), plainto_tsquery('simple', 'pear')) * 10 desc
        limit 1
    """
    with scratch(binding) as (connection, table):
        found = connection.execute(query.format(table=table)).fetchone()
    require(found[0] == 2, f"text and vector together put row {found[0]} first, expected 2")
    return "text relevance and vector nearness combine in one query"


def probe_transactions(binding: PgvectorBinding) -> str:
    with scratch(binding) as (connection, table), open_connection(binding) as other:
        other.execute(f"insert into {table} values (9, 'x', '{{}}', '[1,1,1]')")
        unseen = connection.execute(f"select count(*) from {table} where id = 9").fetchone()[0]
        other.rollback()
        after = connection.execute(f"select count(*) from {table} where id = 9").fetchone()[0]
    require(unseen == 0, "an uncommitted row is visible to another connection")
    require(after == 0, "a row that was rolled back is there")
    return "uncommitted rows are unseen and rolled-back ones are gone"


def probe_read_your_writes(binding: PgvectorBinding) -> str:
    with scratch(binding) as (connection, table), open_connection(binding, autocommit=True) as other:
        connection.execute(f"insert into {table} values (9, 'x', '{{}}', '[-1,0,0]')")
        query = f"select id from {table} order by embedding <=> '[-1,0,0]' limit 1"
        found = other.execute(query).fetchone()[0]
    require(found == 9, "a committed row is not found by the next search on another connection")
    return "a committed row is found at once on another connection"


def probe_bulk_copy(binding: PgvectorBinding) -> str:
    with scratch(binding, fill=False) as (connection, table):
        with connection.cursor().copy(f"copy {table} from stdin") as copy:
            for number in range(1000):
                copy.write_row((number, f"row {number}", "{}", f"[{number},1,0]"))
        count = connection.execute(f"select count(*) from {table}").fetchone()[0]
    require(count == 1000, f"1000 rows were copied in and {count} are there")
    return "1000 rows by COPY"


def probe_dimension_limit(binding: PgvectorBinding) -> str:
    import psycopg

    length = binding.dimensions or 3
    with scratch(binding) as (connection, table):
        connection.execute(f"alter table {table} add column stated vector({length})")
        connection.execute(f"create index on {table} using hnsw (stated vector_cosine_ops)")
        try:
            connection.execute(f"update {table} set stated = %s", [f"[{','.join(['1'] * (length + 1))}]"])
        except psycopg.errors.DataException as error:
            return f"{length} dimensions can be indexed; {error.diag.message_primary}"
    raise ClauseBroken(f"a vector of {length + 1} dimensions was taken into a column of {length}")


def probe_auth_required(binding: PgvectorBinding) -> str:
    return _refused(binding, password="")


def probe_wrong_credentials(binding: PgvectorBinding) -> str:
    return _refused(binding, password=f"wrong-{uuid4().hex}")


def _refused(binding: PgvectorBinding, password: str) -> str:
    import psycopg

    try:
        open_connection(binding, password=password, passfile="/no/such/file").close()
    except psycopg.OperationalError as error:
        text = str(error)
        if "password" in text or "authentication" in text:
            return "refused"
        raise ClauseBroken(
            f"the connection failed, but not for its password: {text.splitlines()[0]}"
        ) from None
    raise ClauseBroken(
        "the server accepts a connection " + ("with a wrong password" if password else "with no password")
    )


def probe_tls(binding: PgvectorBinding) -> str:
    import psycopg

    try:
        with open_connection(binding, sslmode="require") as connection:
            row = connection.execute(
                "select version from pg_stat_ssl where pid = pg_backend_pid()"
            ).fetchone()
    except psycopg.OperationalError as error:
        raise ClauseBroken(f"no TLS: {str(error).splitlines()[0]}") from None
    return f"{row[0]}"


def probe_backup(binding: PgvectorBinding) -> str:
    with open_connection(binding) as connection:
        mode = connection.execute("select current_setting('archive_mode')").fetchone()[0]
    require(mode in ("on", "always"), f"archive_mode is {mode}: nothing archives the write-ahead log")
    return "the write-ahead log is archived"


CONTRACT = Contract(
    "pgvector",
    1,
    PgvectorBinding,
    (
        Clause("cosine-search", "Nearest rows by cosine distance.", _nearest("<=>", "[1,0,0]", [1, 2])),
        Clause("l2-search", "Nearest rows by Euclidean distance.", _nearest("<->", "[0,0,0.9]", [4, 2])),
        Clause("inner-product-search", "Nearest rows by inner product.", _nearest("<#>", "[1,2,0]", [3, 2])),
        Clause("hnsw-index", "An HNSW index can be made, and searches use it.", probe_hnsw_index),
        Clause("metadata-filter", "A search can be filtered by metadata.", probe_metadata_filter),
        Clause(
            "unsupported-filter-is-error", "A filter it doesn't know is refused.", probe_unsupported_filter
        ),
        Clause(
            "hybrid-search", "Text relevance and nearness rank together in one query.", probe_hybrid_search
        ),
        Clause("transactions", "Writes are isolated until committed, and can be undone.", probe_transactions),
        Clause("read-your-writes", "What is committed is found by the next search.", probe_read_your_writes),
        Clause("bulk-copy", "Rows can be loaded in bulk with COPY.", probe_bulk_copy),
        Clause(
            "dimension-limit",
            "The stated dimension can be indexed; other lengths are refused.",
            probe_dimension_limit,
        ),
        Clause("auth-required", "Connections without a password are refused.", probe_auth_required),
        Clause("wrong-credentials-refused", "A wrong password is refused.", probe_wrong_credentials),
        Clause("tls", "The connection is encrypted.", probe_tls),
        Clause("backup", "What is committed is backed up continuously.", probe_backup),
    ),
    lambda binding: (binding.host, binding.port),
    ("psycopg",),
    holds="tables with their rows and indexes",
)
