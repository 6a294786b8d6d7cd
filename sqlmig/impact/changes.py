"""What a transaction changes in the definitions of tables: it says which advice fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple


class Change(Enum):
    """What may have changed of a table."""

    COLUMN_ADDED = auto()
    GENERATED_ADDED = auto()  # a new column whose values follow from others
    CONDITIONS_ADDED = auto()  # a new column of a domain with conditions
    COLUMN_REQUIRED = auto()  # a new column that must have a value, and has none for old rows
    REQUIRED_BY_DOMAIN = auto()  # the same, because of its domain
    NOT_NULL_SET = auto()  # on a column that was there
    TYPE_CHANGED = auto()
    CHECKED = auto()  # a constraint that reads the rows
    REFERENCE = auto()  # a foreign key, which is one of these
    KEY_ADDED = auto()
    EXCLUSION_ADDED = auto()
    ATTACHED = auto()
    STORED_OTHERWISE = auto()  # logged, tablespace, access method


ROWS = "rows"  # what is lost, beside columns and tables

_FAILING = frozenset({Change.COLUMN_REQUIRED, Change.REQUIRED_BY_DOMAIN})
_BY_CONSTRAINT = {
    "c": (Change.CHECKED,),
    "f": (Change.CHECKED, Change.REFERENCE),
    "p": (Change.KEY_ADDED,),
    "u": (Change.KEY_ADDED,),
    "x": (Change.EXCLUSION_ADDED,),
}


@dataclass(frozen=True, slots=True)
class Changes:
    """What one statement has changed of a table, and what it dropped that had data; `is_gone` says
    that the table is dropped."""

    kinds: frozenset[Change] = frozenset()
    lost: tuple[str, ...] = ()
    is_gone: bool = False

    @property
    def fails_on_rows(self) -> bool:
        """Whether it is possible only on an empty table."""
        return not self.kinds.isdisjoint(_FAILING)

    @property
    def must_be_told(self) -> bool:
        """Whether that matters, whoever waits for it."""
        return bool(self.lost) or self.fails_on_rows

    def on_no_rows(self) -> Changes:
        """The same of a table without rows: nothing is lost, and nothing fails."""
        return replace(self, lost=(), kinds=self.kinds - _FAILING)

    def with_lost(self, lost: tuple[str, ...]) -> Changes:
        """The same, and that."""
        return replace(self, lost=(*self.lost, *lost))


UNCHANGED = Changes()


class Column(NamedTuple):
    """A column: `has_value` says that old rows get one when it is added, `is_generated` that it
    follows from other columns. Its domain may be NOT NULL, and may have these or other
    conditions."""

    name: str
    type: str
    is_not_null: bool
    is_of_not_null_domain: bool
    has_conditions: bool
    has_value: bool
    is_generated: bool

    @property
    def is_required(self) -> bool:
        """Whether it must have a value."""
        return self.is_not_null or self.is_of_not_null_domain

    def kinds_when_added(self) -> Iterator[Change]:
        """What it means for a table to get it."""
        yield Change.COLUMN_ADDED
        if self.is_generated:
            yield Change.GENERATED_ADDED
        if self.has_conditions:
            yield Change.CONDITIONS_ADDED
        if self.is_required and not self.has_value:
            by_domain = self.is_of_not_null_domain
            yield Change.REQUIRED_BY_DOMAIN if by_domain else Change.COLUMN_REQUIRED


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as a transaction sees it: its columns by their numbers, the kind of each validated
    constraint by its oid."""

    is_partition: bool
    storage: str
    columns: Mapping[str, Column]
    constraints: Mapping[str, str]

    def changes(self, after: TableState | None, label: str) -> Changes:
        """How it has become what it is `after`; `label` is its name."""
        if after is None:
            return Changes(lost=(f"table {label}",), is_gone=True)
        if after == self:
            return UNCHANGED
        return Changes(frozenset(self._kinds(after)), tuple(self._lost(after)))

    def _lost(self, after: TableState) -> Iterator[str]:
        """The columns that are gone with their data."""
        for number in sorted(self.columns.keys() - after.columns.keys(), key=int):
            if not self.columns[number].is_generated:
                yield f"column {self.columns[number].name}"

    def _kinds(self, after: TableState) -> Iterator[Change]:
        if after.is_partition and not self.is_partition:
            yield Change.ATTACHED
        if after.storage != self.storage:
            yield Change.STORED_OTHERWISE
        for number in after.constraints.keys() - self.constraints.keys():
            yield from _BY_CONSTRAINT.get(after.constraints[number], ())
        for number, column in after.columns.items():
            was = self.columns.get(number)
            if was is None:
                yield from column.kinds_when_added()
            elif column.type != was.type:
                yield Change.TYPE_CHANGED
            elif column.is_required and not was.is_required:
                yield Change.NOT_NULL_SET
