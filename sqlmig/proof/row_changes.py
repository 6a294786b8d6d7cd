"""How the rows of a table differ between two snapshots, and whether the files declare it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlmig.engine.guard.row_snapshot import Snapshot, TableRows
from sqlmig.model import MigrationFile
from sqlmig.model.printable import counted


@dataclass(frozen=True, slots=True)
class RowChange:
    """What has changed in a table: rows that are gone or new, and by column, values that are gone
    (now NULL, or without their column) or different. `reason` is the one that the files give; "" if
    they do not declare the change."""

    table: str
    rows_lost: int = 0
    rows_added: int = 0
    values_lost: Mapping[str, int] = field(default_factory=dict)
    values_changed: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""

    @property
    def is_declared(self) -> bool:
        """Whether the migration or its rollback names the table and a reason."""
        return bool(self.reason)

    def lines(self) -> Iterator[str]:
        """The change in words, one line for each kind of change and column."""
        if self.rows_lost:
            yield _gone(self.rows_lost, "row", self.table)
        if self.rows_added:
            yield f"{counted(self.rows_added, 'row')} of {self.table} added"
        for column, count in self.values_lost.items():
            yield _gone(count, "value", f"{self.table}.{column}")
        for column, count in self.values_changed.items():
            yield f"{counted(count, 'value')} of {self.table}.{column} changed"


def _gone(count: int, noun: str, place: str) -> str:
    return f"{counted(count, noun)} of {place} {'does' if count == 1 else 'do'} not come back"


def row_changes(before: Snapshot, after: Snapshot, file: MigrationFile) -> tuple[RowChange, ...]:
    """How the tables of `before` differ in `after`; leaves out tables with too many rows."""
    changes: list[RowChange] = []
    for name, was in before.items():
        now = after.get(name)
        if was.is_compared and (now is None or now.is_compared):
            changes += _change(was, now, _reason(was, file))
    return tuple(changes)


def too_large(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """The tables that have too many rows to compare."""
    large = {
        rows.table.label
        for rows in (*before.values(), *(after[name] for name in before if name in after))
        if not rows.is_compared
    }
    return tuple(sorted(large))


def _change(was: TableRows, now: TableRows | None, reason: str) -> Iterator[RowChange]:
    label = was.table.label
    if now is None or not was.key:
        hashes = now.hashes if now else Counter[int | None]()
        lost, added = (was.hashes - hashes).total(), (hashes - was.hashes).total()
        if now is None:
            lost = was.count
        if lost or added:
            yield RowChange(label, lost, added, reason=reason)
        return
    lost, added = len(was.by_key.keys() - now.by_key), len(now.by_key.keys() - was.by_key)
    gone, other = _values(was, now)
    if lost or added or gone or other:
        yield RowChange(label, lost, added, gone, other, reason)


def _values(was: TableRows, now: TableRows) -> tuple[Counter[str], Counter[str]]:
    """By column, how many values are gone and how many differ, in rows that still exist."""
    places = {name: index for index, name in enumerate(now.columns)}
    gone, other = Counter[str](), Counter[str]()
    for key in was.by_key.keys() & now.by_key.keys():
        for name, value in zip(was.columns, was.by_key[key], strict=True):
            found = now.by_key[key][places[name]] if name in places else None
            if value is not None and found is None:
                gone[name] += 1
            elif value != found:
                other[name] += 1
    return gone, other


def _reason(rows: TableRows, file: MigrationFile) -> str:
    heads = [file.file.directives, *([file.rollback.directives] if file.rollback else [])]
    reasons = (why for head in heads for name, why in head.touches if rows.table.is_named([name]))
    return next(reasons, "")
