"""Snapshots of a live schema: every object with its definition, read in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlmig.engine.server.connection import Connection
from sqlmig.proof.scope import Scope
from sqlmig.proof.walk import SURVEY, Catalog, walk

# Names are written with their schema where nothing is on the search path, and compiling a query
# of this size to machine code takes longer than running it.
_SETTINGS = "SET LOCAL search_path = ''; SET LOCAL jit = off; SET TRANSACTION READ ONLY"
_NO_ROLE = 0
EVERYTHING = Scope()


class ObjectName(NamedTuple):
    """What identifies an object: its kind (`table column`) and its name in full."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class SchemaSnapshot:
    """The objects of a schema, each with its definition: lines `property: value`, further lines of
    a value indented.

    Left out are what the system and extensions created, and the tables of sqlmig and yoyo.
    """

    objects: Mapping[ObjectName, str]


class Row(NamedTuple):
    """An object as the walk finds it: its number, how many rows of catalogues it is made of, and,
    unless it is left out, its name and definition."""

    number: int
    rows: int
    kind: str | None
    name: str
    definition: str

    @property
    def object(self) -> ObjectName | None:
        """What identifies it; None where it is left out."""
        return ObjectName(self.kind, self.name) if self.kind is not None else None


def snapshot(
    connection: Connection, own_role: str | None = None, scope: Scope = EVERYTHING
) -> SchemaSnapshot:
    """The snapshot of the database, as far as the scope goes, at one moment; writes nothing.

    `own_role` is shown as such and not by its name, so that the same schema owned by another role
    is the same.
    """
    with connection.transaction():
        connection.execute(_SETTINGS)
        query = walk(catalogs(connection))
        parameters = {"own_role": _role_number(connection, own_role), **scope.parameters}
        rows = connection.execute(query.encode(), parameters).fetchall()
    return SchemaSnapshot(merged(Row(*row) for row in rows))


def catalogs(connection: Connection) -> Sequence[Catalog]:
    """The catalogues of the server, as far as this role may read them."""
    return [Catalog.of(row) for row in connection.execute(SURVEY).fetchall()]


def merged(rows: Iterable[Row]) -> dict[ObjectName, str]:
    """Definitions by name; those of one name, which only PostgreSQL itself makes, as one."""
    objects: dict[ObjectName, str] = {}
    for name, definition in sorted((row.object, row.definition) for row in rows if row.object):
        objects[name] = f"{objects[name]}\n{definition}" if name in objects else definition
    return objects


def _role_number(connection: Connection, role: str | None) -> int:
    query = "SELECT oid::bigint FROM pg_catalog.pg_roles WHERE rolname = %s"
    row = connection.execute(query, (role,)).fetchone()
    return int(row[0]) if row else _NO_ROLE


def session_role(connection: Connection) -> str:
    """Who owns what this session makes; with `ALTER ROLE … SET role`, not the role that logs in."""
    return str(connection.execute("SELECT current_user").fetchall()[0][0])
