"""What the document says about a schema: frozen values, in the order in which they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

# Names in this schema are written without it, as in most migrations.
DEFAULT_SCHEMA = "public"

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


class QualifiedName(NamedTuple):
    """The name of an object and of its schema, as in the catalog."""

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """The name as SQL writes it."""
        prefix = "" if self.schema == DEFAULT_SCHEMA else f"{quoted(self.schema)}."
        return f"{prefix}{quoted(self.name)}"

    @property
    def order(self) -> tuple[bool, str, str]:
        """The sort key of names: `public` first, then by bytes."""
        return self.schema != DEFAULT_SCHEMA, self.schema, self.name


def quoted(name: str) -> str:
    """A name in double quotes, unless it consists of lowercase letters, digits and underscores.
    Keywords are not quoted, because which ones are reserved depends on the server's version."""
    return name if _PLAIN.fullmatch(name) else '"{}"'.format(name.replace('"', '""'))


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `default` is an expression or how the value is generated, or "" if there is
    neither."""

    name: str
    type: str
    is_nullable: bool
    default: str
    note: str


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference from `columns` to another table. `is_nullable` says whether they may be NULL,
    `is_unique` whether at most one row can have the same values."""

    name: str
    columns: tuple[str, ...]
    target: QualifiedName
    is_nullable: bool
    is_unique: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """A constraint, index, trigger, policy or rule of a relation.

    For a foreign key, `target` is the table that it references, and `rest` is what follows it.
    """

    kind: str
    name: str
    definition: str
    note: str
    target: QualifiedName | None = None
    rest: str = ""


class Kind(Enum):
    """The kinds of relations, with the document's words for them."""

    TABLE = "table"
    FOREIGN_TABLE = "foreign table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"

    @property
    def is_view(self) -> bool:
        """Whether its columns come from a query."""
        return self in (Kind.VIEW, Kind.MATERIALIZED_VIEW)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or a view.

    `facts` are less common properties, by name. `parent` is the table that it is a partition of,
    and `bound` its partition bound; `key` has the columns of its primary key; `sources` are the
    relations that a view reads.
    """

    name: QualifiedName
    kind: Kind
    note: str
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    parent: QualifiedName | None = None
    bound: str = ""
    columns: tuple[Column, ...] = ()
    details: tuple[Detail, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    key: tuple[str, ...] = ()
    sources: tuple[QualifiedName, ...] = ()


@dataclass(frozen=True, slots=True)
class DataType:
    """An enum, domain, composite or range type, with the parts of its definition."""

    name: QualifiedName
    kind: str
    definition: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Routine:
    """A function, procedure or aggregate."""

    name: QualifiedName
    arguments: str
    returns: str
    properties: str
    note: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An object that takes one line in the document."""

    name: str
    definition: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything that migrations make, each part sorted by name; `others` are objects of other
    kinds."""

    tables: tuple[Relation, ...] = ()
    views: tuple[Relation, ...] = ()
    types: tuple[DataType, ...] = ()
    routines: tuple[Routine, ...] = ()
    sequences: tuple[Listed, ...] = ()
    schemas: tuple[Listed, ...] = ()
    extensions: tuple[Listed, ...] = ()
    others: tuple[Listed, ...] = ()
