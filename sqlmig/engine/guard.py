"""The guard: in production, rows of protected tables are neither lost nor altered.

Whatever SQL did it, a script that has written to a table holds a lock on it, and either its
counters tell of deletes and updates, or the table is another one than before. Then the script is
undone, the rows are looked at as they were, and it is run again, to compare them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from sqlmig.engine.failure import ProtectedRowsError
from sqlmig.engine.history import History
from sqlmig.engine.inspection import Finding, asking, undo_script
from sqlmig.engine.loss import lock_against_writing
from sqlmig.engine.rows import count_rows, row_hashes
from sqlmig.engine.tables import (
    BLINDFOLD,
    Table,
    Tables,
    descendants,
    families,
    refuse_uncounted,
)
from sqlmig.environments import Rules
from sqlmig.plan import PlannedScript

# Up to so many rows are compared one by one (32 MB of hashes here); of a larger table, whatever
# could have changed a row is refused.
MOST_COMPARED_ROWS = 200_000


class Harm(Enum):
    """What happened to a protected table, as far as it shows without its rows."""

    DROPPED = "drop"
    RENAMED = "rename"
    LOST_COLUMN = "drop a column of"
    WRITTEN = "lose or alter"


@dataclass(frozen=True, slots=True)
class _Kept:
    """The rows of a table before the script; `hashes` only where they are to be compared.

    `name` is that of the setting which protects the table.
    """

    name: str
    table: Table
    rows: int
    hashes: Counter[int]


@dataclass(slots=True)
class Guard:
    """Refuses what a script did to protected tables, unless the file declares it and a person
    allowed it."""

    history: History
    rules: Rules
    _before: Tables = field(default_factory=dict)
    _after: Tables = field(default_factory=dict)
    _kept: dict[int, _Kept] = field(default_factory=dict)

    def before(self, script: PlannedScript) -> None:
        """Looks at the tables as they are. Raises ProtectedRowsError for a script that would keep
        the server from counting, and ExecutionError where it does not count anyway."""
        self._kept = {}
        with asking(script):
            self._before = families(self.history.connection, self._names(script))
            if self._before:
                refuse_uncounted(self.history.connection)
        if self._before and BLINDFOLD in script.prepared.text.lower():
            raise ProtectedRowsError(
                script,
                f"names {BLINDFOLD}, without which nobody sees what becomes of "
                f"{', '.join(self.rules.protected)}",
                self.rules.protected,
            )

    def after(self, script: PlannedScript) -> Finding:
        """Raises ProtectedRowsError where rows are lost or altered, ScriptError where that cannot
        be told."""
        with asking(script):
            self._after = self._look(script)
            harmed = self._harmed(script, self._before, self._after)
            if not harmed.keys() <= self._kept.keys():
                self._remember(script, harmed)
                return Finding.RUN_AGAIN
            self._compare(script, harmed)
        return Finding.ACCEPTED

    def recorded(self, script: PlannedScript) -> None:
        """Raises ProtectedRowsError where the record itself, through a trigger, changed rows."""
        with asking(script):
            harmed = self._harmed(script, self._after, self._look(script))
        if harmed:
            labels = ", ".join(self._after[oid].label for oid in harmed)
            what = f"a trigger on sqlmig's own tables changes rows of {labels}"
            names = _roots(self._after, self._names(script))
            raise ProtectedRowsError(script, what, [*dict.fromkeys(names[oid] for oid in harmed)])

    def _names(self, script: PlannedScript) -> Sequence[str]:
        """The tables to look at: the protected ones but for those that the script may touch."""
        declared = {table for table, _ in script.directives.touches}
        return [name for name in self.rules.protected if name not in declared & self.rules.allowed]

    def _look(self, script: PlannedScript) -> Tables:
        return families(self.history.connection, self._names(script), self._before)

    def _harmed(self, script: PlannedScript, before: Tables, now: Tables) -> Mapping[int, Harm]:
        roots = _roots(before, self._names(script))
        found = {oid: _harm(before[oid], name, before, now) for oid, name in roots.items()}
        return {oid: harm for oid, harm in found.items() if harm is not None}

    def _remember(self, script: PlannedScript, harmed: Mapping[int, Harm]) -> None:
        """Undoes the script, and looks at the rows as they were."""
        connection = self.history.connection
        undo_script(self.history)
        names = _roots(self._before, self._names(script))
        for oid, harm in harmed.items():
            table = self._before[oid]
            lock_against_writing(connection, table)
            rows, hashes = count_rows(connection, table.identifier), Counter[int]()
            if harm is Harm.WRITTEN and rows <= MOST_COMPARED_ROWS:
                hashes = row_hashes(connection, table.identifier, [*table.columns.values()])
            self._kept[oid] = _Kept(names[oid], table, rows, hashes)
        _refuse(script, [_refusal(self._kept[oid], harm) for oid, harm in harmed.items()])

    def _compare(self, script: PlannedScript, harmed: Mapping[int, Harm]) -> None:
        refusals = []
        for oid, harm in harmed.items():
            kept = self._kept[oid]
            lost = self._lost(kept) if harm is Harm.WRITTEN else 0
            refusals.append(_refusal(kept, harm, lost))
        _refuse(script, refusals)

    def _lost(self, kept: _Kept) -> int:
        """How many of the rows are not there any more as they were."""
        now = self._after[kept.table.oid]
        columns = [now.columns[number] for number in kept.table.columns]
        return (kept.hashes - row_hashes(self.history.connection, now.identifier, columns)).total()


def _roots(tables: Tables, names: Sequence[str]) -> dict[int, str]:
    """The tables of those names, and the children that have columns beyond theirs, each with the
    name that protects it."""
    found: dict[int, str] = {}
    for name in names:
        for root in [table for table in tables.values() if table.is_named([name])]:
            columns = {*root.columns.values()}
            for oid in descendants(tables, root.oid):
                if oid == root.oid or not columns.issuperset(tables[oid].columns.values()):
                    found.setdefault(oid, name)
    return found


def _harm(root: Table, name: str, before: Tables, now: Tables) -> Harm | None:
    """What became of a table that is protected by that name, its own or a parent's."""
    after = now.get(root.oid)
    if after is None:
        return Harm.DROPPED
    if root.is_named([name]) and (after.schema, after.name) != (root.schema, root.name):
        return Harm.RENAMED
    if not after.has_columns_of(root):
        return Harm.LOST_COLUMN
    family = descendants(before, root.oid)
    if not family <= descendants(now, root.oid):
        return Harm.WRITTEN
    changed = any(_may_have_changed(before[oid], now[oid]) for oid in family)
    return Harm.WRITTEN if changed else None


def _may_have_changed(before: Table, after: Table) -> bool:
    if not after.is_locked:
        return False
    counted = after.counters.since(before.counters)
    return after.filenode != before.filenode or counted.updated > 0 or counted.deleted > 0


def _refusal(kept: _Kept, harm: Harm, lost: int = 0) -> tuple[str, str] | None:
    """The name that protects a table, and what the script would do to it; None where nothing is
    lost by that."""
    label, rows = kept.table.label, f"{kept.rows} row{'' if kept.rows == 1 else 's'}"
    if kept.rows == 0:
        return None
    if harm is not Harm.WRITTEN:
        return kept.name, f"would {harm.value} {label}, which has {rows}"
    if kept.rows > MOST_COMPARED_ROWS:
        what = f"may {harm.value} rows of {label}, which has {rows}: too many to compare"
        return kept.name, what
    return (kept.name, f"would {harm.value} {lost} of the {rows} of {label}") if lost else None


def _refuse(script: PlannedScript, refusals: Iterable[tuple[str, str] | None]) -> None:
    told = [refusal for refusal in refusals if refusal is not None]
    if told:
        names = dict.fromkeys(name for name, _ in told)
        raise ProtectedRowsError(script, "; ".join(what for _, what in told), [*names])
