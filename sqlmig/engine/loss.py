"""Whether a script lost rows, seen from inside its transaction.

Only tables that the transaction has locked against others can have lost any, and most of those
show at a glance that they have not. For the rest the script is undone to a savepoint, their rows
are counted as they were, and it is run again if there were none to lose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from sqlmig.engine.connection import Connection

_SAVEPOINT = "_sqlmig_rows"

_TABLES = """
SELECT c.oid, n.nspname, c.relname, c.oid::pg_catalog.regclass::text, c.relfilenode,
       ARRAY(SELECT a.attnum FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND c.relname !~ '^(_yoyo|_sqlmig|yoyo_lock)'
"""

# The weakest lock under which rows can go is that of DELETE.
_TOUCHED = """
SELECT l.relation, pg_catalog.pg_stat_get_xact_tuples_inserted(l.relation),
       pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation)
  FROM (SELECT DISTINCT relation FROM pg_catalog.pg_locks
         WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'relation'
           AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                        'AccessExclusiveLock')) l
"""


@dataclass(frozen=True, slots=True)
class Table:
    """One table as the catalogs have it; `label` is its name for people, with the schema only
    where search_path does not find it."""

    name: sql.Identifier
    label: str
    filenode: int
    columns: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Change:
    """What a transaction has counted for a table; `rows` are those after it, None if it is gone."""

    inserted: int
    deleted: int
    table: Table | None
    rows: int | None


@dataclass(frozen=True, slots=True)
class Watch:
    """The tables as they were when it was set up, by oid."""

    tables: Mapping[int, Table]

    @classmethod
    def begin(cls, connection: Connection) -> Watch:
        """Looks at the catalogs, and sets the savepoint that `losses` goes back to."""
        watch = cls(_tables(connection))
        connection.execute(f"SAVEPOINT {_SAVEPOINT}")
        return watch

    def suspects(self, connection: Connection) -> dict[int, _Change]:
        """The tables of which rows may be gone, with what can be seen of them now."""
        now = _tables(connection)
        found = {}
        for oid, inserted, deleted in connection.execute(_TOUCHED).fetchall():
            before, after = self.tables.get(oid), now.get(oid)
            if before is not None and _is_suspect(before, after, deleted):
                rows = count_rows(connection, after) if after else None
                found[oid] = _Change(inserted, deleted, after, rows)
        return found

    def losses(self, connection: Connection, suspects: Mapping[int, _Change]) -> list[Table]:
        """Those of them that did lose rows. Undoes all that was done since the watch began, and
        keeps others from writing to them until the transaction ends."""
        connection.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        lost = []
        for oid, change in suspects.items():
            before = self.tables[oid]
            connection.execute(
                sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(before.name)
            )
            if _has_lost(before, count_rows(connection, before), change):
                lost.append(before)
        return lost


def count_rows(connection: Connection, table: Table) -> int:
    """The rows that a table has now, all of them: a policy that hides some is an error."""
    connection.execute("SET row_security = off")
    try:
        question = sql.SQL("SELECT count(*) FROM ONLY {}").format(table.name)
        row = connection.execute(question).fetchone()
    finally:
        _reset_row_security(connection)
    return row[0] if row else 0


def _reset_row_security(connection: Connection) -> None:
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
        connection.execute("RESET row_security")


def _is_suspect(before: Table, after: Table | None, deleted: int) -> bool:
    return (
        after is None
        or after.filenode != before.filenode
        or not before.columns <= after.columns
        or deleted > 0
    )


def _has_lost(before: Table, rows: int, change: _Change) -> bool:
    if rows == 0:
        return False
    if change.table is None or change.rows is None or not before.columns <= change.table.columns:
        return True
    return change.deleted > 0 or change.rows - rows - change.inserted < 0


def _tables(connection: Connection) -> dict[int, Table]:
    found = connection.execute(_TABLES).fetchall()
    return {
        oid: Table(sql.Identifier(schema, name), label, filenode, frozenset(columns))
        for oid, schema, name, label, filenode, columns in found
    }
