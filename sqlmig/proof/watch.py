"""Repeated snapshots of one database, each read from what is new since the last.

Rows of the catalogs carry the transaction that wrote them, so one pass over them shows which
objects are new or altered. These are read again, with everything that depends on those that existed
before, because its definition may name them. A deleted row shows only in the count: if what was
read again does not explain it, the rows are counted by object.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlmig.engine.server.connection import Connection
from sqlmig.proof.catalog import EVERYTHING, Address, ObjectName, Row, SchemaSnapshot, catalogs
from sqlmig.proof.exclusion import EXCLUDED_OF
from sqlmig.proof.scope import Scope
from sqlmig.proof.walk import counts, news, walk, walk_some

# The queries are planned once, because planning takes longer than reading a small schema.
_SETTINGS = "SET search_path = ''; SET jit = off; SET plan_cache_mode = force_generic_plan"

# With the wholes of internal parts (the type of a composite type's columns, the range of a
# multirange), because a whole names its parts, and the tables of defaults, whose rows these are.
# OFFSET 0 makes the server look up the dependents of each object in the index.
_DEPENDENTS = b"""
WITH RECURSIVE altered (classid, objid) AS (
  SELECT * FROM unnest(%(classes)s::oid[], %(objects)s::oid[])
), dependent (classid, objid) AS (
  SELECT * FROM altered
   UNION
  SELECT d.refclassid, d.refobjid
    FROM altered JOIN pg_depend d USING (classid, objid) WHERE d.deptype = 'i'
   UNION
  SELECT d.classid, d.objid
    FROM dependent n, LATERAL (
      (SELECT classid, objid FROM pg_depend
        WHERE refclassid = n.classid AND refobjid = n.objid AND deptype <> 'e' OFFSET 0)
      UNION ALL
      (SELECT refclassid, refobjid FROM pg_depend
        WHERE classid = n.classid AND objid = n.objid
          AND refclassid = 'pg_type'::regclass AND deptype = 'i' OFFSET 0)) d (classid, objid)
)
SELECT classid::bigint, objid::bigint FROM dependent
 UNION
SELECT 'pg_class'::regclass::oid::bigint, t.adrelid::bigint
  FROM dependent JOIN pg_attrdef t ON classid = 'pg_attrdef'::regclass AND t.oid = objid
"""
_EXCLUDED = EXCLUDED_OF.encode()
_BEFORE_ALL = "3"


class Watch:
    """Takes snapshots of the database of a connection, which is used only for this and stays open.

    Other sessions may alter the schema, but must not be doing so when `look` is called. A new name
    is not seen in what names the object without a dependency that the server records: an array of
    `regclass`, the commutator of an operator, the configuration tables of an extension.
    """

    def __init__(self, connection: Connection, scope: Scope = EVERYTHING) -> None:
        self._connection = connection
        self._scope = scope.parameters
        connection.execute(_SETTINGS)
        connection.prepare_threshold = 0
        self._catalogs = found = catalogs(connection)
        self._walk, self._walk_of_class = walk(found).encode(), dict[int, bytes]()
        self._news, self._counts = news(found).encode(), counts(found).encode()
        self._rows: dict[Address, list[Row]] = {}
        self._definitions: dict[ObjectName, list[str]] = {}
        self._objects: dict[ObjectName, str] = {}
        self._stale: set[ObjectName] = set()
        self._total = 0
        self._since, self._surroundings = _BEFORE_ALL, ["", ""]
        self._altered: set[Address] = set()

    def look(self) -> SchemaSnapshot:
        """A snapshot of the current schema."""
        (row,) = self._ask(self._news, since=self._since, **self._scope)
        total, since, found, *surroundings = row
        altered = {(of_class, number) for of_class, number in found or ()}
        self._since = since
        if self._surroundings != surroundings:
            self._surroundings = surroundings
            self._forget(set(self._rows))
            self._keep(self._ask(self._walk, own_role=0, **self._scope))
        else:
            # A rollback usually drops what was altered last.
            recent = self._altered | altered
            self._read_again(recent | self._dependents(recent))
            if self._total != total:
                miscounted = self._miscounted()
                self._read_again(miscounted | self._dependents(miscounted))
        self._altered = altered
        self._join_stale()
        return SchemaSnapshot(dict(self._objects))

    def _ask(self, query: bytes, **parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, parameters).fetchall()

    def _dependents(self, altered: Collection[Address]) -> set[Address]:
        """The known objects that depend on those."""
        known = [address for address in altered if address in self._rows]
        if not known:
            return set()
        return self._rows.keys() & self._ask(_DEPENDENTS, **_listed(known))

    def _miscounted(self) -> set[Address]:
        """The objects that have lost rows, or are gone."""
        now = {(of_class, number): count for of_class, number, count in self._ask(self._counts)}
        known = {address: sum(row.rows for row in rows) for address, rows in self._rows.items()}
        return {each for each in now.keys() | known if now.get(each) != known.get(each)}

    def _read_again(self, addresses: Collection[Address]) -> None:
        self._forget(addresses)
        if addresses:
            excluded = _by_class(self._ask(_EXCLUDED, **_listed(addresses), **self._scope))
            for of_class, objects in _by_class(addresses).items():
                out = excluded.get(of_class, [])
                query = self._query_of(of_class)
                self._keep(self._ask(query, own_role=0, objects=objects, excluded=out))

    def _query_of(self, of_class: int) -> bytes:
        """The query for objects of that class."""
        if of_class not in self._walk_of_class:
            self._walk_of_class[of_class] = walk_some(self._catalogs, of_class).encode()
        return self._walk_of_class[of_class]

    def _join_stale(self) -> None:
        """Updates the objects whose definitions were read again."""
        for name in self._stale:
            if name in self._definitions:
                self._objects[name] = "\n".join(self._definitions[name])
            else:
                self._objects.pop(name, None)
        self._stale.clear()

    def _forget(self, addresses: Collection[Address]) -> None:
        for row in [row for address in addresses for row in self._rows.pop(address, ())]:
            self._total -= row.rows
            if row.object is not None:
                self._stale.add(row.object)
                definitions = self._definitions[row.object]
                definitions.remove(row.definition)
                if not definitions:
                    del self._definitions[row.object]

    def _keep(self, found: Iterable[tuple[Any, ...]]) -> None:
        for row in [Row(*values) for values in found]:
            self._rows.setdefault(row.address, []).append(row)
            self._total += row.rows
            if row.object is not None:
                self._stale.add(row.object)
                insort(self._definitions.setdefault(row.object, []), row.definition)


def _listed(addresses: Collection[Address]) -> dict[str, list[int]]:
    """The addresses as parameters of a query."""
    return {
        "classes": [of_class for of_class, _ in addresses],
        "objects": [number for _, number in addresses],
    }


def _by_class(addresses: Iterable[Address]) -> Mapping[int, list[int]]:
    """The numbers of the objects of each class."""
    numbers = defaultdict[int, list[int]](list)
    for of_class, number in addresses:
        numbers[of_class].append(number)
    return numbers
