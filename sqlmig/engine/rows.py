"""Reads the rows of a table, all of them: a policy that hides some is an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from sqlmig.engine.connection import Connection

_COUNT = "SELECT pg_catalog.count(*) FROM {table}"
# Text is what people see of a value; it stays the same where a type only grows wider.
_HASHES = "SELECT pg_catalog.hashtextextended(ROW({columns})::text, 0) FROM {table}"

# The sum, in which the order does not matter, of a hash of each row.
_CONTENTS = """
SELECT pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtextextended(t::text, 0)::numeric)
  FROM ONLY {table} t
"""


def count_rows(connection: Connection, table: sql.Composable) -> int:
    """The rows of the table (`ONLY …` for those of itself alone)."""
    with _unhidden(connection):
        row = connection.execute(sql.SQL(_COUNT).format(table=table)).fetchone()
    return row[0] if row else 0


def row_hashes(
    connection: Connection, table: sql.Composable, columns: Sequence[str]
) -> Counter[int]:
    """A 64-bit hash of each row, of those columns, with the number of rows that have it."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with _unhidden(connection):
        rows = connection.execute(sql.SQL(_HASHES).format(columns=names, table=table))
        return Counter(row[0] for row in rows)


def contents(connection: Connection, table: sql.Composable) -> tuple[object, ...]:
    """What is equal for two tables, or two states of one, that have the same rows."""
    with _unhidden(connection):
        row = connection.execute(sql.SQL(_CONTENTS).format(table=table)).fetchone()
    return row or ()


@contextmanager
def _unhidden(connection: Connection) -> Iterator[None]:
    connection.execute("SET row_security = off")
    try:
        yield
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            connection.execute("RESET row_security")
