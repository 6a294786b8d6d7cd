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
    """Runs a batch of migrations as one transaction; `results` has them once it is committed."""

    history: History
    lock: RunnerLock
    limits: Limits
    observer: Observer
    batch: Sequence[PlannedMigration]
    results: list[MigrationResult] = field(default_factory=list)
    _started: float = 0.0

    def run(self, planned: PlannedMigration) -> None:
        """Sends the script, and puts the session back as it was before."""
        self.observer.started(planned.migration_id, planned.direction)
        self._started = time.monotonic()
        messages = list(chunks(planned.prepared))
        opening, closing = self._opening(planned), put_back(self.history, self.lock)
        state: SessionState | None = None
        for index, chunk in enumerate(messages):
            before = opening if index == 0 else ()
            after = closing if index == len(messages) - 1 else ""
            row = self._send(planned, chunk, before, after)
            state = SessionState.of(row) if after else None
        assert state is not None
        self._check(planned, state)

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record; with the last migration of the batch, commits."""
        text = self._record(planned, entry)
        is_last = planned is self.batch[-1]
        try:
            send(self.history.connection, f"{text};COMMIT" if is_last else text)
        except StatementError as failure:
            message = server_message(failure.error)
            raise ScriptError(planned, f"could not be recorded: {message}", message) from failure
        duration = time.monotonic() - self._started
        self.results.append(
            MigrationResult(planned.migration_id, planned.direction, Outcome.DONE, duration)
        )
        if is_last:
            for result in self.results:
                self.observer.finished(result)

    def _opening(self, planned: PlannedMigration) -> Sequence[str]:
        """What goes before the script: the transaction, its limits, and the lock on the record
        that serialises runners where the session's lock cannot, and shows at the end that the
        transaction is still the same."""
        limits = set_timeouts(self.limits, planned.directives, self.history.server_version)
        if planned is not self.batch[0]:
            return limits
        table = sql.Identifier(self.history.schema, DETAILS).as_string(self.history.connection)
        return ("BEGIN", *limits, f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

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
