"""Writes the record of each migration, and tracks what was committed and what was only sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmig.engine.history import records
from sqlmig.engine.history.records import Content, LogEntry
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.server.failure import unrecorded
from sqlmig.engine.server.wire import StatementError, send
from sqlmig.model import Direction, MigrationResult, Outcome, RehearsalObserver
from sqlmig.plan import PlannedMigration
from sqlmig.target.rules import Rules


@dataclass(slots=True)
class Recording:
    """The records of one batch.

    `results` has its migrations once it is committed; `entries` are the log rows that go with it;
    `at_work` is the migration that was begun last. `is_committing` is true from the moment the
    commit is sent: if no answer comes, only the history shows the outcome.
    """

    session: RunnerSession
    results: list[MigrationResult] = field(default_factory=list)
    entries: list[LogEntry] = field(default_factory=list)
    at_work: PlannedMigration | None = None
    is_committing: bool = False
    _started: float = 0.0

    def begin(self, planned: PlannedMigration) -> None:
        """Called before the migration's first statement is sent."""
        self.at_work = planned
        self._started = time.monotonic()
        self.session.observer.started(planned.migration_id, planned.direction)

    def try_out(self, planned: PlannedMigration) -> None:
        """Called instead of `begin` if the transaction will be rolled back."""
        self.at_work = planned
        if isinstance(self.session.observer, RehearsalObserver):
            self.session.observer.rehearsing(planned.migration_id)

    def statement(self, planned: PlannedMigration, entry: LogEntry) -> str:
        """The statement that records the migration, with the time until now; the server adds the
        time of the message that contains it."""
        if planned.direction is Direction.ROLLBACK:
            return records.rolled_back(self.session.history, entry)
        return records.applied(self.session.history, entry, content_of(planned), self._duration())

    def consents(self, planned: PlannedMigration, rules: Rules) -> Iterator[str]:
        """The statements that record which protected tables the script may change, and why."""
        for table, reason in planned.directives.touches:
            if table in rules.allowed:
                subject = f"{planned.migration_id}: {table}"
                yield records.noted(self.session.history, "allowed", subject, reason)

    @contextmanager
    def writing(self, planned: PlannedMigration, entry: LogEntry) -> Iterator[None]:
        """Within the block, the record is written."""
        self.entries.append(entry)
        yield
        self.results.append(
            MigrationResult(planned.migration_id, planned.direction, Outcome.DONE, self._duration())
        )

    def commit(self) -> str:
        """The statement that commits the batch; it is about to be sent."""
        self.is_committing = True
        return "COMMIT"

    def tell(self) -> None:
        """Reports the batch to the observer, if its commit was sent."""
        for result in self.results if self.is_committing else ():
            self.session.observer.finished(result)

    def send(self, planned: PlannedMigration, *statements: str) -> None:
        """Sends the record, or statements that go with it, in a separate message. Raises
        ScriptError."""
        try:
            send(self.session.connection, ";".join(statements).encode())
        except StatementError as failure:
            raise unrecorded(planned, failure) from failure

    def _duration(self) -> float:
        return time.monotonic() - self._started


def content_of(planned: PlannedMigration) -> Content:
    """What the history keeps of a migration that is applied."""
    return Content.of(planned.prepared.script, planned.rollback, planned.directives.record)
