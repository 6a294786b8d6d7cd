"""Transactional work: a script and its record in one transaction, two messages a migration."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import sql

from sqlmig.engine import records
from sqlmig.engine.connection import server_message
from sqlmig.engine.failure import ScriptError, failed_script
from sqlmig.engine.history import DETAILS, History
from sqlmig.engine.inspection import Inspector
from sqlmig.engine.limits import Limits, set_timeouts
from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.records import Content, LogEntry
from sqlmig.engine.session import SessionState, give_back_locks, put_back
from sqlmig.engine.wire import StatementError, send
from sqlmig.model import Direction, MigrationResult, Observer, Outcome
from sqlmig.plan import PlannedMigration
from sqlmig.source.script import Chunk, chunks


@dataclass(slots=True)
class TransactionWork:
    """Runs a batch of migrations as one transaction; `results` has them once it is committed.

    `entries` are the log rows that go with it. `is_committing` is true from the moment that the
    COMMIT is sent: if no answer comes, only the history can tell what became of it.
    """

    history: History
    lock: RunnerLock
    limits: Limits
    observer: Observer
    batch: Sequence[PlannedMigration]
    inspectors: Sequence[Inspector] = ()
    results: list[MigrationResult] = field(default_factory=list)
    entries: list[LogEntry] = field(default_factory=list)
    is_committing: bool = False
    _started: float = 0.0

    def run(self, planned: PlannedMigration) -> None:
        """Sends the script, and puts the session back as it was before."""
        self.observer.started(planned.migration_id, planned.direction)
        self._started = time.monotonic()
        state = self._send_script(planned, self._opening(planned))
        self._check(planned, state)
        for inspector in self.inspectors:
            inspector.after(planned)

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record; with the last migration of the batch, commits."""
        text = self._record(planned, entry)
        self.entries.append(entry)
        self.is_committing = planned is self.batch[-1]
        try:
            send(self.history.connection, f"{text};COMMIT" if self.is_committing else text)
        except StatementError as failure:
            self.is_committing = False
            message = server_message(failure.error)
            raise ScriptError(planned, f"could not be recorded: {message}", message) from failure
        duration = time.monotonic() - self._started
        self.results.append(
            MigrationResult(planned.migration_id, planned.direction, Outcome.DONE, duration)
        )
        if self.is_committing:
            for result in self.results:
                self.observer.finished(result)

    def _opening(self, planned: PlannedMigration) -> Sequence[str]:
        """What goes before the script: the transaction, the lock on the record, the limits.

        The lock serialises runners where the session's lock cannot, and shows at the end that the
        transaction is still the same. Where somebody has to look at the transaction first, all
        this is a message of its own, and nothing is left to send.
        """
        opening = set_timeouts(self.limits, planned.directives, self.history.server_version)
        if planned is self.batch[0]:
            table = sql.Identifier(self.history.schema, DETAILS).as_string(self.history.connection)
            opening = (
                "BEGIN",
                f"SET LOCAL lock_timeout = '{self.limits.runner_timeout}'",
                f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE",
                *opening,
            )
        if not self.inspectors:
            return opening
        self._send_opening(planned, opening)
        for inspector in self.inspectors:
            inspector.before(planned)
        return ()

    def _send_opening(self, planned: PlannedMigration, opening: Sequence[str]) -> None:
        try:
            send(self.history.connection, ";".join(opening))
        except StatementError as failure:
            raise failed_script(planned, failure, offset=0, statement=-1) from failure

    def _send_script(self, planned: PlannedMigration, opening: Sequence[str]) -> SessionState:
        closing = put_back(self.history, self.lock)
        *first, last = chunks(planned.prepared)
        for chunk in first:
            self._send(planned, chunk, opening, "")
            opening = ()
        return SessionState.of(self._send(planned, last, opening, closing))

    def _send(
        self, planned: PlannedMigration, chunk: Chunk, before: Sequence[str], after: str
    ) -> Sequence[bytes | None]:
        prepared = planned.prepared
        prefix = "".join(f"{statement};" for statement in before) + "\n" * bool(before)
        rows = prepared.text[slice(*chunk.data)] if chunk.data else ""
        try:
            return send(
                self.history.connection,
                prefix + prepared.text[chunk.start : chunk.end] + after,
                rows,
            )
        except StatementError as failure:
            raise failed_script(
                planned,
                failure,
                offset=chunk.start - len(prefix),
                statement=chunk.first_statement + failure.completed - len(before),
            ) from failure

    def _check(self, planned: PlannedMigration, state: SessionState) -> None:
        if not state.same_transaction:
            raise ScriptError(planned, "the script ended the transaction that it runs in")
        if state.foreign_locks:
            give_back_locks(self.lock)
        if not state.lock_kept and not self.lock.try_acquire():
            raise ScriptError(
                planned, "the script gave up sqlmig's lock, and another runner has it now"
            )

    def _record(self, planned: PlannedMigration, entry: LogEntry) -> str:
        if planned.direction is Direction.ROLLBACK:
            return records.rolled_back(self.history, entry)
        content = Content.of(planned.prepared.script, planned.rollback, planned.directives.record)
        duration = time.monotonic() - self._started
        return records.applied(self.history, entry, content, duration)
