"""Tables and indexes of a scratch database: as they were before a transaction, which another
session sees until it commits, and as the transaction has them locked.

Only the counters of the locked relations are read, because the view of all takes milliseconds for a
thousand tables. The counters are added to the server's statistics at the end of each transaction,
so they start at zero in the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from sqlmig.engine.history.tables import OWN_TABLES
from sqlmig.engine.server.connection import Connection, translated
from sqlmig.errors import ExecutionError
from sqlmig.impact.changes import Column, TableState
from sqlmig.impact.locks import Lock

# Oids below this are the system's own.
_FIRST_OID = 16384

_BEGIN_COUNTING: LiteralString = """
SELECT pg_catalog.current_setting('track_counts'), pg_catalog.pg_stat_force_next_flush()
"""
_LOCKED: LiteralString = """
SELECT l.relation, l.modes, c.relkind, c.relfilenode, c.reltablespace,
       pg_catalog.pg_stat_get_xact_numscans(l.relation), i.indrelid,
       pg_catalog.current_setting('track_counts')
  FROM (SELECT relation, pg_catalog.array_agg(mode) AS modes FROM pg_catalog.pg_locks
         WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'relation' AND granted
           AND relation >= %(first)s::oid GROUP BY relation) l
  LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = l.relation
 CROSS JOIN (SELECT pg_catalog.pg_stat_force_next_flush()) f
"""
_SCANNED: LiteralString = """
SELECT c.oid, '{AccessExclusiveLock}'::text[], c.relkind, c.relfilenode, c.reltablespace,
       pg_catalog.pg_stat_get_xact_numscans(c.oid), NULL
  FROM pg_catalog.pg_class c
 WHERE c.relkind IN ('r', 'm') AND c.oid >= %(first)s::oid AND c.oid <> ALL (%(locked)s::oid[])
   AND pg_catalog.pg_stat_get_xact_numscans(c.oid) > 0
"""
_BEFORE: LiteralString = """
SELECT c.oid, n.nspname, c.relname, c.oid::pg_catalog.regclass::text, c.relkind, c.relfilenode,
       c.reltablespace, i.indrelid,
       CASE WHEN c.relispartition AND c.relkind IN ('r', 'p', 'f') THEN ARRAY(
         SELECT relid FROM pg_catalog.pg_partition_ancestors(c.oid)
          WITH ORDINALITY a (relid, place) WHERE relid <> c.oid ORDER BY place)::oid[]
       ELSE '{}' END
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
 WHERE c.oid = ANY (%(oids)s::oid[] || ARRAY(SELECT indrelid FROM pg_catalog.pg_index
                                              WHERE indexrelid = ANY (%(oids)s::oid[])))
   AND NOT (n.nspname = %(own_schema)s AND c.relname = ANY (%(own_tables)s::name[]))
"""
_FOREIGN_KEYS: LiteralString = """
SELECT oid, conrelid, confrelid FROM pg_catalog.pg_constraint
 WHERE contype = 'f' AND convalidated AND conrelid = ANY (%(tables)s::oid[])
"""

# A column of a domain that is NOT NULL needs a value as well, and a domain has the conditions of
# those that it is based on.
_STATES: LiteralString = """
SELECT c.oid::bigint, c.relispartition,
       pg_catalog.concat_ws(' ', c.relpersistence, c.reltablespace, c.relam),
       (SELECT pg_catalog.json_object_agg(a.attnum, pg_catalog.json_build_array(a.attname,
                 pg_catalog.concat_ws(' ', a.atttypid, a.atttypmod, a.attcollation),
                 a.attnotnull, coalesce(domains.is_not_null, false),
                 coalesce(domains.has_conditions, false),
                 a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,
                 a.attgenerated <> ''))
          FROM pg_catalog.pg_attribute a
          JOIN pg_catalog.pg_type t ON t.oid = a.atttypid,
               LATERAL (
                 WITH RECURSIVE d (oid, kind, is_not_null, base) AS (
                   SELECT t.oid, t.typtype, t.typnotnull, t.typbasetype
                    UNION ALL
                   SELECT b.oid, b.typtype, b.typnotnull, b.typbasetype
                     FROM d JOIN pg_catalog.pg_type b ON b.oid = d.base WHERE d.kind = 'd')
                 SELECT pg_catalog.bool_or(d.is_not_null) AS is_not_null,
                        pg_catalog.bool_or(d.is_not_null OR EXISTS (
                          SELECT FROM pg_catalog.pg_constraint k WHERE k.contypid = d.oid))
                          AS has_conditions
                   FROM d WHERE d.kind = 'd') domains
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT pg_catalog.json_object_agg(k.oid, k.contype)
          FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.convalidated)
  FROM pg_catalog.pg_class c WHERE c.oid = ANY (%s::oid[])
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, index, view or sequence as it was before. `label` is its name for display; `table`
    is the table of an index; `ancestors` are those of a partition, the nearest first."""

    oid: int
    schema: str
    name: str
    label: str
    kind: str
    filenode: int
    tablespace: int
    table: int | None
    ancestors: tuple[int, ...]

    def is_named(self, name: str) -> bool:
        """Whether the name means it; the name may omit the schema."""
        return name in (self.label, self.name, f"{self.schema}.{self.name}")


@dataclass(frozen=True, slots=True)
class LockedRelation:
    """A relation that the transaction has locked, as it sees it; `kind` is None if it dropped the
    relation. `scans` counts the scans of the transaction."""

    oid: int
    modes: tuple[Lock, ...]
    kind: str | None
    filenode: int
    tablespace: int
    scans: int
    table: int | None

    @property
    def lock(self) -> Lock:
        """The strongest mode."""
        return max(self.modes)


@dataclass(slots=True)
class Catalog:
    """The catalogs of one database as two sessions see them: `inside`, in which scripts run, and
    `beside`, which sees what is committed. Leaves out the tables of the history, in
    `own_schema`."""

    inside: Connection
    beside: Connection
    own_schema: str

    def begin_counting(self) -> None:
        """Makes the counters start at zero. Raises ExecutionError if nothing is counted."""
        with translated():
            row = self.inside.execute(_BEGIN_COUNTING).fetchone()
        if row is None or row[0] != "on":
            raise _uncounted()

    def locked(self) -> list[LockedRelation]:
        """The relations that the open transaction has locked. Raises ExecutionError if nothing is
        counted."""
        with translated():
            rows = self.inside.execute(_LOCKED, {"first": _FIRST_OID}).fetchall()
        if any(row[7] != "on" for row in rows):
            raise _uncounted()
        return [_locked_relation(*row[:7]) for row in rows]

    def scanned_without_lock(self, locked: Sequence[int]) -> list[LockedRelation]:
        """The tables that the open transaction has scanned and that are not in `locked`, as if it
        held the strongest lock on each."""
        parameters = {"first": _FIRST_OID, "locked": list(locked)}
        with translated():
            return [_locked_relation(*row) for row in self.inside.execute(_SCANNED, parameters)]

    def before(self, oids: Collection[int]) -> list[Relation]:
        """The relations that existed before the open transaction, and the tables of those
        indexes."""
        with translated():
            rows = self.beside.execute(
                _BEFORE,
                {
                    "oids": list(oids),
                    "own_schema": self.own_schema,
                    "own_tables": list(OWN_TABLES),
                },
            ).fetchall()
        return [_relation(*row) for row in rows]

    def new_foreign_keys(self, tables: Collection[int]) -> set[tuple[int, int, int]]:
        """The validated foreign keys of those tables that did not exist, or were not valid, before
        the open transaction: each with its table, and the table that it references."""
        parameters = {"tables": list(tables)}
        with translated():
            now = set(self.inside.execute(_FOREIGN_KEYS, parameters).fetchall())
            return now and now - set(self.beside.execute(_FOREIGN_KEYS, parameters).fetchall())

    def states(self, tables: Collection[int]) -> dict[int, TableState]:
        """Those of the tables as the open transaction has them."""
        return _states(self.inside, tables)

    def states_before(self, tables: Collection[int]) -> dict[int, TableState]:
        """Those of the tables before the open transaction."""
        return _states(self.beside, tables)


def _states(connection: Connection, tables: Collection[int]) -> dict[int, TableState]:
    with translated():
        rows = connection.execute(_STATES, [list(tables)]).fetchall()
    return {
        oid: TableState(
            is_partition,
            storage,
            {number: Column(*column) for number, column in (columns or {}).items()},
            constraints or {},
        )
        for oid, is_partition, storage, columns, constraints in rows
    }


def _relation(*row: Any) -> Relation:
    oid, schema, name, label, kind, filenode, tablespace, table, ancestors = row
    return Relation(oid, schema, name, label, kind, filenode, tablespace, table, tuple(ancestors))


def _locked_relation(*row: Any) -> LockedRelation:
    oid, modes, kind, filenode, tablespace, scans, table = row
    locks = tuple(map(Lock.named, modes))
    return LockedRelation(oid, locks, kind, filenode or 0, tablespace or 0, scans, table)


def _uncounted() -> ExecutionError:
    """The error if scans are not counted."""
    return ExecutionError(
        "track_counts is off, so the server does not count what statements scan",
        remedy="Turn it on where the scratch database is made, and remove it from the migrations: "
        "SET track_counts = on.",
    )
