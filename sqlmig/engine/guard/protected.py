"""The guard: in production, rows of protected tables are neither lost nor altered.

Whatever SQL it uses, a script that has written to a table holds a lock on it, and either the
counters show deletes and updates, or the table is a different one. Then the script is undone, the
rows are read as they were, and the script runs again, to compare them. If a script turns counting
off, it still holds the lock: then the rows from before the script are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg

from sqlmig.engine.guard.harm import Harm, harms, is_locked_for_rows, newly_unlogged, protectors
from sqlmig.engine.guard.inspection import Judgment, asking, undo_script
from sqlmig.engine.guard.loss import count_own_rows, lock_against_writing
from sqlmig.engine.guard.rows import count_old_rows, count_rows, row_hashes
from sqlmig.engine.guard.tables import Table, Tables, descendants, families, refuse_uncounted
from sqlmig.engine.guard.values import (
    Base,
    Change,
    changes,
    new_types,
    reading_after,
    reading_before,
)
from sqlmig.engine.history.reading import History
from sqlmig.engine.server.connection import server_message
from sqlmig.engine.server.failure import ProtectedRowsError
from sqlmig.model.printable import counted
from sqlmig.plan import PlannedScript
from sqlmig.target.rules import Rules

# At most this many rows are compared one by one (32 MB of hashes here). For a larger table,
# anything that could have changed a row is refused.
MOST_COMPARED_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class _Kept:
    """The rows of a table before the script; `hashes` only if they will be compared.

    `name` is the entry of the setting that protects the table. `old_rows` are those that no script
    of this transaction has written. `changes` are changes of column types, by column number.
    """

    name: str
    table: Table
    rows: int
    old_rows: int = 0
    hashes: Counter[int | None] = field(default_factory=Counter)
    changes: Mapping[int, Change] = field(default_factory=dict)

    def is_compared(self, harm: Harm) -> bool:
        """Whether its rows are compared one by one, which takes too long for a large table."""
        return harm is Harm.WRITTEN and self.rows <= MOST_COMPARED_ROWS


@dataclass(slots=True)
class Guard:
    """Refuses what a script did to protected tables, unless the file declares it and the user
    allowed it."""

    history: History
    rules: Rules
    _before: Tables = field(default_factory=dict)
    _after: Tables = field(default_factory=dict)
    _kept: dict[tuple[int, Harm], _Kept] = field(default_factory=dict)
    _old_rows: dict[int, int] = field(default_factory=dict)

    def before(self, script: PlannedScript) -> None:
        """Looks at the tables as they are. Raises ExecutionError if the server does not count
        writes."""
        self._kept, self._old_rows = {}, {}
        with asking(script):
            self._before = families(self.history, self._names(script))
            if self._before:
                refuse_uncounted(self.history.connection)

    def after(self, script: PlannedScript) -> Judgment:
        """Raises ProtectedRowsError if rows are lost or altered, ScriptError if that cannot be
        determined."""
        with asking(script):
            self._after = self._look(script)
            harmed = self._harmed(script, self._before, self._after)
            # A script may do something different each time it runs.
            if not harmed.items() <= self._kept.keys():
                self._remember(script, harmed)
                return Judgment.RUN_AGAIN
            self._compare(script, harmed)
        return Judgment.ACCEPTED

    def recorded(self, script: PlannedScript) -> Judgment:
        """Raises ProtectedRowsError if writing the record changed rows, through a trigger."""
        with asking(script):
            now = self._look(script)
            found = self._harmed(script, self._after, now)
            uncounted = {oid for oid, harm in found.items() if harm is Harm.UNCOUNTED}
            if unknown := uncounted & self._before.keys() - self._old_rows.keys():
                undo_script(self.history)
                self._count_before_the_record(unknown)
                return Judgment.RUN_AGAIN
            harmed = [o for o in found if o not in uncounted or self._has_lost_since(o, now)]
        if harmed:
            labels = ", ".join(self._after[oid].label for oid in harmed)
            what = f"a trigger on sqlmig's own tables changes rows of {labels}"
            names = protectors(self._after, self._names(script))
            raise ProtectedRowsError(script, what, [*dict.fromkeys(names[oid] for oid in harmed)])
        return Judgment.ACCEPTED

    def _names(self, script: PlannedScript) -> Sequence[str]:
        """The tables to look at: the protected ones, except those that the script may touch."""
        return self.rules.kept_from(script.directives)

    def _look(self, script: PlannedScript) -> Tables:
        return families(self.history, self._names(script), self._before)

    def _harmed(self, script: PlannedScript, before: Tables, now: Tables) -> Mapping[int, Harm]:
        return harms(self.history.connection, self._names(script), before, now)

    def _remember(self, script: PlannedScript, harmed: Mapping[int, Harm]) -> None:
        """Undoes the script, with the locks that it took, and reads the rows as they were. Reads
        known tables again, because they may have changed in between."""
        connection = self.history.connection
        wanted = self._kept.keys() | harmed.items()
        new = {oid: self._new_types(oid) for oid, harm in wanted if harm is Harm.WRITTEN}
        undo_script(self.history)
        names = protectors(self._before, self._names(script))
        for oid, harm in sorted(wanted, key=lambda each: each[0]):
            table = self._before[oid]
            lock_against_writing(connection, table)
            self._kept[oid, harm] = self._keep(script, names[oid], table, harm, new.get(oid, {}))
        _refuse(script, [_refusal(self._kept[each], each[1]) for each in harmed.items()])

    def _keep(
        self, script: PlannedScript, name: str, table: Table, harm: Harm, new: Mapping[int, Base]
    ) -> _Kept:
        connection = self.history.connection
        if harm is Harm.UNLOGGED:
            return _Kept(name, table, count_own_rows(connection, table))
        kept = _Kept(name, table, count_rows(connection, table.identifier))
        if harm is Harm.UNCOUNTED:
            return replace(kept, old_rows=self._count_old_rows(table.oid, self._before))
        if not kept.is_compared(harm):
            return kept
        changed = changes(connection, table.columns, new)
        readings = [reading_before(c, changed.get(n)) for n, c in table.columns.items()]
        try:
            hashes = row_hashes(connection, table.identifier, readings)
        except psycopg.DataError as error:
            what = (
                f"changes the type of a column of {table.label}, which has "
                f"{counted(kept.rows, 'row')}, and sqlmig cannot tell whether its values "
                f"stay the same: {server_message(error)}"
            )
            raise ProtectedRowsError(script, what, [name]) from error
        return replace(kept, hashes=hashes, changes=changed)

    def _new_types(self, oid: int) -> Mapping[int, Base]:
        """The new types of the columns whose type has changed."""
        now = self._after[oid].columns if oid in self._after else {}
        return new_types(self.history.connection, self._before[oid].columns, now)

    def _compare(self, script: PlannedScript, harmed: Mapping[int, Harm]) -> None:
        refusals = []
        for oid, harm in harmed.items():
            kept = self._kept[oid, harm]
            if is_locked_for_rows(self._after, oid):
                self._old_rows[oid] = self._count_old_rows(oid, self._after)
            refusals.append(_refusal(kept, harm, self._lost(script, kept, harm)))
        _refuse(script, refusals)

    def _lost(self, script: PlannedScript, kept: _Kept, harm: Harm) -> int:
        """How many of the rows are no longer as they were."""
        if harm is Harm.UNCOUNTED:
            return kept.old_rows - self._old_rows[kept.table.oid]
        if not kept.is_compared(harm):
            return 0
        now = self._after[kept.table.oid]
        types = self._new_types(kept.table.oid)
        for number, change in kept.changes.items():
            if change.is_cast and types.get(number) != change.base:
                what = f"gives a column of {now.label} a different type on each run"
                raise ProtectedRowsError(script, what, [kept.name])
        readings = [reading_after(now.columns[n], kept.changes.get(n)) for n in kept.table.columns]
        left_out = newly_unlogged(self._before, self._after, now.oid)
        hashes = row_hashes(self.history.connection, now.identifier, readings, left_out)
        return (kept.hashes - hashes).total()

    def _has_lost_since(self, oid: int, now: Tables) -> bool:
        """Whether rows from before the script were written since it ended, without being
        counted."""
        return oid in self._before and self._count_old_rows(oid, now) != self._old_rows[oid]

    def _count_before_the_record(self, oids: Iterable[int]) -> None:
        for oid in sorted(oids):
            lock_against_writing(self.history.connection, self._after[oid])
            self._old_rows[oid] = self._count_old_rows(oid, self._after)

    def _count_old_rows(self, oid: int, tables: Tables) -> int:
        family = descendants(self._before, oid) & tables.keys()
        identifiers = [tables[member].identifier for member in family]
        return count_old_rows(self.history.connection, identifiers)


def _refusal(kept: _Kept, harm: Harm, lost: int = 0) -> tuple[str, str] | None:
    """The name that protects a table, and what the script would do to it; None if nothing is
    lost."""
    label, rows = kept.table.label, counted(kept.rows, "row")
    if kept.rows == 0:
        return None
    if harm is Harm.UNCOUNTED or kept.is_compared(harm):
        return (kept.name, f"would {harm.value} {lost} of the {rows} of {label}") if lost else None
    if harm is Harm.WRITTEN:
        what = f"may {harm.value} rows of {label}, which has {rows}: too many to compare"
        return kept.name, what
    return kept.name, f"would {harm.value} {label}, which has {rows}"


def _refuse(script: PlannedScript, refusals: Iterable[tuple[str, str] | None]) -> None:
    rejected = [refusal for refusal in refusals if refusal is not None]
    if rejected:
        names = dict.fromkeys(name for name, _ in rejected)
        raise ProtectedRowsError(script, "; ".join(what for _, what in rejected), [*names])
