"""Reads all rows of a table: a policy that hides some is an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.settings import WRITTEN_FORM, setting

_COUNT = "SELECT pg_catalog.count(*) FROM {table}"
_COUNTED_AT_ONCE = 100

_HASHES = """
SELECT CASE WHEN {is_comparable} THEN pg_catalog.hashtextextended(ROW({columns})::text, 0) END
  FROM {table} WHERE tableoid <> ALL ({left_out}::oid[])
"""

# A row was written by this transaction if its writer's ID is not below the transaction's own (the
# IDs of subtransactions are above it) and did not commit. Transaction IDs wrap around, and that of
# a row frozen long ago can have any value.
_MOST_TRANSACTIONS_MEANWHILE = 1 << 28
_OLD_ROWS = """
SELECT pg_catalog.count(*)
  FROM ONLY {table} AS t, pg_catalog.pg_current_xact_id() AS now(id),
       LATERAL (SELECT now.id::text::bigint) AS own(id),
       LATERAL (SELECT (t.xmin::text::bigint - own.id) & 4294967295) AS writer(distance)
 WHERE CASE WHEN writer.distance < {most}
            THEN pg_catalog.pg_xact_status((own.id + writer.distance)::text::xid8) = 'committed'
            ELSE true END
"""

# The sum of a hash of each row, so that the order of rows does not matter.
_CONTENTS = """
SELECT pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtextextended(t::text, 0)::numeric)
  FROM ONLY {table} t
"""

# With this search_path, types are written with their schema.
_PINNED = {"row_security": "off", "search_path": "pg_catalog, pg_temp", **WRITTEN_FORM}
_PIN = setting(_PINNED)
_SHOWN = "SELECT " + ", ".join(f"pg_catalog.current_setting('{name}')" for name in _PINNED)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a column for hashing, and the condition under which its value can be compared."""

    value: sql.Composable
    is_comparable: sql.Composable | None = None


def count_rows(connection: Connection, table: sql.Composable) -> int:
    """The number of rows of the table (`ONLY …` excludes its partitions and children)."""
    with pinned(connection):
        row = connection.execute(sql.SQL(_COUNT).format(table=table)).fetchone()
    return row[0] if row else 0


def count_each(connection: Connection, tables: Sequence[sql.Composable]) -> Sequence[int]:
    """The number of rows of each table, by few queries. The caller has `pinned` the session."""
    counts: list[int] = []
    for start in range(0, len(tables), _COUNTED_AT_ONCE):
        some = tables[start : start + _COUNTED_AT_ONCE]
        each = sql.SQL(", ").join(sql.SQL(f"({_COUNT})").format(table=table) for table in some)
        counts += connection.execute(sql.SQL("SELECT {}").format(each)).fetchall()[0]
    return counts


def count_old_rows(connection: Connection, tables: Sequence[sql.Composable]) -> int:
    """The number of rows that this transaction has not written, without partitions and children."""
    most = sql.Literal(_MOST_TRANSACTIONS_MEANWHILE)
    total = 0
    with pinned(connection):
        for table in tables:
            query = sql.SQL(_OLD_ROWS).format(table=table, most=most)
            total += connection.execute(query).fetchall()[0][0]
    return total


def row_hashes(
    connection: Connection,
    table: sql.Composable,
    readings: Sequence[Reading],
    left_out: Sequence[int] = (),
) -> Counter[int | None]:
    """A 64-bit hash of those columns for each row, with the number of rows that have it; None for
    rows that cannot be compared. Leaves out the rows of the partitions and children `left_out`."""
    conditions = [reading.is_comparable for reading in readings if reading.is_comparable]
    query = sql.SQL(_HASHES).format(
        is_comparable=sql.SQL(" AND ").join(conditions or [sql.SQL("true")]),
        columns=sql.SQL(", ").join(reading.value for reading in readings),
        table=table,
        left_out=sql.Literal(list(left_out)),
    )
    with pinned(connection):
        return Counter(row[0] for row in connection.execute(query))


def contents(connection: Connection, table: sql.Composable) -> tuple[object, ...]:
    """A value that is equal for two tables, or two states of one, with the same rows."""
    with pinned(connection):
        row = connection.execute(sql.SQL(_CONTENTS).format(table=table)).fetchone()
    return row or ()


@contextmanager
def pinned(connection: Connection) -> Iterator[None]:
    """Within the block, values have one form as text, and types have their schema; afterwards, the
    session has its own settings again."""
    before = connection.execute(_SHOWN.encode()).fetchall()[0]
    connection.execute(_PIN.encode())
    try:
        yield
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            values = (value.replace("'", "''") for value in before)
            connection.execute(setting(dict(zip(_PINNED, values, strict=True))).encode())
