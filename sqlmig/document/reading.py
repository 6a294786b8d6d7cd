"""Reads the schema of a database for its document."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlmig.document import queries
from sqlmig.document.model import (
    DEFAULT_SCHEMA,
    DataType,
    Listed,
    QualifiedName,
    Relation,
    Routine,
    Schema,
    quoted,
)
from sqlmig.document.parts import Rows, read_parts
from sqlmig.engine.server.connection import Connection, translated
from sqlmig.proof.catalog import ObjectName

_WITH_COLUMNS = (
    *("table", "view", "materialized view", "foreign table", "composite type"),
    *("index", "sequence"),
)
# Kinds of objects that the document shows with the object that they belong to.
_PARTS = frozenset(
    {
        *("index", "trigger", "policy", "rule", "default value", "default acl"),
        *("table constraint", "domain constraint"),
        *(f"{whole} column" for whole in _WITH_COLUMNS),
    }
)
_ITSELF = ObjectName("schema", DEFAULT_SCHEMA)


def read_schema(connection: Connection, made: Collection[ObjectName]) -> Schema:
    """The schema of that database, restricted to the objects in `made`; writes nothing.

    Raises ServerError, DatabaseUnavailableError.
    """
    with translated(), connection.transaction():
        connection.execute(queries.SETTINGS)
        return _Reader(connection, made).schema()


class _Reader:
    """Queries the objects that are in `made`, and remembers which of them it found."""

    def __init__(self, connection: Connection, made: Collection[ObjectName]) -> None:
        self._connection = connection
        self._found = {_ITSELF}
        implied = {ObjectName(*row) for row in self._rows(queries.IMPLIED)}
        self._made = set(made) - implied

    def schema(self) -> Schema:
        """The whole schema."""
        relations = self._relations()
        return Schema(
            tables=tuple(each for each in relations if not each.kind.is_view),
            views=tuple(each for each in relations if each.kind.is_view),
            types=tuple(sorted(self._types(), key=lambda each: each.name.order)),
            routines=tuple(
                sorted(self._routines(), key=lambda each: (each.name.order, each.arguments))
            ),
            sequences=tuple(self._sequences()),
            schemas=tuple(self._schemas()),
            extensions=tuple(Listed(quoted(name)) for (name,) in self._of(queries.EXTENSIONS)),
            others=tuple(self._others()),
        )

    def _of(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query for objects that are in `made`, without the identifying columns."""
        for kind, identity, *row in self._rows(query):
            name = ObjectName(kind, identity)
            if name in self._made:
                self._found.add(name)
                yield tuple(row)

    def _rows(self, query: str) -> Rows:
        return self._connection.execute(query.encode()).fetchall()

    def _relations(self) -> list[Relation]:
        parts = read_parts(self._rows)
        found = (parts.relation(row) for row in self._of(queries.RELATIONS))
        return sorted(found, key=lambda each: each.name.order)

    def _types(self) -> Iterator[DataType]:
        for schema, name, kind, definition, note in self._of(queries.TYPES):
            yield DataType(QualifiedName(schema, name), kind, tuple(definition), note or "")

    def _routines(self) -> Iterator[Routine]:
        for schema, name, arguments, returns, properties, note in self._of(queries.ROUTINES):
            qualified = QualifiedName(schema, name)
            yield Routine(qualified, arguments, returns or "", properties, note or "")

    def _sequences(self) -> Iterator[Listed]:
        for schema, name, definition, note, is_identity in self._of(queries.SEQUENCES):
            if not is_identity:
                yield Listed(QualifiedName(schema, name).sql, definition, note or "")

    def _schemas(self) -> Iterator[Listed]:
        for name, note in self._of(queries.SCHEMAS):
            yield Listed(quoted(name), note=note or "")

    def _others(self) -> Iterator[Listed]:
        for name in sorted(self._made):
            if name not in self._found and name.kind not in _PARTS:
                yield Listed(name.name, name.kind)
