"""Repeated snapshots of one database, each read from what is new since the last.

Rows of the catalogs carry the transaction that wrote them, so one pass over them shows which
objects are new or altered. These are read again, with everything that depends on those that existed
before, because its definition may name them. A deleted row shows only in the count: if what was
read again does not explain it, the rows are counted by object.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlmig.engine.server.connection import Connection
from sqlmig.proof.catalog import EVERYTHING, ObjectName, Row, SchemaSnapshot, catalogs
from sqlmig.proof.scope import Scope
from sqlmig.proof.walk import counts, news, walk, walk_some

# The queries are planned once, because planning takes longer than reading a small schema.
_SETTINGS = "SET search_path = ''; SET jit = off; SET plan_cache_mode = force_generic_plan"

# Includes the whole of an internal part (the range of a multirange), because the whole names it.
_DEPENDENTS = """
WITH RECURSIVE altered (classid, objid) AS (
  SELECT * FROM unnest(%(classes)s::oid[], %(objects)s::oid[])
), dependent (classid, objid) AS (
  SELECT * FROM altered
   UNION
  SELECT d.refclassid, d.refobjid
    FROM altered JOIN pg_depend d USING (classid, objid) WHERE d.deptype = 'i'
   UNION
  SELECT d.classid, d.objid
    FROM dependent n JOIN pg_depend d ON d.refclassid = n.classid AND d.refobjid = n.objid
   WHERE d.deptype <> 'e'
)
SELECT objid::bigint FROM dependent
"""
_BEFORE_ALL = "3"


class Watch:
    """Takes snapshots of the database of a connection, which is used only for this and stays open.

    Other sessions may alter the schema, but must not be doing so when `look` is called.
    """

    def __init__(self, connection: Connection, scope: Scope = EVERYTHING) -> None:
        self._connection = connection
        self._scope = scope.parameters
        connection.execute(_SETTINGS)
        connection.prepare_threshold = 0
        found = catalogs(connection)
        self._walk, self._walk_some = walk(found).encode(), walk_some(found).encode()
        self._news, self._counts = news(found).encode(), counts(found).encode()
        self._rows: dict[int, list[Row]] = {}
        self._definitions: dict[ObjectName, list[str]] = {}
        self._objects: dict[ObjectName, str] = {}
        self._stale: set[ObjectName] = set()
        self._total = 0
        self._since, self._roles = _BEFORE_ALL, ""
        self._altered: set[int] = set()

    def look(self) -> SchemaSnapshot:
        """A snapshot of the current schema."""
        total, since, found, roles = self._ask(self._news, since=self._since)[0]
        altered = {number: of_class for of_class, number in found or ()}
        self._since = since
        if self._roles != roles:
            self._roles = roles
            self._forget(set(self._rows))
            self._keep(self._ask(self._walk, own_role=0, **self._scope))
        else:
            # A rollback usually drops what was altered last.
            self._read_again(self._altered | altered.keys() | self._dependents(altered))
            if self._total != total:
                self._read_again(self._miscounted())
        self._altered = set(altered)
        self._join_stale()
        return SchemaSnapshot(dict(self._objects))

    def _ask(self, query: bytes, **parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, parameters).fetchall()

    def _dependents(self, altered: Mapping[int, int]) -> set[int]:
        known = {number: of_class for number, of_class in altered.items() if number in self._rows}
        if not known:
            return set()
        query, classes = _DEPENDENTS.encode(), list(known.values())
        return {number for (number,) in self._ask(query, classes=classes, objects=list(known))}

    def _miscounted(self) -> set[int]:
        """The objects that have lost rows, or are gone."""
        now = dict(self._ask(self._counts))
        known = {number: sum(row.rows for row in rows) for number, rows in self._rows.items()}
        return {number for number in now.keys() | known if now.get(number) != known.get(number)}

    def _read_again(self, numbers: Collection[int]) -> None:
        if numbers:
            self._forget(numbers)
            chosen = {"own_role": 0, "objects": list(numbers), **self._scope}
            self._keep(self._ask(self._walk_some, **chosen))

    def _join_stale(self) -> None:
        """Updates the objects whose definitions were read again."""
        for name in self._stale:
            if name in self._definitions:
                self._objects[name] = "\n".join(self._definitions[name])
            else:
                self._objects.pop(name, None)
        self._stale.clear()

    def _forget(self, numbers: Collection[int]) -> None:
        for row in [row for number in numbers for row in self._rows.pop(number, ())]:
            self._total -= row.rows
            if row.object is not None:
                self._stale.add(row.object)
                definitions = self._definitions[row.object]
                definitions.remove(row.definition)
                if not definitions:
                    del self._definitions[row.object]

    def _keep(self, found: Iterable[tuple[Any, ...]]) -> None:
        for row in [Row(*values) for values in found]:
            self._rows.setdefault(row.number, []).append(row)
            self._total += row.rows
            if row.object is not None:
                self._stale.add(row.object)
                insort(self._definitions.setdefault(row.object, []), row.definition)
