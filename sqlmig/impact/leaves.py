"""A partition for each partitioned table that has none.

To scan or rewrite a partitioned table is to do so with its partitions, and these are often made by
other programs than migrations.
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
    """Makes the partitions in one scratch database, through a session of their own; `oids` are
    those that are there."""

    connection: Connection
    oids: set[int] = field(default_factory=set)
    _without: set[str] = field(default_factory=set)

    def renew(self, script: str) -> None:
        """Has them there for that script, and only what it needs."""
        self.remove()
        if script not in self._without:
            with translated():
                found = self._rows(_CHILDLESS)
            for name, statement in found:
                self._make(name, statement)

    def remove(self) -> None:
        """Has none there."""
        if self.oids:
            with translated():
                for (drop,) in self._rows(_REMAINING, list(self.oids)):
                    self.connection.execute(drop.encode())
        self.oids = set()

    def leave_out(self, script: str) -> bool:
        """Has none there for that script from now on; whether there were any."""
        self._without.add(script)
        return bool(self.oids)

    def _make(self, name: str, statement: str) -> None:
        try:
            with translated():
                self.connection.execute(statement.encode())
                ((oid,),) = self._rows("SELECT %s::pg_catalog.regclass::oid", name)
        except ServerError:  # then the table is looked at without one
            return
        self.oids.add(oid)

    def _rows(self, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters or None).fetchall()
