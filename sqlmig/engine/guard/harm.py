"""What a script did to a protected table, as far as it shows without reading rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum

from sqlmig.engine.guard.tables import Column, Table, Tables, descendants
from sqlmig.engine.guard.values import outputs
from sqlmig.engine.server.connection import Connection


class Harm(Enum):
    """What happened, worded to complete the sentence `would … payments`."""

    DROPPED = "drop"
    RENAMED = "rename"
    HIDDEN = "make search_path find something else instead of"
    LOST_COLUMN = "drop a column of"
    REUSED_NAME = "reuse the name of a column of"
    UNLOGGED = "remove crash safety (SET UNLOGGED) from"
    WRITTEN = "lose or alter"
    UNCOUNTED = "lose or alter, with row counting off,"


# If a table has one of these, it is not repeated for the table's partitions and children.
_OF_THE_WHOLE = {Harm.DROPPED, Harm.LOST_COLUMN, Harm.REUSED_NAME}


def roots(tables: Tables, names: Sequence[str]) -> dict[int, str]:
    """The tables with those names, and children with columns of their own, each with the name that
    protects it."""
    return {
        oid: name
        for oid, root, name in _members(tables, names)
        if oid == root.oid or not _names(root).issuperset(_names(tables[oid]))
    }


def protectors(tables: Tables, names: Sequence[str]) -> dict[int, str]:
    """The tables with those names, their partitions and children, each with the name that protects
    it."""
    return {oid: name for oid, _, name in _members(tables, names)}


def harms(
    connection: Connection, names: Sequence[str], before: Tables, now: Tables
) -> Mapping[int, Harm]:
    """What happened to the tables that those names protect, by oid."""
    alike = _alike(connection, before, now)
    found: dict[int, Harm] = {}
    for oid, name in roots(before, names).items():
        family = descendants(before, oid)
        harm = _harm(before[oid], name, now) or _harm_of_rows(before, now, oid, alike)
        if harm is not None:
            found[oid] = harm
        if harm not in _OF_THE_WHOLE:
            members = (before[member] for member in family & now.keys() - {oid})
            of_members = {each.oid: _harm_of_itself(each, now[each.oid]) for each in members}
            found |= {m: each for m, each in of_members.items() if each and m not in found}
    return found


def is_locked_for_rows(tables: Tables, root: int) -> bool:
    """Whether the table, a partition or a child is locked by a statement that writes rows."""
    family = descendants(tables, root) & tables.keys()
    return any(tables[oid].is_locked_for_rows for oid in family)


def newly_unlogged(before: Tables, now: Tables, root: int) -> list[int]:
    """The partitions and children that became unlogged: a crash would now remove their rows."""
    return [
        oid
        for oid in descendants(now, root)
        if now[oid].is_unlogged and not (oid in before and before[oid].is_unlogged)
    ]


def _members(tables: Tables, names: Sequence[str]) -> Iterator[tuple[int, Table, str]]:
    """Each protected table, the named table that it belongs to, and that name; the first name
    counts."""
    seen: set[int] = set()
    for name in names:
        for root in [table for table in tables.values() if table.is_named([name])]:
            for oid in sorted(
                descendants(tables, root.oid) - seen, key=lambda oid: oid != root.oid
            ):
                seen.add(oid)
                yield oid, root, name


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns.values()}


def _harm(root: Table, name: str, now: Tables) -> Harm | None:
    """What happened to a table that is protected by that name, its own or a parent's."""
    after = now.get(root.oid)
    if after is None:
        return Harm.DROPPED
    if root.is_named([name]):
        if (after.schema, after.name) != (root.schema, root.name):
            return Harm.RENAMED
        if after.label != root.label:
            return Harm.HIDDEN
    return _harm_of_itself(root, after)


def _harm_of_itself(before: Table, after: Table) -> Harm | None:
    """The harm that shows in the definition of a table, a partition or a child."""
    if not after.has_columns_of(before):
        return Harm.LOST_COLUMN
    if after.has_reused_names_of(before):
        return Harm.REUSED_NAME
    return Harm.UNLOGGED if after.is_unlogged and not before.is_unlogged else None


def _harm_of_rows(
    before: Tables, now: Tables, root: int, alike: Collection[tuple[int, int]]
) -> Harm | None:
    family = descendants(before, root)
    if not family <= descendants(now, root):
        return Harm.WRITTEN
    if any(_may_have_changed(before[oid], now[oid], alike) for oid in family):
        return Harm.WRITTEN
    return Harm.UNCOUNTED if is_locked_for_rows(now, root) else None


def _may_have_changed(before: Table, after: Table, alike: Collection[tuple[int, int]]) -> bool:
    if not after.is_locked:
        return False
    counted = after.counters.since(before.counters)
    if after.filenode != before.filenode or counted.updated > 0 or counted.deleted > 0:
        return True
    return any(
        old.expression != new.expression
        or (old.type != new.type and (old.type, new.type) not in alike)
        for old, new in _columns(before, after)
    )


def _alike(connection: Connection, before: Tables, now: Tables) -> set[tuple[int, int]]:
    """The pairs of old and new column types for which the same bytes are the same value."""
    pairs = {
        (old.type, new.type)
        for oid in before.keys() & now.keys()
        for old, new in _columns(before[oid], now[oid])
        if old.type != new.type
    }
    if not pairs:
        return set()
    found = outputs(connection, {each for pair in pairs for each in pair})
    return {(old, new) for old, new in pairs if old in found and found[old] == found.get(new)}


def _columns(before: Table, after: Table) -> Iterator[tuple[Column, Column]]:
    for number in before.columns.keys() & after.columns.keys():
        yield before.columns[number], after.columns[number]
