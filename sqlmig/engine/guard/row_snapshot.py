"""The rows of all tables at one moment, as hashes: by key and column if a table has a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from sqlmig.engine.guard.protected import MOST_COMPARED_ROWS
from sqlmig.engine.guard.rows import Reading, count_each, pinned, row_hashes
from sqlmig.engine.guard.tables import Table, all_tables
from sqlmig.engine.history.reading import History
from sqlmig.engine.server.connection import Connection

# The primary key of each table, or else a unique index on columns that are NOT NULL.
_KEYS = """
SELECT DISTINCT ON (i.indrelid) i.indrelid, k.names
  FROM pg_catalog.pg_index i CROSS JOIN LATERAL (
       SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attname) AS names,
              pg_catalog.bool_and(a.attnotnull) AS are_there
         FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])) k
 WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND k.are_there
 ORDER BY i.indrelid, i.indisprimary DESC, i.indexrelid
"""

# The hash of NULL is NULL.
_HASH = "pg_catalog.hashtextextended({}::text, 0)"

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of one table; only the `count` if there are too many to compare.

    With a `key`, `by_key` maps the hash of a row's key to the hashes of its values, in the order of
    `columns`. Without one, `hashes` are those of whole rows.
    """

    table: Table
    columns: tuple[str, ...]
    key: Key
    count: int
    by_key: Mapping[int, tuple[int | None, ...]] = field(default_factory=dict)
    hashes: Counter[int | None] = field(default_factory=Counter)

    @property
    def is_compared(self) -> bool:
        """Whether its rows were read."""
        return self.count <= MOST_COMPARED_ROWS


Snapshot = Mapping[str, TableRows]


def snapshot(history: History, keys: Mapping[str, Key] | None = None) -> Snapshot:
    """The rows of every table except sqlmig's own, by the table's name with its schema.

    `keys` are those of an earlier snapshot, so that the same tables are read by the same keys.
    """
    tables = all_tables(history).values()
    found: dict[int, list[str]] = dict(history.connection.execute(_KEYS).fetchall())
    with pinned(history.connection):
        counts = count_each(history.connection, [table.alone for table in tables])
        return {
            name_of(table): _rows(
                history.connection,
                table,
                count,
                (keys or {}).get(name_of(table), tuple(found.get(table.oid, ()))),
            )
            for table, count in zip(tables, counts, strict=True)
        }


def name_of(table: Table) -> str:
    """The name that a table keeps when it is dropped and created again."""
    return f"{table.schema}.{table.name}"


def names_of_columns(table: Table) -> frozenset[str]:
    """The names of a table's columns."""
    return frozenset(column.name for column in table.columns.values())


def _rows(connection: Connection, table: Table, count: int, key: Key) -> TableRows:
    columns = tuple(sorted(names_of_columns(table)))
    has_key = bool(key) and set(key) <= set(columns)
    rows = TableRows(table, columns, key if has_key else (), count)
    if not (rows.count and columns and rows.is_compared):
        return rows
    if not has_key:
        readings = [Reading(sql.Identifier(name)) for name in columns]
        hashes = row_hashes(connection, table.alone, readings)
        return TableRows(table, columns, (), rows.count, hashes=hashes)
    return TableRows(
        table, columns, key, rows.count, _by_key(connection, table.alone, columns, key)
    )


def _by_key(
    connection: Connection, only: sql.Composable, columns: Sequence[str], key: Key
) -> Mapping[int, tuple[int | None, ...]]:
    query = sql.SQL("SELECT {}, {} FROM {}").format(
        sql.SQL(_HASH).format(sql.SQL("ROW({})").format(_names(key))),
        sql.SQL(", ").join(sql.SQL(_HASH).format(sql.Identifier(name)) for name in columns),
        only,
    )
    return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def _names(names: Sequence[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))
