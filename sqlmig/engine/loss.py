"""Which tables lost rows to a script, seen from inside its transaction."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from sqlmig.engine.connection import Connection

_TABLES = """
SELECT c.oid, n.nspname, c.relname, c.oid::pg_catalog.regclass::text,
       (SELECT count(*) FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND c.relname !~ '^(_yoyo|_sqlmig|yoyo_lock)'
"""


@dataclass(frozen=True, slots=True)
class Table:
    """One table as a transaction sees it; `deleted` counts the rows that it has deleted.

    `label` is its name for people, with the schema only where search_path does not find it.
    """

    name: sql.Identifier
    label: str
    columns: int
    deleted: int
    has_rows: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """The tables that had rows when it was set up, by oid."""

    tables: dict[int, Table]

    @classmethod
    def empty(cls) -> Watch:
        """A watch over nothing."""
        return cls({})

    @classmethod
    def begin(cls, connection: Connection) -> Watch:
        """Looks at all tables, within the transaction that is going to run the script."""
        return cls({oid: table for oid, table in _tables(connection).items() if table.has_rows})

    def losses(self, connection: Connection) -> list[Table]:
        """The tables that were dropped or emptied, or lost a column or rows, since then."""
        now = _tables(connection)
        return [table for oid, table in self.tables.items() if _has_lost(table, now.get(oid))]


def count_rows(connection: Connection, table: Table) -> int:
    """The rows that a table has now."""
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table.name)).fetchone()
    return row[0] if row else 0


def _has_lost(before: Table, now: Table | None) -> bool:
    return (
        now is None
        or not now.has_rows
        or now.columns < before.columns
        or now.deleted > before.deleted
    )


def _tables(connection: Connection) -> dict[int, Table]:
    found = connection.execute(_TABLES).fetchall()
    names = {row[0]: sql.Identifier(row[1], row[2]) for row in found}
    filled = _with_rows(connection, names)
    return {
        oid: Table(names[oid], label, columns, deleted, oid in filled)
        for oid, _, _, label, columns, deleted in found
    }


def _with_rows(connection: Connection, names: dict[int, sql.Identifier]) -> set[int]:
    """Those of the tables that hold a row; one question for all of them."""
    if not names:
        return set()
    questions = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM ONLY {})").format(oid, name)
        for oid, name in names.items()
    ]
    return {oid for (oid,) in connection.execute(sql.SQL(" UNION ALL ").join(questions))}
