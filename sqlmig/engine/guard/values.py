"""How to read a column before and after a change of its type, to see whether it keeps its values.

Before the change, a value is cast to the new type and back. If that alters the value, so would the
change. The value in the new type is what the column must hold afterwards. If there is no cast in
both directions, or a cast only reinterprets the bytes (-1 as an int is 4294967295 as an oid), the
text of the value must stay the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

from psycopg import sql

from sqlmig.engine.guard.rows import Reading, pinned
from sqlmig.engine.guard.tables import Column
from sqlmig.engine.server.connection import Connection

# Output functions that write the same text.
_SAME_OUTPUT: Mapping[str, str] = {"varcharout": "textout"}

_OUTPUTS = """
SELECT t.oid, p.prosrc FROM pg_catalog.pg_type t JOIN pg_catalog.pg_proc p ON p.oid = t.typoutput
 WHERE t.oid = ANY (%s)
"""

_BASES = """
WITH RECURSIVE base (n, type, modifier) AS (
  SELECT g.n, g.type, g.modifier
    FROM ROWS FROM (pg_catalog.unnest(%s::oid[]), pg_catalog.unnest(%s::int[]))
         WITH ORDINALITY AS g (type, modifier, n)
   UNION ALL
  SELECT b.n, t.typbasetype, t.typtypmod
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typtype = 'd')
SELECT b.type, b.modifier FROM base b
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = b.type AND t.typtype = 'd')
 ORDER BY b.n
"""

# An array is cast like its elements. All string types count as one kind.
_CASTS = """
WITH type AS (
  SELECT t.oid, t.typcategory = 'A' AND t.typelem <> 0 AS is_array,
         CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END AS element
    FROM pg_catalog.pg_type t)
SELECT pg_catalog.format_type(g.old, g.old_modifier), pg_catalog.format_type(g.new, g.new_modifier),
       o.oid IS NOT NULL AND n.oid IS NOT NULL AND (
         o.element = n.element OR o.is_array = n.is_array
         AND there.castsource IS NOT NULL AND back.castsource IS NOT NULL
         AND ('b' NOT IN (there.castmethod, back.castmethod) OR (
              SELECT pg_catalog.bool_and(s.typcategory = 'S') FROM pg_catalog.pg_type s
               WHERE s.oid IN (o.element, n.element))))
  FROM ROWS FROM (pg_catalog.unnest(%s::oid[]), pg_catalog.unnest(%s::int[]),
                  pg_catalog.unnest(%s::oid[]), pg_catalog.unnest(%s::int[]))
       WITH ORDINALITY AS g (old, old_modifier, new, new_modifier, n)
  LEFT JOIN type o ON o.oid = g.old
  LEFT JOIN type n ON n.oid = g.new
  LEFT JOIN pg_catalog.pg_cast there
    ON there.castsource = o.element AND there.casttarget = n.element
  LEFT JOIN pg_catalog.pg_cast back
    ON back.castsource = n.element AND back.casttarget = o.element
 ORDER BY g.n
"""

_THERE_AND_BACK = '{0}::{1}::{2}::text COLLATE "C" IS NOT DISTINCT FROM {0}::text COLLATE "C"'


Columns = Mapping[int, Column]


class Base(NamedTuple):
    """A type that is not a domain, with its modifier."""

    type: int
    modifier: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a column's type; `base` is the new type.

    `old` and `new` are the names of the types beneath any domains, quoted by the server. With
    `is_cast`, values are compared by casting them, and otherwise as text.
    """

    base: Base
    old: LiteralString
    new: LiteralString
    is_cast: bool


def outputs(connection: Connection, types: Iterable[int]) -> Mapping[int, str]:
    """The output function of each type; the same bytes with the same output function are the same
    value. A domain has that of its base type. Types that do not exist are left out."""
    rows = connection.execute(_OUTPUTS, [list(types)]).fetchall()
    return {oid: _SAME_OUTPUT.get(writer, writer) for oid, writer in rows}


def new_types(connection: Connection, before: Columns, now: Columns) -> Mapping[int, Base]:
    """The new base type of each column whose type or modifier has changed."""
    changed = {
        number: now[number]
        for number, was in before.items()
        if number in now and (was.type, was.modifier) != (now[number].type, now[number].modifier)
    }
    return dict(zip(changed, _bases(connection, changed.values()), strict=True))


def changes(
    connection: Connection, before: Columns, new: Mapping[int, Base]
) -> Mapping[int, Change]:
    """How each of those columns changes; call it before the change."""
    old = _bases(connection, [before[number] for number in new])
    types = [*zip(*old, strict=True), *zip(*new.values(), strict=True)] if new else [()] * 4
    with pinned(connection):
        rows = connection.execute(_CASTS, [[*each] for each in types]).fetchall()
    return {n: Change(new[n], *row) for n, row in zip(new, rows, strict=True)}


def _bases(connection: Connection, columns: Collection[Column]) -> list[Base]:
    parameters = [[c.type for c in columns], [c.modifier for c in columns]]
    return [Base(*row) for row in connection.execute(_BASES, parameters).fetchall()]


def reading_before(column: Column, change: Change | None) -> Reading:
    """How to read the column while it still has its old type."""
    name = sql.Identifier(column.name)
    if change is None or not change.is_cast:
        return reading_after(column, change)
    old, new = (sql.SQL(each) for each in (change.old, change.new))
    return Reading(
        sql.SQL("{}::{}").format(name, new), sql.SQL(_THERE_AND_BACK).format(name, new, old)
    )


def reading_after(column: Column, change: Change | None) -> Reading:
    """How to read the column once it has its new type."""
    name = sql.Identifier(column.name)
    is_text = change is not None and not change.is_cast
    return Reading(sql.SQL("{}::text").format(name) if is_text else name)
