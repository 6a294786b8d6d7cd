"""Tables as a transaction sees them, and what it has done to them so far.

The counters are the server's, which count what is attempted, also by statements that were undone
since; but then the lock is gone too. They go on from the transaction before, so that only their
growth within one transaction says something. Source: pgstat_relation.c of PostgreSQL 15 to 18.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import sql

from sqlmig.engine.connection import Connection
from sqlmig.errors import ExecutionError
from sqlmig.model import WrittenRows

# The setting without which the server does not count.
BLINDFOLD = "track_counts"

# The weakest lock under which rows can be written is that of INSERT, UPDATE and DELETE.
_TABLES: LiteralString = """
SELECT c.oid, n.nspname, c.relname, c.oid::pg_catalog.regclass::text, c.relfilenode,
       ARRAY(SELECT a.attnum::int FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
       ARRAY(SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
       pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid),
       pg_catalog.pg_stat_get_xact_tuples_updated(c.oid),
       pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid),
       c.oid IN (SELECT l.relation FROM pg_catalog.pg_locks l
                  WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
                    AND l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND c.relname !~ '^(_yoyo|_sqlmig|yoyo_lock)'
"""

# An array's oids are looked up one by one; for a subquery the server would read all tables.
_OF_FAMILIES: LiteralString = """
   AND c.oid = ANY (ARRAY(
     WITH RECURSIVE family(oid) AS (
       SELECT k.oid FROM pg_catalog.pg_class k WHERE k.relname = ANY (%(names)s::name[])
        UNION SELECT pg_catalog.unnest(%(oids)s::oid[])
        UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN family f ON i.inhparent = f.oid)
     SELECT oid FROM family))
"""


@dataclass(frozen=True, slots=True)
class Counters:
    """Rows that the server has counted as written."""

    inserted: int
    updated: int
    deleted: int

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self.inserted or self.updated or self.deleted)

    def since(self, before: Counters) -> Counters:
        """What was counted after those others."""
        return Counters(
            self.inserted - before.inserted,
            self.updated - before.updated,
            self.deleted - before.deleted,
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table or partitioned table; `label` is its name for people, with the schema only where
    search_path does not find it. `columns` are its names by number; `filenode` changes with
    TRUNCATE and every rewrite; `is_locked` says that the transaction may have written to it."""

    oid: int
    schema: str
    name: str
    label: str
    filenode: int
    columns: Mapping[int, str]
    parents: tuple[int, ...]
    counters: Counters
    is_locked: bool

    @property
    def identifier(self) -> sql.Identifier:
        """Its name in SQL, with its schema."""
        return sql.Identifier(self.schema, self.name)

    def has_columns_of(self, before: Table) -> bool:
        """Whether it still has all columns that it had, by number: another of the name is none."""
        return before.columns.keys() <= self.columns.keys()

    def is_named(self, names: Iterable[str]) -> bool:
        """Whether it is one of those, which may come without their schema."""
        return not {self.name, f"{self.schema}.{self.name}"}.isdisjoint(names)


Tables = Mapping[int, Table]
_NOTHING = Counters(0, 0, 0)


def refuse_uncounted(connection: Connection) -> None:
    """Raises ExecutionError where the server does not count what is written."""
    counts = connection.execute("SELECT pg_catalog.current_setting(%s)", [BLINDFOLD]).fetchone()
    if counts != ("on",):
        raise ExecutionError(
            f"{BLINDFOLD} is off on this server, and without it nobody sees which rows are written",
            remedy=f"Nothing was touched. Set it on: ALTER DATABASE … SET {BLINDFOLD} = on.",
        )


def all_tables(connection: Connection) -> Tables:
    """Every permanent table of the database but for the system's and the history's, by oid."""
    return _by_oid(connection.execute(_TABLES).fetchall())


def families(connection: Connection, names: Iterable[str], oids: Iterable[int] = ()) -> Tables:
    """The tables of those names, or with those oids, with their partitions and children."""
    bare = [name.rpartition(".")[2] for name in names]
    query = _TABLES.replace("%", "%%") + _OF_FAMILIES
    return _by_oid(connection.execute(query, {"names": bare, "oids": list(oids)}).fetchall())


def unknown_names(connection: Connection, names: Iterable[str]) -> list[str]:
    """Those that no table has."""
    wanted = list(dict.fromkeys(names))
    there = families(connection, wanted).values()
    return [name for name in wanted if not any(table.is_named([name]) for table in there)]


def descendants(tables: Tables, root: int) -> set[int]:
    """The oids of a table and of all its partitions and children."""
    found = {root}
    while more := {oid for oid, t in tables.items() if found & {*t.parents}} - found:
        found |= more
    return found


def written(before: Tables, now: Tables) -> dict[int, WrittenRows]:
    """What the transaction has written to each table in between, by oid, under its old name."""
    found = {oid: _gone(table) for oid, table in before.items() if oid not in now}
    for oid, table in now.items():
        was = before.get(oid)
        counted = table.counters.since(was.counters if was else _NOTHING)
        replaced = was is not None and _is_another(was, table)
        if table.is_locked and (counted.any or replaced):
            found[oid] = WrittenRows(
                (was or table).label, counted.inserted, counted.updated, counted.deleted, replaced
            )
    return found


def ancestors(tables: Tables, oid: int) -> list[Table]:
    """A table, and those that it is a partition or child of; none where there is no such table."""
    found = [tables[oid]] if oid in tables else []
    for table in found:
        found += [tables[parent] for parent in table.parents if parent in tables]
    return found


def _is_another(was: Table, table: Table) -> bool:
    """Whether it has another file, name or place among partitions, or fewer columns."""
    return not table.has_columns_of(was) or (
        (was.filenode, was.schema, was.name, was.parents)
        != (table.filenode, table.schema, table.name, table.parents)
    )


def _gone(table: Table) -> WrittenRows:
    return WrittenRows(table.label, replaced=True)


def _by_oid(rows: list[tuple[Any, ...]]) -> Tables:
    return {table.oid: table for table in map(_table, rows)}


def _table(row: tuple[Any, ...]) -> Table:
    oid, schema, name, label, filenode, numbers, names, parents, *counted, is_locked = row
    return Table(
        oid,
        schema,
        name,
        label,
        filenode,
        dict(zip(numbers, names, strict=True)),
        tuple(parents),
        Counters(*counted),
        is_locked,
    )
