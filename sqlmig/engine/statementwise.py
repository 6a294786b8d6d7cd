"""Non-transactional work: statement by statement, progress recorded after each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlmig.engine import records
from sqlmig.engine.connection import server_message
from sqlmig.engine.failure import ScriptError, failed_script
from sqlmig.engine.history import History
from sqlmig.engine.limits import Limits, set_session_timeouts
from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.records import Content, LogEntry
from sqlmig.engine.session import SessionState, give_back_locks, put_back
from sqlmig.engine.wire import StatementError, send
from sqlmig.model import Direction, MigrationResult, Observer, Outcome
from sqlmig.plan import PlannedMigration
from sqlmig.source.lexer import Statement


@dataclass(slots=True)
class StatementwiseWork:
    """Runs one migration outside a transaction; `results` has it once it is recorded."""

    history: History
    lock: RunnerLock
    limits: Limits
    observer: Observer
    results: list[MigrationResult] = field(default_factory=list)
    _started: float = 0.0

    def run(self, planned: PlannedMigration) -> None:
        """Sends the statements that are not done yet, one message each."""
        self.observer.started(planned.migration_id, planned.direction)
        self._started = time.monotonic()
        for setting in set_session_timeouts(
            self.limits, planned.directives, self.history.server_version
        ):
            send(self.history.connection, setting)
        try:
            if planned.direction is Direction.APPLY:
                self._record_beginning(planned)
            for index in range(planned.statements_done, len(planned.prepared.statements)):
                self._run_statement(planned, index)
        finally:
            self._put_back()

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record, which commits by itself."""
        duration = time.monotonic() - self._started
        if planned.direction is Direction.ROLLBACK:
            text = records.rolled_back(self.history, entry)
        else:
            text = records.applied(self.history, entry, _content(planned), duration)
        try:
            send(self.history.connection, text)
        except StatementError as failure:
            message = server_message(failure.error)
            raise ScriptError(planned, f"could not be recorded: {message}", message) from failure
        result = MigrationResult(planned.migration_id, planned.direction, Outcome.DONE, duration)
        self.results.append(result)
        self.observer.finished(result)

    def _run_statement(self, planned: PlannedMigration, index: int) -> None:
        statement = planned.prepared.statements[index]
        try:
            send(
                self.history.connection,
                planned.prepared.text[statement.start : statement.end],
                _copy_rows(planned, statement),
            )
        except StatementError as failure:
            raise failed_script(
                planned, failure, offset=statement.start, statement=index
            ) from failure
        if planned.direction is Direction.APPLY:
            text = records.progress(self.history, planned.migration_id, index + 1)
            send(self.history.connection, text)

    def _record_beginning(self, planned: PlannedMigration) -> None:
        text = records.begun(
            self.history,
            planned.migration_id,
            _content(planned),
            done=planned.statements_done,
            total=len(planned.prepared.statements),
        )
        send(self.history.connection, text)

    def _put_back(self) -> None:
        """SET CONSTRAINTS warns outside a transaction and does nothing, which is right."""
        if self.history.connection.closed:
            return
        state = SessionState.of(send(self.history.connection, put_back(self.history, self.lock)))
        if state.foreign_locks:
            give_back_locks(self.lock)
        if not state.lock_kept:
            self.lock.try_acquire()


def _content(planned: PlannedMigration) -> Content:
    return Content.of(planned.prepared.script, planned.rollback, planned.directives.record)


def _copy_rows(planned: PlannedMigration, statement: Statement) -> str:
    return planned.prepared.text[slice(*statement.data)] if statement.data else ""
