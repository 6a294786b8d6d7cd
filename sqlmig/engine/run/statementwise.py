"""Non-transactional migrations: each statement is recorded before it runs and after.

So it is always known which statements are done, unless a runner stops during one. Then the next
runner looks at the database, and leaves the decision to the user if that does not show the outcome.
Progress is recorded through a separate connection, which no role, time limit or read-only mode of
the script affects.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
from psycopg.pq import TransactionStatus

from sqlmig.engine.history import records
from sqlmig.engine.history.records import LogEntry
from sqlmig.engine.run.frame import put_back
from sqlmig.engine.run.limits import set_session_timeouts
from sqlmig.engine.run.message import send_statement
from sqlmig.engine.run.recognition import (
    Completion,
    completion,
    drop_leftovers,
    index_build,
    is_invalid,
)
from sqlmig.engine.run.recording import Recording, content_of
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.failure import (
    ReadOtherwiseError,
    ScriptError,
    StatementInDoubtError,
    failed_script,
)
from sqlmig.engine.server.parsing import reads_as_before
from sqlmig.engine.server.settings import AS_THE_ROLE_HAS_IT
from sqlmig.engine.server.wire import StatementError, ask, send
from sqlmig.model import Direction
from sqlmig.plan import PlannedMigration
from sqlmig.target.rules import Rules

_SECONDS_BETWEEN_LOOKS = 0.5
_TRIES_UNDER_A_LIMIT = 50
_SETTING_WORDS = ("set", "reset")


class _StatementCancelled(KeyboardInterrupt):  # named like its base class
    """A Ctrl-C, after which the server answered that the statement was not completed."""


@dataclass(slots=True)
class StatementwiseWork:
    """Runs one migration outside a transaction; `recording` has the result once it is recorded."""

    session: RunnerSession
    rules: Rules
    recording: Recording = field(init=False)

    def __post_init__(self) -> None:
        self.recording = Recording(self.session)

    def run(self, planned: PlannedMigration) -> None:
        """Sends the statements that are not done yet, each in its own message."""
        self.recording.begin(planned)
        with self.session.connect() as recorder:
            try:
                self._set_limits(planned)
                for index in range(self._begin(planned, recorder), _count(planned)):
                    self._run_statement(planned, index, recorder)
            except BaseException:
                with suppress(StatementError, psycopg.Error):
                    self._put_back(planned)
                raise
            self._put_back(planned)

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record, in a transaction of its own."""
        with self.recording.writing(planned, entry):
            statement = self.recording.statement(planned, entry)
            consents = self.recording.consents(planned, self.rules)
            self.recording.send(planned, "BEGIN", statement, *consents, self.recording.commit())
        self.recording.tell()

    def _set_limits(self, planned: PlannedMigration) -> None:
        limits, history = self.session.limits, self.session.history
        settings = set_session_timeouts(limits, planned.directives, history)
        send(self.session.connection, ";".join((*AS_THE_ROLE_HAS_IT, *settings)).encode())

    def _begin(self, planned: PlannedMigration, recorder: Connection) -> int:
        """The index of the first statement to run, which is recorded as begun.

        If the migration was attempted before, repeats the settings of the statements that are done,
        and removes what a failed build left.
        """
        if planned.direction is Direction.ROLLBACK:
            return 0
        done = planned.resumption.done
        question = records.was_attempted(self.session.history, planned.migration_id)
        if ask(recorder, question.encode()).rows == (("t",),):
            self._repeat_settings(planned, done)
            self._remove_leftovers(planned, done)
            done += self._is_done_after_all(planned, done)
        content, total = content_of(planned), _count(planned)
        text = records.begun(self.session.history, planned.migration_id, content, done, total)
        send(recorder, text.encode())
        return done

    def _repeat_settings(self, planned: PlannedMigration, done: int) -> None:
        for index in range(done):
            if planned.prepared.statements[index].word in _SETTING_WORDS:
                self._send_statement(planned, index)

    def _is_done_after_all(self, planned: PlannedMigration, index: int) -> bool:
        """Whether the statement during which a runner stopped is done; False if none is in doubt.
        Raises StatementInDoubtError if the catalogs do not show it."""
        if not planned.resumption.in_doubt:
            return False
        found = completion(self.session.connection, planned.prepared.statement_text(index))
        if found is Completion.UNKNOWN:
            place = planned.prepared.statement_location(index)
            raise StatementInDoubtError(planned, index + 1, place)
        return found is Completion.DONE

    def _remove_leftovers(self, planned: PlannedMigration, index: int) -> None:
        """Removes what a failed build left. Waits while an orphaned session is still building: it
        may succeed."""
        if index >= _count(planned):
            return
        text = planned.prepared.statement_text(index)
        deadline = time.monotonic() + self.session.limits.runner_wait
        while not drop_leftovers(self.session.connection, text):
            if time.monotonic() >= deadline:
                raise ScriptError(
                    planned,
                    "another session is still building the index that an earlier run started",
                    location=planned.prepared.statement_location(index),
                )
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _run_statement(self, planned: PlannedMigration, index: int, recorder: Connection) -> None:
        """Runs one statement, which is recorded as begun, and records how it ended.

        A rollback records no progress. What it runs outside a transaction is mostly DROP INDEX, and
        an index that is gone counts as dropped.
        """
        if planned.direction is Direction.ROLLBACK and self._is_dropped(planned, index):
            return
        try:
            self._send_statement(planned, index)
            self._refuse_invalid_index(planned, index)
        except ScriptError as failure:
            self._record_progress(planned, recorder, done=index, begun=index)
            failure.statements_kept = index
            raise
        except _StatementCancelled:
            self._record_progress(planned, recorder, done=index, begun=index)
            raise
        begun = min(index + 2, _count(planned))
        self._record_progress(planned, recorder, done=index + 1, begun=begun)
        self._refuse_another_reading(planned, index)
        if not self.session.lock.is_held_by(self.session.connection.info.backend_pid, recorder):
            self._regain_lock(planned)

    def _is_dropped(self, planned: PlannedMigration, index: int) -> bool:
        if planned.prepared.statements[index].word != "drop":
            return False
        text = planned.prepared.statement_text(index)
        return completion(self.session.connection, text) is Completion.DONE

    def _send_statement(self, planned: PlannedMigration, index: int) -> None:
        hear = self.session.notices.hearing(planned, index)
        try:
            send_statement(self.session.connection, planned, index, hear)
        except KeyboardInterrupt as interrupt:
            if _has_refused(self.session.connection):
                raise _StatementCancelled from interrupt
            raise

    def _refuse_another_reading(self, planned: PlannedMigration, index: int) -> None:
        if not reads_as_before(self.session.connection):
            failure = ReadOtherwiseError(planned, index, index + 1)
            failure.statements_kept = index + 1
            raise failure

    def _refuse_invalid_index(self, planned: PlannedMigration, index: int) -> None:
        build = index_build(planned.prepared.statement_text(index))
        if build is not None and is_invalid(self.session.connection, build):
            raise ScriptError(
                planned,
                f"the index {build.name} exists but is invalid: an earlier build of it failed, "
                f"and IF NOT EXISTS skipped it. Drop it: DROP INDEX CONCURRENTLY {build.name}",
                location=planned.prepared.statement_location(index),
            )

    def _record_progress(
        self, planned: PlannedMigration, recorder: Connection, *, done: int, begun: int
    ) -> None:
        """Does nothing in a rollback: its migration counts as applied until the rollback is
        done."""
        if planned.direction is Direction.APPLY:
            history = self.session.history
            text = records.progress(history, planned.migration_id, done=done, begun=begun)
            send(recorder, text.encode())

    def _put_back(self, planned: PlannedMigration) -> None:
        """Restores the session. Outside a transaction, SET CONSTRAINTS only warns, which is
        right."""
        self._lift_time_limit()
        deallocation = self.session.history.prepared.deallocation()
        text = ";".join((*put_back(self.session.lock), deallocation))
        try:
            send(self.session.connection, text.encode())
        except StatementError as failure:
            raise failed_script(planned, failure, offset=0, statement=_count(planned)) from failure

    def _regain_lock(self, planned: PlannedMigration) -> None:
        if not self.session.lock.try_acquire():
            raise ScriptError(
                planned,
                f"{planned.name} released sqlmig's lock, and another runner has acquired it",
            )

    def _lift_time_limit(self) -> None:
        """Removes the script's timeout. If that is a millisecond, it would stop all that follows,
        but lets this statement pass now and then."""
        for _ in range(_TRIES_UNDER_A_LIMIT):
            with suppress(StatementError):
                send(self.session.connection, b"SET statement_timeout = 0")
                return


def _has_refused(connection: Connection) -> bool:
    """Whether the server answered the last message, and with an error: libpq discards an error's
    message when it sends the next text."""
    is_answered = connection.info.transaction_status is TransactionStatus.IDLE
    return is_answered and bool(connection.pgconn.error_message)


def _count(planned: PlannedMigration) -> int:
    return len(planned.prepared.statements)
