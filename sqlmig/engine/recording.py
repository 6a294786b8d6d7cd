"""Writes the record of each migration, and remembers what has been committed and what only sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmig.engine import records
from sqlmig.engine.connection import server_message
from sqlmig.engine.failure import ScriptError
from sqlmig.engine.history import History
from sqlmig.engine.records import Content, LogEntry
from sqlmig.engine.wire import StatementError, send
from sqlmig.model import Direction, MigrationResult, Observer, Outcome
from sqlmig.plan import PlannedMigration


@dataclass(slots=True)
class Recording:
    """The records of one batch.

    `results` has its migrations once it is committed; `entries` are the log rows that go with it;
    `at_work` is the migration that was begun last. `is_committing` is true from the moment that
    the commit is sent: if no answer comes, only the history can tell what became of it.
    """

    history: History
    observer: Observer
    results: list[MigrationResult] = field(default_factory=list)
    entries: list[LogEntry] = field(default_factory=list)
    at_work: PlannedMigration | None = None
    is_committing: bool = False
    _started: float = 0.0

    def begin(self, planned: PlannedMigration) -> None:
        """The migration's first statement is about to be sent."""
        self.at_work = planned
        self._started = time.monotonic()
        self.observer.started(planned.migration_id, planned.direction)

    def write(self, planned: PlannedMigration, entry: LogEntry, after: Sequence[str]) -> None:
        """Sends the record and the statements after it, in one message. Raises ScriptError."""
        self.entries.append(entry)
        self._send(planned, ";".join((self._text(planned, entry), *after)))
        self.results.append(
            MigrationResult(planned.migration_id, planned.direction, Outcome.DONE, self._duration())
        )

    def write_last(self, planned: PlannedMigration, entry: LogEntry, after: Sequence[str]) -> None:
        """Sends the record of the last migration in a message that commits the batch."""
        self.is_committing = True
        self.write(planned, entry, after)
        self._tell()

    def commit(self, planned: PlannedMigration) -> None:
        """Commits a batch whose last record is written."""
        self.is_committing = True
        self._send(planned, "COMMIT")
        self._tell()

    def _send(self, planned: PlannedMigration, text: str) -> None:
        try:
            send(self.history.connection, text)
        except StatementError as failure:
            self.is_committing = False
            message = server_message(failure.error)
            raise ScriptError(planned, f"could not be recorded: {message}", message) from failure

    def _tell(self) -> None:
        for result in self.results:
            self.observer.finished(result)

    def _text(self, planned: PlannedMigration, entry: LogEntry) -> str:
        if planned.direction is Direction.ROLLBACK:
            return records.rolled_back(self.history, entry)
        return records.applied(self.history, entry, content_of(planned), self._duration())

    def _duration(self) -> float:
        return time.monotonic() - self._started


def content_of(planned: PlannedMigration) -> Content:
    """What the history keeps of a migration that is applied."""
    return Content.of(planned.prepared.script, planned.rollback, planned.directives.record)
