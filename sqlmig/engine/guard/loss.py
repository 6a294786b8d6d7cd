"""Whether a script lost rows, seen from inside its transaction.

Only tables that the transaction has locked against others can have lost any, and most of those
show at a glance that they have not. For the rest the script is undone, their rows are counted as
they were, and it is run again if there were none to lose.
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
class _Change:
    """What a transaction has counted for a table; `rows` are those after it, None if it is gone.

    `old_rows` are those of them that the transaction has not written; None where an update or a
    rewrite, which lose none, may have written them.
    """

    counted: Counters
    table: Table | None
    rows: int | None
    old_rows: int | None


class OwnRows(NamedTuple):
    """The rows of a table itself before the script; `old` are those that no script of this
    transaction has written."""

    all: int
    old: int


@dataclass(frozen=True, slots=True)
class Watch:
    """The tables as they were when it was set up, by oid."""

    tables: Tables

    @classmethod
    def begin(cls, history: History, but_for: Iterable[str] = ()) -> Watch:
        """Looks at the catalogs; tables of the names `but_for` are left out."""
        left_out = list(but_for)
        found = all_tables(history)
        return cls({oid: table for oid, table in found.items() if not table.is_named(left_out)})

    def suspects(self, history: History) -> dict[int, _Change]:
        """The tables of which rows may be gone, with what can be seen of them now."""
        now = all_tables(history)
        found = {}
        for oid, before in self.tables.items():
            after = now.get(oid)
            if _is_suspect(before, after):
                found[oid] = _change(history.connection, before, after)
        return found

    def own_rows(self, connection: Connection, oids: Iterable[int]) -> Mapping[int, OwnRows]:
        """The rows of those tables, in a transaction in which the script is undone. Keeps others
        from writing to them until it ends, or that is undone too."""
        found = {}
        for oid in sorted(oids):
            table = self.tables[oid]
            lock_against_writing(connection, table)
            old = count_old_rows(connection, [table.identifier])
            found[oid] = OwnRows(count_own_rows(connection, table), old)
        return found

    def losses(
        self, suspects: Mapping[int, _Change], rows: Mapping[int, OwnRows]
    ) -> list[LostRows]:
        """Those of them that did lose rows, of which they had so many."""
        return [
            LostRows(self.tables[oid].label, rows[oid].all)
            for oid, change in suspects.items()
            if _has_lost(self.tables[oid], change, rows[oid])
        ]

    def counting_from_here(self, history: History) -> Watch:
        """The same for a script that was undone, and that runs again: that run alone counts."""
        return Watch(recounted(self.tables, all_tables(history)))


def lock_against_writing(connection: Connection, table: Table) -> None:
    """Keeps others from writing to the table until the transaction ends."""
    statement = sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE")
    connection.execute(statement.format(table.identifier))


def count_own_rows(connection: Connection, table: Table) -> int:
    """The rows of the table itself, without those of its partitions and children."""
    return count_rows(connection, sql.SQL("ONLY {}").format(table.identifier))


def _is_suspect(before: Table, after: Table | None) -> bool:
    if after is None:
        return True
    return after.is_locked and (
        after.filenode != before.filenode
        or not after.has_columns_of(before)
        or after.counters.since(before.counters).deleted > 0
        or after.is_locked_for_rows
    )


def _change(connection: Connection, before: Table, after: Table | None) -> _Change:
    if after is None:
        return _Change(before.counters, None, None, None)
    counted, old_rows = after.counters.since(before.counters), None
    if after.filenode == before.filenode and counted.updated == 0:
        old_rows = count_old_rows(connection, [after.identifier])
    return _Change(counted, after, count_own_rows(connection, after), old_rows)


def _has_lost(before: Table, change: _Change, rows: OwnRows) -> bool:
    """Whether any of the rows that the table had are gone."""
    if rows.all == 0:
        return False
    if change.table is None or change.rows is None:
        return True
    if not change.table.has_columns_of(before) or change.counted.deleted > 0:
        return True
    if change.old_rows is not None:
        return change.old_rows < rows.old
    return change.rows - rows.all - change.counted.inserted < 0
