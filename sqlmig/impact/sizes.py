"""How large the tables of the live database are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from sqlmig.engine.server.connection import Connection, translated

# By oid in a scratch database: the schema and the name that each relation has in the live one.
Names = Mapping[int, tuple[str, str]]

_NAMES: LiteralString = """
SELECT c.oid, n.nspname, c.relname
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v', 'S') AND c.oid >= 16384
"""
_SIZES: LiteralString = """
SELECT w.oid, s.bytes, s.rows
  FROM ROWS FROM (pg_catalog.unnest(%(oids)s::oid[]), pg_catalog.unnest(%(schemas)s::name[]),
                  pg_catalog.unnest(%(names)s::name[])) w (oid, schema, name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(pg_catalog.pg_table_size(t.oid)), 0)::bigint AS bytes,
          CASE WHEN bool_or(t.reltuples < 0) THEN NULL
               ELSE coalesce(sum(t.reltuples::numeric), 0)::bigint END AS rows
     FROM pg_catalog.pg_class t
    WHERE t.relkind IN ('r', 'm')
      AND t.oid IN (SELECT c.oid UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))
 ) s
"""
# Another session may hold a lock on a table that only has to be measured.
_WAIT = "SET lock_timeout = '2s'"


@dataclass(frozen=True, slots=True)
class Size:
    """How large a table is, including its partitions, without indexes; None if that is not known.
    `rows` is the server's estimate, unknown before the first ANALYZE."""

    bytes: int | None = None
    rows: int | None = None

    def exceeds(self, limit: int) -> bool:
        """Whether it is larger than `limit` bytes; an unknown size counts as large."""
        return self.rows is None or self.bytes is None or self.bytes > limit


UNKNOWN, NEW = Size(), Size(0, 0)


def names(connection: Connection) -> Names:
    """The relations of a scratch database."""
    with translated():
        return {oid: (schema, name) for oid, schema, name in connection.execute(_NAMES).fetchall()}


def sizes(live: Connection, named: Names) -> dict[int, Size]:
    """The size of each relation that the live database has, by the same oids. Only reads. Raises
    ServerError if another session keeps one of them locked."""
    parameters = {
        "oids": list(named),
        "schemas": [schema for schema, _ in named.values()],
        "names": [name for _, name in named.values()],
    }
    with translated(refused="the sizes of the live tables cannot be read"):
        live.execute(_WAIT)
        try:
            rows = live.execute(_SIZES, parameters).fetchall()
        finally:
            live.execute("SET lock_timeout = 0")
    return {oid: Size(count, estimate) for oid, count, estimate in rows}
