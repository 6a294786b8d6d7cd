"""Writes the tables and views of the document, with links between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlmig.document.blocks import bullet, bullets, table
from sqlmig.document.escaping import cell_code, code, one_line, prose
from sqlmig.document.model import Column, Detail, Kind, QualifiedName, Relation, quoted

SECTIONS = (
    *("Tables", "Views", "Types", "Functions", "Sequences", "Schemas", "Extensions"),
    "Other objects",
)
# Code hosts derive the anchor of a heading from its text; for other names, they do not agree.
_LINKABLE = re.compile(r'[A-Za-z0-9_."]+( [A-Za-z0-9_."]+)*')
_BESIDE_ITS_KIND = (Kind.TABLE, Kind.VIEW)


class Relations:
    """Writes each relation as blocks; relations with a unique anchor are linked."""

    def __init__(self, tables: Sequence[Relation], views: Sequence[Relation]) -> None:
        self._by_name = {each.name: each for each in (*tables, *views)}
        anchors = Counter(_anchor(name) for name in self._by_name)
        anchors.update(_of_heading(title) for title in (*SECTIONS, "Schema"))
        self._linked = {
            name
            for name in self._by_name
            if _LINKABLE.fullmatch(name.sql) and anchors[_anchor(name)] == 1
        }
        self._referrers: dict[QualifiedName, set[QualifiedName]] = {}
        for each in tables:
            for key in () if each.parent else each.foreign_keys:
                self._referrers.setdefault(key.target, set()).add(each.name)

    def table(self, relation: Relation) -> Iterator[str]:
        """The blocks of a table."""
        yield from self._head(relation)
        same = self._columns_of_parent(relation)
        if same and relation.parent is not None:
            names = ", ".join(code(quoted(column.name)) for column in same)
            yield f"Columns as in {self.link(relation.parent)}: {names}."
        own = [column for column in relation.columns if column not in same]
        if own:
            yield table(("column", "type", "null", "default", "notes"), map(_column, own))
        elif not relation.columns:
            yield "No columns."
        yield from self._details(relation)
        if referrers := self._referrers.get(relation.name):
            yield f"Referenced by {self._links(referrers)}."

    def view(self, relation: Relation) -> Iterator[str]:
        """The blocks of a view."""
        yield from self._head(relation)
        rows = ((*_column(column)[:2], prose(column.note)) for column in relation.columns)
        yield table(("column", "type", "notes"), rows)
        if relation.sources:
            yield f"Reads {self._links(relation.sources)}."
        yield from self._details(relation)

    def link(self, name: QualifiedName) -> str:
        """The name as code, linked if it has an anchor."""
        return f"[{code(name.sql)}](#{_anchor(name)})" if name in self._linked else code(name.sql)

    def _links(self, names: Iterable[QualifiedName]) -> str:
        return ", ".join(map(self.link, sorted(names, key=lambda name: name.order)))

    def _head(self, relation: Relation) -> Iterator[str]:
        yield f"### {code(relation.name.sql)}"
        if relation.note:
            yield prose(relation.note)
        if facts := " ".join(self._facts(relation)):
            yield facts

    def _facts(self, relation: Relation) -> Iterator[str]:
        if relation.kind not in _BESIDE_ITS_KIND:
            yield f"{relation.kind.value.capitalize()}."
        if relation.parent is not None:
            yield f"Partition of {self.link(relation.parent)} {code(relation.bound)}."
        yield from (f"{name}: {code(fact)}." for name, fact in relation.facts.items())

    def _columns_of_parent(self, relation: Relation) -> Sequence[Column]:
        """The columns of a partition that are the same as in its parent."""
        parent = self._by_name.get(relation.parent) if relation.parent else None
        there = {replace(column, note="") for column in parent.columns} if parent else ()
        return [column for column in relation.columns if column in there]

    def _details(self, relation: Relation) -> Iterator[str]:
        yield from bullets(map(self._detail, relation.details))

    def _detail(self, detail: Detail) -> str:
        words = [code(one_line(detail.definition))]
        if detail.target is not None and detail.rest:
            words += ["→", self.link(detail.target), code(one_line(detail.rest))]
        return bullet(detail.kind, f"{code(quoted(detail.name))}:", *words, note=detail.note)


def _anchor(name: QualifiedName) -> str:
    return _of_heading(name.sql)


def _of_heading(text: str) -> str:
    return re.sub(r"[^\w -]", "", text).lower().replace(" ", "-")


def _column(column: Column) -> tuple[str, str, str, str, str]:
    return (
        cell_code(quoted(column.name)),
        cell_code(column.type),
        "yes" if column.is_nullable else "no",
        cell_code(one_line(column.default)),
        prose(column.note),
    )
