"""Repeated migrations: one statement runs again and again until it writes no rows.

Each round is a transaction that also records the rows written so far, so the progress is always
known. The round that writes none is committed with the record of the migration.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sqlmig.engine.guard.inspection import has_moved
from sqlmig.engine.history import records
from sqlmig.engine.history.records import LogEntry
from sqlmig.engine.run.frame import NOTHING_LEFT, WRITES_NO_MORE, beginning, put_back
from sqlmig.engine.run.limits import Retries, set_timeouts
from sqlmig.engine.run.message import send_statement
from sqlmig.engine.run.recording import content_of
from sqlmig.engine.run.script import ScriptRunner
from sqlmig.engine.run.source_rows import count_source_rows
from sqlmig.engine.run.transaction import InspectedWork
from sqlmig.engine.server.connection import undo
from sqlmig.engine.server.failure import HistoryMovedError, ScriptError
from sqlmig.engine.server.settings import AS_THE_ROLE_HAS_IT
from sqlmig.engine.server.wire import ask
from sqlmig.model import Notice, Round, RoundObserver, ServerMessage
from sqlmig.model.printable import counted
from sqlmig.plan import PlannedMigration, PlannedScript

_T = TypeVar("_T")
_LONG_SECONDS = 1.0
# The timeout of a round would be too short for counting all rows.
_COUNTS_ARE_SLOW = "SET LOCAL statement_timeout = 0"
# A condition that holds once for each row, and once more for some, is no reason to stop.
_TIMES_ALL_ROWS = 2


class RoundRunner(ScriptRunner):
    """Runs a script of one statement, and counts the `rows` that it writes."""

    rows = 0

    def _send_script(
        self,
        script: PlannedScript,
        opening: Sequence[str],
        record: Callable[[], str] = lambda: "",
    ) -> None:
        if opening:
            self._send_opening(script, opening)
        hear = self.session.notices.hearing(script, 0)
        self.rows = send_statement(self.session.connection, script, 0, hear)
        self._refuse_another_reading(script, 0, 1)
        self._send_end(script, record)


@dataclass(slots=True)
class RoundsWork(InspectedWork):
    """Runs one repeated migration; `record` commits its last round, which wrote no rows."""

    _rows_so_far: int = field(init=False, default=0)
    _slowest: float = field(init=False, default=_LONG_SECONDS / 2)

    def run(self, planned: PlannedMigration) -> None:
        """Runs and commits the rounds that write rows, with retries, until two in a row write none:
        the rows that the first one waited for may be deleted, and others left. Raises ScriptError,
        also if the rounds would never end."""
        self.recording.begin(planned)
        self._rows_so_far = planned.resumption.rows
        self._tried(planned, self._begin)
        for number in itertools.count(1):
            step = partial(self._round, number=number)
            if not self._tried(planned, step):
                undo(self.session.connection)
                if not self._tried(planned, step):
                    return

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Commits the last round, with the record of the migration."""
        try:
            InspectedWork.record(self, planned, entry)
        except ScriptError as failure:
            failure.rows_kept = self._rows_so_far
            raise

    def _tried(self, planned: PlannedMigration, step: Callable[[PlannedMigration], _T]) -> _T:
        """The result of the step, which is tried again if another session's lock blocked it."""
        notices = self.session.notices
        heard = len(notices.heard)
        retries = Retries(self.session.limits.tries, self.session.observer)
        while True:
            try:
                return step(planned)
            except ScriptError as failure:
                undo(self.session.connection)
                failure.rows_kept = self._rows_so_far
                if not retries.allow(failure):
                    raise
                notices.forget_since(heard)
                retries.pause([planned.name], failure)

    def _begin(self, planned: PlannedMigration) -> None:
        """Records that the migration is begun, and how many rows it may write in all."""
        history, name = self.session.history, planned.migration_id
        self.recording.send(planned, *beginning(self.session))
        if has_moved(history, [planned]):
            raise HistoryMovedError(planned)
        limits = set_timeouts(self.session.limits, planned.directives, history)
        # The server reads the statement as it will in the rounds, which dates and policies affect.
        self.recording.send(planned, *AS_THE_ROLE_HAS_IT, *limits, _COUNTS_ARE_SLOW)
        rows = count_source_rows(self.session.connection, planned)
        most = None if rows is None else _most(planned, rows)
        self.recording.send(
            planned,
            *put_back(self.session.lock),
            records.begun(history, name, content_of(planned), 0, 1),
            records.rows_begun(history, name, most),
            "COMMIT",
        )

    def _round(self, planned: PlannedMigration, number: int) -> int:
        """Runs one round and, if it wrote rows, commits it with the total; returns how many it
        wrote."""
        started = time.monotonic()
        runner = self._runner = RoundRunner(self.session, self.inspectors)
        runner.run(planned)
        if not runner.rows:
            return 0
        so_far: list[int] = []
        runner.record(planned, lambda b: so_far.append(self._add(planned, runner.rows, b)))
        self.recording.send(planned, WRITES_NO_MORE, "COMMIT")
        self._rows_so_far = so_far[-1]
        duration = time.monotonic() - started
        self._tell(planned, Round(planned.name, number, runner.rows, self._rows_so_far, duration))
        return runner.rows

    def _add(self, planned: PlannedMigration, rows: int, before: Sequence[str]) -> int:
        """Records the rows of a round; returns the total so far."""
        if before:
            self.recording.send(planned, *before)
        statement = records.rows_written(self.session.history, planned.migration_id, rows)
        found = ask(self.session.connection, statement.encode()).rows
        if not found:
            raise HistoryMovedError(planned)  # another runner has completed it or rolled it back
        so_far, most = int(found[0][0] or 0), found[0][1]
        if most is not None and so_far > int(most):
            raise _endless(planned, so_far)
        self.recording.send(planned, *NOTHING_LEFT)
        return so_far

    def _record(self, planned: PlannedMigration, entry: LogEntry) -> Iterator[str]:
        yield from InspectedWork._record(self, planned, entry)
        yield records.rows_forgotten(self.session.history, planned.migration_id)

    def _tell(self, planned: PlannedMigration, done: Round) -> None:
        if isinstance(self.session.observer, RoundObserver):
            self.session.observer.wrote(done)
        # Of many long rounds, reports only one that takes twice as long as all before.
        if done.duration > 2 * self._slowest:
            self._slowest = done.duration
            self.session.notices.add(_long(planned, done))


def _most(planned: PlannedMigration, rows: int) -> int:
    """How many rows it may write in all, if its tables have `rows` rows now: they may have grown
    since it began."""
    resumption, most = planned.resumption, _TIMES_ALL_ROWS * rows
    if resumption.most_rows is None:
        return resumption.rows + most
    return max(resumption.most_rows, most)


def _long(planned: PlannedMigration, done: Round) -> Notice:
    text = (
        f"round {done.number} took {done.duration:.1f} s for {counted(done.rows, 'row')}, which "
        "were locked for that long: lower its LIMIT"
    )
    place = planned.prepared.statement_location(0)
    return Notice(planned.name, "WARNING", ServerMessage("", text), place)


def _endless(planned: PlannedMigration, rows: int) -> ScriptError:
    failure = ScriptError(
        planned,
        f"{planned.name} would have written {counted(rows, 'row')}, more than twice as many as its "
        "tables had: its condition also matches rows that are done, or its tables have grown",
        location=planned.prepared.statement_location(0),
    )
    failure.hint = (
        "Make the WHERE clause exclude the rows that are done. If it already does, run "
        "`sqlmig apply` again: the tables are counted at each start."
    )
    return failure
