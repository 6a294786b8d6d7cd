"""A partition for each partitioned table that has none.

Scanning or rewriting a partitioned table means scanning or rewriting its partitions, and these are
often created by other programs than migrations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, LiteralString

from sqlmig.engine.server.connection import Connection, translated
from sqlmig.errors import ServerError

_CHILDLESS: LiteralString = """
SELECT pg_catalog.format('%1$I.sqlmig_leaf_%3$s', n.nspname, c.relname, c.oid),
       pg_catalog.format('CREATE TABLE %1$I.sqlmig_leaf_%3$s PARTITION OF %1$I.%2$I %4$s',
         n.nspname, c.relname, c.oid,
         CASE p.partstrat WHEN 'h' THEN 'FOR VALUES WITH (MODULUS 1, REMAINDER 0)'
                          ELSE 'DEFAULT' END)
  FROM pg_catalog.pg_partitioned_table p
  JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = p.partrelid)
"""
_REMAINING: LiteralString = """
SELECT 'DROP TABLE ' || c.oid::pg_catalog.regclass || ' CASCADE' FROM pg_catalog.pg_class c
 WHERE c.oid = ANY (%s::oid[])
"""


@dataclass(slots=True)
class Leaves:
    """Creates the partitions in one scratch database, through a separate session; `oids` are those
    that exist."""

    connection: Connection
    oids: set[int] = field(default_factory=set)
    _without: set[str] = field(default_factory=set)

    def renew(self, script: str) -> None:
        """Drops them all, and creates those that the script needs."""
        self.remove()
        if script not in self._without:
            with translated():
                found = self._rows(_CHILDLESS)
            for name, statement in found:
                self._make(name, statement)

    def remove(self) -> None:
        """Drops them all."""
        if self.oids:
            with translated():
                for (drop,) in self._rows(_REMAINING, list(self.oids)):
                    self.connection.execute(drop.encode())
        self.oids = set()

    def leave_out(self, script: str) -> bool:
        """Creates none for that script from now on; returns whether there are any now."""
        self._without.add(script)
        return bool(self.oids)

    def _make(self, name: str, statement: str) -> None:
        try:
            with translated():
                self.connection.execute(statement.encode())
                ((oid,),) = self._rows("SELECT %s::pg_catalog.regclass::oid", name)
        except ServerError:  # the table is then observed without one
            return
        self.oids.add(oid)

    def _rows(self, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters or None).fetchall()
