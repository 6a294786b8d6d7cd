"""Sample values for columns that a migration drops: its rollback recreates them empty, and an empty
column has nothing to lose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import psycopg
from psycopg import sql

from sqlmig.engine.guard.row_snapshot import name_of, names_of_columns
from sqlmig.engine.guard.tables import Table, Tables, all_tables
from sqlmig.engine.history.reading import History
from sqlmig.engine.server.connection import Connection

# A value for each category of types ("typcategory Codes" in PostgreSQL's manual), or for a type.
# The server refuses a value that does not fit. Generated columns are left out.
_SAMPLES = """
SELECT a.attname::text, pg_catalog.pg_get_expr(d.adbin, d.adrelid),
       CASE WHEN t.typname IN ('json', 'jsonb') THEN '{"sample": true}'
            WHEN t.typname = 'uuid' THEN '5a3e5a3e-0000-4000-8000-000000000001'
            WHEN t.typname = 'bytea' THEN '\\x5a'
            WHEN t.typtype = 'e' THEN (SELECT e.enumlabel::text FROM pg_catalog.pg_enum e
                                        WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder LIMIT 1)
            ELSE CASE t.typcategory WHEN 'S' THEN 'x' WHEN 'N' THEN '7' WHEN 'B' THEN 'true'
                 WHEN 'D' THEN '2001-02-03' WHEN 'T' THEN '1 day' WHEN 'A' THEN '{}'
                 WHEN 'I' THEN '192.0.2.1' END
       END
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
   AND a.attgenerated = '' AND a.attidentity = ''
"""
_REQUIRED = """
SELECT attname::text FROM pg_catalog.pg_attribute
 WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attnotnull
   AND NOT atthasdef AND attidentity = ''
"""


def fill_dropped(history: History, above: Tables) -> tuple[str, ...]:
    """Writes samples into the columns and tables that are not among the tables `above`, which were
    there before a rollback. Returns the names of those that stay empty because the server accepts
    no sample.

    A column that the rollback has filled is left alone; a table gets one row, as does one that gets
    back a column that must have a value.
    """
    known = {name_of(table): table for table in above.values()}
    empty: list[str] = []
    for table in all_tables(history).values():
        was = known.get(name_of(table))
        if was is None:
            empty += _fill_table(history.connection, table)
        else:
            names = names_of_columns(was)
            if names_of_columns(table) <= names:
                continue
            if _needs_value(history.connection, table, names):
                empty += _fill_table(history.connection, table)
            empty += _fill_columns(history.connection, table, names)
    return tuple(sorted(empty))


def _fill_table(connection: Connection, table: Table) -> Iterator[str]:
    if _exists(connection, sql.SQL("SELECT FROM {}").format(table.identifier)):
        return
    samples = {name: value for name, (_, value) in _samples(connection, table).items() if value}
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        table.identifier,
        sql.SQL(", ").join(map(sql.Identifier, samples)),
        sql.SQL(", ").join(map(sql.Literal, samples.values())),
    )
    if not (samples and _succeeds(connection, insert)):
        yield table.label


def _fill_columns(connection: Connection, table: Table, known: frozenset[str]) -> Iterator[str]:
    for name, (default, value) in _samples(connection, table).items():
        if name in known or not _is_unfilled(connection, table, name, default):
            continue
        update = sql.SQL("UPDATE {} SET {} = {}").format(
            table.identifier, sql.Identifier(name), sql.Literal(value)
        )
        if value is None or not _succeeds(connection, update):
            yield f"{table.label}.{name}"


def _needs_value(connection: Connection, table: Table, known: frozenset[str]) -> bool:
    """Whether a column that was not known is NOT NULL and has no default."""
    found = {name for (name,) in connection.execute(_REQUIRED, [table.oid]).fetchall()}
    return not found <= known


def _samples(connection: Connection, table: Table) -> Mapping[str, tuple[str | None, str | None]]:
    """The default's expression and a sample, by column."""
    rows = connection.execute(_SAMPLES, [table.oid]).fetchall()
    return {name: (default, value) for name, default, value in rows}


def _is_unfilled(connection: Connection, table: Table, name: str, default: str | None) -> bool:
    """Whether the table has rows, all with the default or NULL in that column."""
    rows = sql.SQL("SELECT FROM {}").format(table.identifier)
    other = sql.SQL("{} WHERE {} IS NOT NULL").format(rows, sql.Identifier(name))
    if default is not None:
        as_default = sql.SQL(" AND {}::text IS DISTINCT FROM ({})::text")
        other += as_default.format(sql.Identifier(name), sql.SQL(default))
    return _exists(connection, rows) and not _exists(connection, other)


def _exists(connection: Connection, query: sql.Composable) -> bool:
    found = connection.execute(sql.SQL("SELECT EXISTS ({})").format(query)).fetchone()
    return found == (True,)


def _succeeds(connection: Connection, statement: sql.Composed) -> bool:
    with suppress(psycopg.Error), connection.transaction():
        connection.execute(statement)
        return True
    return False
