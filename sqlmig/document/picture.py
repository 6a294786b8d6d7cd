"""Draws the tables of a schema and their references as entity-relationship diagrams in Mermaid.

Source: https://mermaid.js.org/syntax/entityRelationshipDiagram.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sqlmig.document.escaping import attribute, entity
from sqlmig.document.model import DEFAULT_SCHEMA, Column, QualifiedName, Relation

# The most that one picture can hold and still be readable.
_MOST_TABLES = 40
# More tables are drawn from left to right: side by side, they would be wider than a page.
_MOST_SIDE_BY_SIDE = 20
# A longer text is not rendered: Mermaid's `maxTextSize`, which code hosts do not change.
_MOST_CHARACTERS = 50_000

# The common SQL names of types; type modifiers are in the table below the picture.
_SHORT_TYPES: Mapping[str, str] = {
    "character varying": "varchar",
    "character": "char",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "double precision": "double",
}
_MODIFIERS = re.compile(r"\([\d,-]+\)")


@dataclass(frozen=True, slots=True)
class Pictures:
    """The diagrams. `alone` are tables in none of them, since they have no references; `unknown`
    are patterns of tables to leave out that match none."""

    diagrams: tuple[str, ...]
    alone: tuple[QualifiedName, ...] = ()
    unknown: tuple[str, ...] = ()


def draw(tables: Sequence[Relation], left_out: Sequence[str]) -> Pictures:
    """One diagram, or, for more than 40 tables, one for each group of tables connected by
    references.

    Leaves out partitions, and tables whose name matches a pattern in `left_out`. Patterns match the
    name with its schema; in `public`, the bare name, too.
    """
    whole = [table for table in tables if table.parent is None]
    drawn = [table for table in whole if not any(_matches(table.name, p) for p in left_out)]
    unknown = tuple(p for p in left_out if not any(_matches(table.name, p) for table in whole))
    if not drawn:
        return Pictures((), unknown=unknown)
    if len(drawn) <= _MOST_TABLES:
        return Pictures((_diagram(drawn),), unknown=unknown)
    groups = list(_groups(drawn))
    diagrams = tuple(_diagram(group) for group in groups if len(group) > 1)
    return Pictures(diagrams, tuple(g[0].name for g in groups if len(g) == 1), unknown)


def _matches(name: QualifiedName, pattern: str) -> bool:
    names = {f"{name.schema}.{name.name}"}
    if name.schema == DEFAULT_SCHEMA:
        names.add(name.name)
    return any(fnmatchcase(each, pattern) for each in names)


def _groups(tables: Sequence[Relation]) -> Iterator[list[Relation]]:
    """The groups of tables connected by references, in the order of their first tables."""
    near: dict[QualifiedName, set[QualifiedName]] = {table.name: set() for table in tables}
    for table in tables:
        for key in table.foreign_keys:
            if key.target in near:
                near[table.name].add(key.target)
                near[key.target].add(table.name)
    drawn: set[QualifiedName] = set()
    for table in tables:
        if table.name not in drawn:
            group = _connected(table.name, near)
            drawn |= group
            yield [each for each in tables if each.name in group] if len(group) > 1 else [table]


def _connected(
    name: QualifiedName, near: Mapping[QualifiedName, set[QualifiedName]]
) -> set[QualifiedName]:
    group: set[QualifiedName] = set()
    found = {name}
    while found:
        group |= found
        found = {each for known in found for each in near[known]} - group
    return group


def _diagram(tables: Sequence[Relation]) -> str:
    """The text of a diagram, with as many columns as fit."""
    names = _unique(tables)
    head = ["erDiagram", *(["  direction LR"] if len(tables) > _MOST_SIDE_BY_SIDE else [])]
    edges = [line for table in tables for line in _edges(table, names)]
    for columns in _COLUMNS if len(tables) <= _MOST_TABLES else _COLUMNS[1:]:
        boxes = [line for table in tables for line in _box(table, names, columns(table))]
        text = "\n".join([*head, *boxes, *edges])
        if len(text) <= _MOST_CHARACTERS:
            break
    return text


def _unique(tables: Iterable[Relation]) -> Mapping[QualifiedName, str]:
    """The name of each table in the diagram."""
    names: dict[str, QualifiedName] = {}
    for table in tables:
        prefix = "" if table.name.schema == DEFAULT_SCHEMA else f"{table.name.schema}."
        name = entity(f"{prefix}{table.name.name}")
        while name in names:
            name += "_"
        names[name] = table.name
    return {table: name for name, table in names.items()}


def _edges(table: Relation, names: Mapping[QualifiedName, str]) -> Iterator[str]:
    for key in table.foreign_keys:
        if key.target in names:
            one = "|o" if key.is_nullable else "||"
            many = "o|" if key.is_unique else "o{"
            target, label = names[key.target], entity(", ".join(key.columns))
            yield f'  "{target}" {one}--{many} "{names[table.name]}" : "{label}"'


def _box(
    table: Relation, names: Mapping[QualifiedName, str], columns: Sequence[Column]
) -> Iterator[str]:
    name = names[table.name]
    if not columns:
        yield f'  "{name}"'
        return
    yield f'  "{name}" {{'
    referring = {column for key in table.foreign_keys for column in key.columns}
    for column in columns:
        keys = ["PK"] if column.name in table.key else []
        keys += ["FK"] if column.name in referring else []
        words = (attribute(_short(column.type)), attribute(column.name), ", ".join(keys))
        yield f"    {' '.join(words).rstrip()}"
    yield "  }"


def _short(type_: str) -> str:
    """The common name of a type, without modifiers and collation, which are in the table below the
    picture."""
    bare = _MODIFIERS.sub("", type_.partition(" COLLATE ")[0])
    name, array, _ = bare.partition("[]")
    return _SHORT_TYPES.get(name, name) + array


def _all(table: Relation) -> Sequence[Column]:
    return table.columns


def _of_keys(table: Relation) -> Sequence[Column]:
    keys = {*table.key, *(column for key in table.foreign_keys for column in key.columns)}
    return [column for column in table.columns if column.name in keys]


def _none(_: Relation) -> Sequence[Column]:
    return ()


_COLUMNS = (_all, _of_keys, _none)
