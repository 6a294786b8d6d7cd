"""What a transaction changes in the definitions of tables: it says which advice fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple


class Change(Enum):
    """What may have changed of a table."""

    COLUMN_ADDED = auto()
    COLUMN_REQUIRED = auto()  # a new one that must have a value, and has none for old rows
    NOT_NULL_SET = auto()  # on a column that was there
    TYPE_CHANGED = auto()
    CHECKED = auto()  # a constraint that reads the rows
    REFERENCE = auto()  # a foreign key, which is one of these
    KEY_ADDED = auto()
    EXCLUSION_ADDED = auto()
    ATTACHED = auto()
    STORED_OTHERWISE = auto()  # logged, tablespace, access method


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
    def must_be_told(self) -> bool:
        """Whether that matters, whoever waits for it."""
        return bool(self.lost) or Change.COLUMN_REQUIRED in self.kinds

    def with_lost(self, lost: tuple[str, ...]) -> Changes:
        """The same, and that."""
        return replace(self, lost=(*self.lost, *lost))


UNCHANGED = Changes()


class Column(NamedTuple):
    """A column: `has_value` says that old rows get one when it is added."""

    name: str
    type: str
    is_required: bool
    has_value: bool


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as a transaction sees it: its columns by their numbers, the kind of each validated
    constraint by its oid."""

    is_partition: bool
    storage: str
    columns: Mapping[str, Column]
    constraints: Mapping[str, str]

    def changes(self, after: TableState | None, label: str) -> Changes:
        """How it has become what it is `after`; its name, if it has data of its own."""
        if after is None:
            return Changes(lost=(f"table {label}",) if label else (), is_gone=True)
        if after == self:
            return UNCHANGED
        gone = sorted(self.columns.keys() - after.columns.keys(), key=int) if label else ()
        lost = tuple(f"column {self.columns[number].name}" for number in gone)
        return Changes(frozenset(self._kinds(after)), lost)

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
                yield Change.COLUMN_ADDED
                if column.is_required and not column.has_value:
                    yield Change.COLUMN_REQUIRED
            elif column.type != was.type:
                yield Change.TYPE_CHANGED
            elif column.is_required and not was.is_required:
                yield Change.NOT_NULL_SET
