"""Reads the parts of tables and views: columns, constraints, indexes, triggers, policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmig.document import queries
from sqlmig.document.model import Column, Detail, ForeignKey, Kind, QualifiedName, Relation, quoted

Rows = Sequence[tuple[Any, ...]]

_KINDS = {
    "r": Kind.TABLE,
    "p": Kind.TABLE,
    "f": Kind.FOREIGN_TABLE,
    "v": Kind.VIEW,
    "m": Kind.MATERIALIZED_VIEW,
}
# By letter in pg_constraint: the document's word, and the redundant beginning of the definition.
_CONSTRAINTS: Mapping[str, tuple[str, str]] = {
    "p": ("Primary key", "PRIMARY KEY "),
    "u": ("Unique", "UNIQUE "),
    "f": ("Foreign key", "FOREIGN KEY "),
    "c": ("Check", "CHECK "),
    "x": ("Exclusion", "EXCLUDE "),
}
_OTHERS: Mapping[str, str] = {
    "Unique index": queries.UNIQUE_INDEXES,
    "Index": queries.INDEXES,
    "Trigger": queries.TRIGGERS,
    "Policy": queries.POLICIES,
    "Rule": queries.RULES,
}
_ORDER = (*(kind for kind, _ in _CONSTRAINTS.values()), *_OTHERS)
_FACTS = (
    *("Partitioned by", "Inherits from", "Of the type", "Persistence"),
    *("Row-level security", "Server", "Options"),
)


@dataclass(slots=True)
class Parts:
    """The parts of all relations, by the relation's number."""

    columns: dict[int, list[Column]] = field(default_factory=lambda: defaultdict(list))
    details: dict[int, list[Detail]] = field(default_factory=lambda: defaultdict(list))
    foreign_keys: dict[int, list[ForeignKey]] = field(default_factory=lambda: defaultdict(list))
    keys: dict[int, tuple[str, ...]] = field(default_factory=dict)
    sources: dict[int, list[QualifiedName]] = field(default_factory=lambda: defaultdict(list))

    def relation(self, row: Sequence[Any]) -> Relation:
        """The relation of a row that begins with its number, with its parts."""
        number, schema, name, kind, note, parent_schema, parent, bound, *facts = row
        told = zip(_FACTS, facts, strict=True)
        return Relation(
            QualifiedName(schema, name),
            _KINDS[kind],
            note or "",
            {name: fact for name, fact in told if fact},
            QualifiedName(parent_schema, parent) if parent else None,
            bound or "",
            tuple(self.columns[number]),
            tuple(sorted(self.details[number], key=_place)),
            tuple(sorted(self.foreign_keys[number], key=lambda key: key.name)),
            self.keys.get(number, ()),
            tuple(sorted(self.sources[number])),
        )

    def add_constraint(self, number: int, letter: str, *row: Any) -> None:
        """Adds a constraint's row to the relation with that number."""
        name, definition, rest, note, columns, schema, target, is_nullable, is_unique = row
        kind, beginning = _CONSTRAINTS[letter]
        to = QualifiedName(schema, target) if target else None
        short = definition.removeprefix(beginning)
        if to is not None and rest is not None:
            short = f"({', '.join(map(quoted, columns))})"
        self.details[number].append(Detail(kind, name, short, note or "", to, rest or ""))
        if letter == "p":
            self.keys[number] = tuple(columns)
        if to is not None:
            key = ForeignKey(name, tuple(columns), to, is_nullable, is_unique)
            self.foreign_keys[number].append(key)


def read_parts(rows: Callable[[str], Rows]) -> Parts:
    """The parts of all relations of a database; `rows` runs a query there."""
    parts = Parts()
    for number, name, type_, is_nullable, default, note in rows(queries.COLUMNS):
        column = Column(name, type_, is_nullable, default or "", note or "")
        parts.columns[number].append(column)
    for number, letter, *row in rows(queries.CONSTRAINTS):
        parts.add_constraint(number, letter, *row)
    for kind, query in _OTHERS.items():
        for number, name, definition, note in rows(query):
            parts.details[number].append(Detail(kind, name, definition, note or ""))
    for number, schema, name in rows(queries.SOURCES):
        parts.sources[number].append(QualifiedName(schema, name))
    return parts


def _place(detail: Detail) -> tuple[int, str]:
    return _ORDER.index(detail.kind), detail.name
