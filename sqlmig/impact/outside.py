"""What statements do that run outside a transaction. Their locks are released before they can be
observed, so the locks are a fixed table, by what has changed.

Source: the manual's pages on these commands, PostgreSQL 15 to 18. sqlmig/source/outside.py lists
the commands; those that are not here lock no table of the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import LiteralString

from sqlmig.engine.server.connection import Connection, translated
from sqlmig.impact.catalog import Catalog
from sqlmig.impact.locks import Lock
from sqlmig.impact.transaction import Touch, Work

_STATE: LiteralString = """
SELECT c.oid, c.relkind, c.relfilenode, i.indrelid,
       (SELECT h.inhparent FROM pg_catalog.pg_inherits h
         WHERE h.inhrelid = c.oid AND c.relispartition AND NOT h.inhdetachpending LIMIT 1),
       pg_catalog.pg_stat_get_vacuum_count(c.oid)
  FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
 WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND c.oid >= 16384
"""
_TABLES = ("r", "m")

# For each change to a table: the strongest lock of the statement that makes it, and its work.
_REBUILT = Lock.ACCESS_EXCLUSIVE, Work(scanned=True, rewritten=True, indexed=True)
_INDEXES_REBUILT = Lock.ACCESS_EXCLUSIVE, Work(scanned=True, indexed=True)
_NEW_INDEX = Lock.SHARE_UPDATE_EXCLUSIVE, Work(scanned=True, indexed=True)
_VACUUMED = Lock.SHARE_UPDATE_EXCLUSIVE, Work(scanned=True)
_DETACHED = Lock.ACCESS_EXCLUSIVE, Work()


@dataclass(frozen=True, slots=True)
class _Object:
    kind: str
    filenode: int
    table: int | None
    parent: int | None
    vacuums: int


State = Mapping[int, _Object]


def state(connection: Connection) -> State:
    """The committed tables and indexes."""
    with translated():
        return {oid: _Object(*row) for oid, *row in connection.execute(_STATE).fetchall()}


def touches(
    catalog: Catalog, before: State, after: State, existing: Collection[int]
) -> list[Touch]:
    """What a statement did between the two states to tables that existed before its script."""
    found: dict[int, tuple[Lock, Work]] = {}
    for table, lock, work in _changes(before, after):
        if table in existing:
            found[table] = max(found.get(table, (lock, work)), (lock, work), key=lambda e: e[0])
    relations = catalog.before(found) if found else []
    return [Touch(each, *found[each.oid]) for each in relations if each.oid in found]


def _changes(before: State, after: State) -> Iterator[tuple[int, Lock, Work]]:
    rewritten = {
        oid
        for oid, each in after.items()
        if each.kind in _TABLES and oid in before and each.filenode != before[oid].filenode
    }
    for oid, each in after.items():
        was = before.get(oid)
        if oid in rewritten:
            yield oid, *_REBUILT
        elif was is None and each.table is not None and each.kind == "i":
            yield each.table, *_NEW_INDEX
        elif was is None or each.table in rewritten:
            continue
        elif each.table is not None and each.filenode != was.filenode:
            yield each.table, *_INDEXES_REBUILT
        elif each.vacuums != was.vacuums:
            yield oid, *_VACUUMED
        elif each.table is None and was.parent is not None and each.parent is None:
            yield oid, *_DETACHED
