"""Tables as a transaction sees them, and what it has done to them so far.

The counters are the server's. They also count the work of statements that were undone since, but
undoing releases their locks. The counters continue from earlier transactions, so only their growth
within one transaction is meaningful. Source: pgstat_relation.c of PostgreSQL 15 to 18.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from psycopg import sql

from sqlmig.engine.history.reading import History
from sqlmig.engine.history.tables import OWN_TABLES
from sqlmig.engine.server.connection import Connection
from sqlmig.errors import ExecutionError
from sqlmig.model import WrittenRows

# The server counts writes only with this setting.
_COUNTING = "track_counts"

# ROW EXCLUSIVE is the weakest lock under which rows can be written. INSERT, UPDATE and DELETE take
# it, and nothing else needs it.
_TABLES: LiteralString = """
SELECT c.oid, n.nspname, c.relname, c.oid::pg_catalog.regclass::text, c.relfilenode,
       c.relpersistence = 'u', a.numbers, a.names, a.types, a.modifiers, a.expressions,
       ARRAY(SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
       pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid),
       pg_catalog.pg_stat_get_xact_tuples_updated(c.oid),
       pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid),
       l.relation IS NOT NULL, coalesce(l.for_rows, false)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN (SELECT l.relation, pg_catalog.bool_or(l.mode = 'RowExclusiveLock') AS for_rows
               FROM pg_catalog.pg_locks l
              WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
                AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
              GROUP BY l.relation) l ON l.relation = c.oid
 CROSS JOIN LATERAL (
       SELECT coalesce(pg_catalog.array_agg(a.attnum::int ORDER BY a.attnum), '{}') AS numbers,
              pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS names,
              pg_catalog.array_agg(a.atttypid ORDER BY a.attnum) AS types,
              pg_catalog.array_agg(a.atttypmod ORDER BY a.attnum) AS modifiers,
              pg_catalog.array_agg(
                CASE WHEN a.attgenerated = 'v' THEN
                  (SELECT d.adbin::text FROM pg_catalog.pg_attrdef d
                    WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END
                ORDER BY a.attnum) AS expressions
         FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) a
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND NOT (n.nspname = %(own_schema)s AND c.relname = ANY (%(own_tables)s::name[]))
"""

# With an array, oids are looked up one by one; with a subquery, the server would read all tables.
_OF_FAMILIES: LiteralString = """
   AND c.oid = ANY (ARRAY(
     WITH RECURSIVE family(oid) AS (
       SELECT k.oid FROM pg_catalog.pg_class k
        WHERE k.relname = ANY (%(names)s::name[])
          AND (%(schemas)s::name[] IS NULL OR k.relnamespace = ANY (ARRAY(
                SELECT s.oid FROM pg_catalog.pg_namespace s
                 WHERE s.nspname = ANY (%(schemas)s::name[]))))
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
        """Whether any row was written."""
        return bool(self.inserted or self.updated or self.deleted)

    def since(self, before: Counters) -> Counters:
        """The rows counted since `before`."""
        return Counters(
            self.inserted - before.inserted,
            self.updated - before.updated,
            self.deleted - before.deleted,
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type by oid and modifier, and the expression if it is a virtual generated
    column."""

    name: str
    type: int
    modifier: int
    expression: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table or partitioned table.

    `label` is its name in messages, with the schema only if search_path does not find the table.
    `columns` are by number; `filenode` changes with TRUNCATE and every rewrite. `is_locked` says
    that the transaction may have written to the table, `is_locked_for_rows` that a statement could
    insert, update or delete rows, even if it found none.
    """

    oid: int
    schema: str
    name: str
    label: str
    filenode: int
    is_unlogged: bool
    columns: Mapping[int, Column]
    parents: tuple[int, ...]
    counters: Counters
    is_locked: bool
    is_locked_for_rows: bool

    @property
    def alone(self) -> sql.Composed:
        """The table in a query that leaves out its partitions and children."""
        return sql.SQL("ONLY {}").format(self.identifier)

    @property
    def identifier(self) -> sql.Identifier:
        """Its name in SQL, qualified with its schema."""
        return sql.Identifier(self.schema, self.name)

    def has_columns_of(self, before: Table) -> bool:
        """Whether it still has all columns of `before`, by number: a new column of the same name
        does not count."""
        return before.columns.keys() <= self.columns.keys()

    def has_reused_names_of(self, before: Table) -> bool:
        """Whether a column of `before` lost its name to another column."""
        numbers = {column.name: number for number, column in self.columns.items()}
        return any(
            numbers.get(column.name, number) != number for number, column in before.columns.items()
        )

    def is_named(self, names: Iterable[str]) -> bool:
        """Whether it is one of the named tables; the names may omit the schema."""
        return not {self.name, f"{self.schema}.{self.name}"}.isdisjoint(names)


Tables = Mapping[int, Table]
_NOTHING = Counters(0, 0, 0)


def refuse_uncounted(connection: Connection) -> None:
    """Raises ExecutionError if the server does not count writes."""
    counts = connection.execute("SELECT pg_catalog.current_setting(%s)", [_COUNTING]).fetchone()
    if counts != ("on",):
        raise ExecutionError(
            f"{_COUNTING} is off on this server, so sqlmig cannot tell which rows are written",
            remedy=f"Nothing was touched. Turn it on: ALTER DATABASE … SET {_COUNTING} = on.",
        )


def all_tables(history: History) -> Tables:
    """All permanent tables of the database except the system's and the history's, by oid."""
    return _read(history, _TABLES)


def families(history: History, names: Iterable[str], oids: Iterable[int] = ()) -> Tables:
    """The tables with those names or oids, and their partitions and children.

    If the history has a scope, an unqualified name means a table in that schema.
    """
    parts = [name.rpartition(".") for name in names]
    schemas = None if history.scope is None else [history.scope, *(part[0] for part in parts)]
    bare = [part[2] for part in parts]
    query = _TABLES + _OF_FAMILIES
    return _read(history, query, names=bare, schemas=schemas, oids=list(oids))


def unknown_names(history: History, names: Iterable[str]) -> list[str]:
    """The names that no table has."""
    wanted = list(dict.fromkeys(names))
    there = families(history, wanted).values()
    return [name for name in wanted if not any(table.is_named([name]) for table in there)]


def descendants(tables: Tables, root: int) -> set[int]:
    """The oids of a table and of all its partitions and children."""
    found = {root}
    while more := {oid for oid, t in tables.items() if found & {*t.parents}} - found:
        found |= more
    return found


def written(before: Tables, now: Tables) -> dict[int, WrittenRows]:
    """What the transaction wrote to each table in between, by oid; labelled with the old name."""
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


def recounted(before: Tables, now: Tables) -> Tables:
    """The earlier tables with the current counters, which an undo does not reset."""
    return {
        oid: replace(table, counters=now[oid].counters) if oid in now else table
        for oid, table in before.items()
    }


def ancestors(tables: Tables, oid: int) -> list[Table]:
    """A table and the tables that it is a partition or child of; empty if it does not exist."""
    found = [tables[oid]] if oid in tables else []
    for table in found:
        found += [tables[parent] for parent in table.parents if parent in tables]
    return found


def _is_another(was: Table, table: Table) -> bool:
    """Whether its file, name, schema or parents changed, or it lost columns."""
    return not table.has_columns_of(was) or (
        (was.filenode, was.schema, was.name, was.parents)
        != (table.filenode, table.schema, table.name, table.parents)
    )


def _gone(table: Table) -> WrittenRows:
    return WrittenRows(table.label, replaced=True)


def _read(history: History, query: LiteralString, **parameters: object) -> Tables:
    own = {"own_schema": history.schema, "own_tables": list(OWN_TABLES)}
    rows = history.connection.execute(query, own | parameters).fetchall()
    return {table.oid: table for table in map(_table, rows)}


def _table(row: tuple[Any, ...]) -> Table:
    numbers, *columns, parents = row[6:12]
    by_number = dict(zip(numbers, map(Column, *columns), strict=True)) if numbers else {}
    counters = Counters(*row[12:15])
    values: list[Any] = [*row[:6], by_number, tuple(parents), counters, *row[15:]]
    return Table(*values)
