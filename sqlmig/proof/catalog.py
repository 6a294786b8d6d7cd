"""Snapshots of a live schema: every object with its definition, read in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlmig.engine.server.connection import Connection
from sqlmig.proof.scope import Scope
from sqlmig.proof.walk import SURVEY, Catalog, walk

# With an empty search_path, names are written with their schema. JIT compilation of a query of this
# size takes longer than running it.
_SETTINGS = "SET LOCAL search_path = ''; SET LOCAL jit = off; SET TRANSACTION READ ONLY"
_NO_ROLE = 0
EVERYTHING = Scope()

# An object's class (the number of its catalog) and number.
Address = tuple[int, int]


class ObjectName(NamedTuple):
    """What identifies an object: its kind (`table column`) and its full name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class SchemaSnapshot:
    """The objects of a schema, each with its definition: lines `property: value`, with further
    lines of a value indented.

    Leaves out what the system and extensions created, and the tables of sqlmig and yoyo.
    """

    objects: Mapping[ObjectName, str]


class Row(NamedTuple):
    """An object as the walk finds it: its class and number, how many catalog rows it consists of,
    and, unless it is left out, its name and definition."""

    of_class: int
    number: int
    rows: int
    kind: str | None
    name: str
    definition: str

    @property
    def address(self) -> Address:
        """Where it is found."""
        return self.of_class, self.number

    @property
    def object(self) -> ObjectName | None:
        """What identifies it; None if it is left out."""
        return ObjectName(self.kind, self.name) if self.kind is not None else None


def snapshot(
    connection: Connection, own_role: str | None = None, scope: Scope = EVERYTHING
) -> SchemaSnapshot:
    """The snapshot of the database within the scope, at one moment; writes nothing.

    `own_role` is shown as such instead of by its name, so that the same schema owned by another
    role is equal.
    """
    with connection.transaction():
        connection.execute(_SETTINGS)
        query = walk(catalogs(connection))
        parameters = {"own_role": _role_number(connection, own_role), **scope.parameters}
        rows = connection.execute(query.encode(), parameters).fetchall()
    return SchemaSnapshot(merged(Row(*row) for row in rows))


def catalogs(connection: Connection) -> Sequence[Catalog]:
    """The catalogs of the server, as far as this role can read them."""
    return [Catalog.of(row) for row in connection.execute(SURVEY).fetchall()]


def merged(rows: Iterable[Row]) -> dict[ObjectName, str]:
    """Definitions by name; several with the same name, which only PostgreSQL itself makes, are
    joined."""
    objects: dict[ObjectName, str] = {}
    for name, definition in sorted((row.object, row.definition) for row in rows if row.object):
        objects[name] = f"{objects[name]}\n{definition}" if name in objects else definition
    return objects


def _role_number(connection: Connection, role: str | None) -> int:
    query = "SELECT oid::bigint FROM pg_catalog.pg_roles WHERE rolname = %s"
    row = connection.execute(query, (role,)).fetchone()
    return int(row[0]) if row else _NO_ROLE


def session_role(connection: Connection) -> str:
    """The role that owns what this session creates; with `ALTER ROLE … SET role`, not the one that
    logged in."""
    return str(connection.execute("SELECT current_user").fetchall()[0][0])
