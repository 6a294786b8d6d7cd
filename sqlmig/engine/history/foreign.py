"""The history tables of other tools: which ones a database has, and their contents. Only reads."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from sqlmig.adoption.model import Ledger, Tool
from sqlmig.adoption.registry import TOOLS, history_table
from sqlmig.engine.server.connection import Connection

_TABLES = """
SELECT n.nspname, c.relname, array_agg(a.attname::text), n.nspname = current_schema(),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relname = ANY (%(names)s) AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
 GROUP BY n.oid, c.oid
 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class ForeignHistory:
    """A history table of another tool, whether it is in the current schema, and whether the role of
    this session may read it."""

    tool: Tool
    schema: str
    is_current: bool
    is_readable: bool

    @property
    def name(self) -> str:
        """The name of the table, with its schema."""
        return f"{self.schema}.{self.tool.table.name}"

    def __str__(self) -> str:
        return f"{self.name} of {self.tool.name}"


def foreign_histories(connection: Connection) -> list[ForeignHistory]:
    """The histories of other tools in the database, recognised by table and column names."""
    names = [tool.table.name for tool in TOOLS]
    rows = connection.execute(_TABLES, {"names": names}).fetchall()
    found = ((history_table(name, columns), schema, *rest) for schema, name, columns, *rest in rows)
    return [ForeignHistory(tool, *rest) for tool, *rest in found if tool]


def read_ledger(connection: Connection, found: ForeignHistory) -> Ledger:
    """The migrations that this history says are applied."""
    table = sql.Identifier(found.schema, found.tool.table.name)
    cursor = connection.execute(sql.SQL(found.tool.table.query).format(table))
    names = [column.name for column in cursor.description or ()]
    return found.tool.history([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
