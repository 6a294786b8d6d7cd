"""Determines from inside a script's transaction whether it lost rows.

Only tables that the transaction has locked can have lost rows, and for most of them the counters
show that they have not. For the rest, the script is undone and the rows are counted as they were.
If none were lost, the script runs again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from psycopg import sql

from sqlmig.engine.guard.rows import count_old_rows, count_rows
from sqlmig.engine.guard.tables import Counters, Table, Tables, all_tables, recounted
from sqlmig.engine.history.reading import History
from sqlmig.engine.server.connection import Connection
from sqlmig.model import LostRows


@dataclass(frozen=True, slots=True)
class _After:
    """A table after the script: its rows, and what the transaction has counted for it.

    `old_rows` are those that the transaction has not written; None if an update or a rewrite, which
    lose none, may have written them.
    """

    table: Table
    counted: Counters
    rows: int
    old_rows: int | None


_Suspects = Mapping[int, _After | None]


class OwnRows(NamedTuple):
    """The number of rows of a table itself before the script; `old` are those that no script of
    this transaction has written."""

    all: int
    old: int


@dataclass(frozen=True, slots=True)
class LossWatch:
    """The tables by oid, as they were when the watch began."""

    tables: Tables

    @classmethod
    def begin(cls, history: History, but_for: Iterable[str] = ()) -> LossWatch:
        """Reads the catalogs; leaves out the tables named in `but_for`."""
        left_out = list(but_for)
        found = all_tables(history)
        return cls({oid: table for oid, table in found.items() if not table.is_named(left_out)})

    def suspects(self, history: History) -> _Suspects:
        """The tables that may have lost rows, as they are now; None for a dropped table."""
        now = all_tables(history)
        found: dict[int, _After | None] = {}
        for oid, before in self.tables.items():
            after = now.get(oid)
            if _is_suspect(before, after):
                found[oid] = _counted(history.connection, before, after) if after else None
        return found

    def own_rows(self, connection: Connection, oids: Iterable[int]) -> Mapping[int, OwnRows]:
        """Counts the rows of those tables after the script was undone. Blocks other writers until
        the transaction ends, or until this is undone too."""
        found = {}
        for oid in sorted(oids):
            table = self.tables[oid]
            lock_against_writing(connection, table)
            old = count_old_rows(connection, [table.identifier])
            found[oid] = OwnRows(count_own_rows(connection, table), old)
        return found

    def losses(self, suspects: _Suspects, rows: Mapping[int, OwnRows]) -> list[LostRows]:
        """The tables that lost rows, with how many they had."""
        return [
            _loss(self.tables[oid], after, rows[oid].all)
            for oid, after in suspects.items()
            if _has_lost(self.tables[oid], after, rows[oid])
        ]

    def counting_from_here(self, history: History) -> LossWatch:
        """This watch for a script that was undone and runs again: counts only the new run."""
        return LossWatch(recounted(self.tables, all_tables(history)))


def lock_against_writing(connection: Connection, table: Table) -> None:
    """Blocks other writers of the table until the transaction ends."""
    statement = sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE")
    connection.execute(statement.format(table.identifier))


def count_own_rows(connection: Connection, table: Table) -> int:
    """The number of rows of the table itself, without its partitions and children."""
    return count_rows(connection, table.alone)


def _is_suspect(before: Table, after: Table | None) -> bool:
    if after is None:
        return True
    return after.is_locked and (
        after.filenode != before.filenode
        or not after.has_columns_of(before)
        or after.counters.since(before.counters).deleted > 0
        or after.is_locked_for_rows
    )


def _counted(connection: Connection, before: Table, after: Table) -> _After:
    counted, old_rows = after.counters.since(before.counters), None
    if after.filenode == before.filenode and counted.updated == 0:
        old_rows = count_old_rows(connection, [after.identifier])
    return _After(after, counted, count_own_rows(connection, after), old_rows)


def _loss(before: Table, after: _After | None, rows: int) -> LostRows:
    """What is lost: rows, or only columns if the table still has all of its rows."""
    if after is None or after.counted.deleted > 0 or after.rows < rows:
        return LostRows(before.label, rows)
    gone = before.columns.keys() - after.table.columns.keys()
    columns = tuple(before.columns[number].name for number in sorted(gone))
    return LostRows(before.label, rows, columns)


def _has_lost(before: Table, after: _After | None, rows: OwnRows) -> bool:
    """Whether any row that the table had is gone."""
    if rows.all == 0:
        return False
    if after is None or not after.table.has_columns_of(before) or after.counted.deleted > 0:
        return True
    if after.old_rows is not None:
        return after.old_rows < rows.old
    return after.rows - rows.all - after.counted.inserted < 0
