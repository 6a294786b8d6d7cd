"""What has changed about the relations that a transaction has locked, since the last look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmig.impact.catalog import LockedRelation, Relation
from sqlmig.impact.locks import Lock

_WITH_ROWS = ("r", "m")
_INDEX = "i"
_TABLE_LIKE = ("r", "p", "m", "f", "v", "S")


@dataclass(frozen=True, slots=True)
class Seen:
    """A relation when it was last looked at."""

    filenode: int
    tablespace: int
    scans: int = 0

    @classmethod
    def of(cls, relation: LockedRelation) -> Seen:
        """The relation as it is now."""
        return cls(relation.filenode, relation.tablespace, relation.scans)


class Look:
    """What has changed since the last look, by the oids of tables that existed before."""

    def __init__(
        self,
        locked: Sequence[LockedRelation],
        known: Mapping[int, Relation],
        seen: Mapping[int, Seen],
    ) -> None:
        self.held: dict[int, Lock] = {}
        self.scanned: set[int] = set()
        self.rewritten: set[int] = set()
        self.indexed: set[int] = set()
        self.emptied: set[int] = set()
        self.locked_for_rows: set[int] = set()
        self._known, self._seen = known, seen
        self._rebuilt: Counter[int] = Counter()  # how many indexes of each table have new files
        self.read: set[int] = set()  # by any scan, including that of an index
        for each in locked:
            self._look_at_index(each)
        for each in locked:
            self._look_at_table(each)
        self.indexed -= self.emptied

    def _look_at_index(self, index: LockedRelation) -> None:
        known = self._known.get(index.oid)
        table = known.table if known else index.table
        if table is None or table not in self._known or self._known[table].kind not in _TABLE_LIKE:
            return
        if known is None:
            if index.oid not in self._seen and self._is_built(index):
                self.indexed.add(table)
            return
        if index.lock is Lock.ACCESS_EXCLUSIVE:  # even planning a query on the table waits for it
            self.held[table] = index.lock
        before = self._before(known)
        if index.scans > before.scans:
            self.read.add(table)
        if index.kind == _INDEX and index.filenode != before.filenode:
            self._rebuilt[table] += 1
            self.indexed.add(table)

    def _is_built(self, index: LockedRelation) -> bool:
        """Whether a new index was built, and is not an old one under another oid."""
        files = {each.filenode for each in self._known.values() if each.kind == _INDEX}
        return index.kind == _INDEX and index.filenode not in files

    def _look_at_table(self, table: LockedRelation) -> None:
        known = self._known.get(table.oid)
        if known is None or known.kind not in _TABLE_LIKE:
            return
        self.held[table.oid] = max(table.lock, self.held.get(table.oid, table.lock))
        before = self._before(known)
        if Lock.ROW_EXCLUSIVE in table.modes:
            self.locked_for_rows.add(table.oid)
        if table.scans > before.scans:
            self.scanned.add(table.oid)
        if table.kind in _WITH_ROWS and table.filenode != before.filenode:
            is_emptied = known.kind == "r" and self._is_emptied(table, before)
            (self.emptied if is_emptied else self.rewritten).add(table.oid)
        if table.scans > before.scans:
            self.read.add(table.oid)

    def _is_emptied(self, table: LockedRelation, before: Seen) -> bool:
        """Whether the new file of a table is that of a TRUNCATE: only its indexes, which are
        rebuilt on the empty table, have read it, and it has not moved to another tablespace."""
        read = table.scans - before.scans > self._rebuilt[table.oid] or table.oid in self.read
        return not read and table.tablespace == before.tablespace

    def _before(self, known: Relation) -> Seen:
        return self._seen.get(known.oid) or Seen(known.filenode, known.tablespace)
