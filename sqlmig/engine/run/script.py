"""Runs scripts in one transaction, and restores the session after each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg.pq import TransactionStatus

from sqlmig.engine.guard.inspection import Inspector, Judgment
from sqlmig.engine.run.frame import beginning, put_back
from sqlmig.engine.run.limits import set_timeouts
from sqlmig.engine.run.message import ScriptMessage, send_statement
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.server.failure import ReadOtherwiseError, TransactionEndedError, failed_script
from sqlmig.engine.server.parsing import reads_as_before
from sqlmig.engine.server.savepoint import Savepoint
from sqlmig.engine.server.settings import AS_THE_ROLE_HAS_IT
from sqlmig.engine.server.wire import MessageInterrupted, StatementError, send, send_alone
from sqlmig.plan import PlannedScript
from sqlmig.source.script import Chunk, chunks

# The previous script ended with SET CONSTRAINTS ALL IMMEDIATE, which lasts for the rest of the
# transaction. No single statement restores each constraint's own timing.
_DEFER_WHAT_IS_DEFERRED = """DO $$
DECLARE names text;
BEGIN
  SELECT string_agg(format('%I.%I', n.nspname, c.conname), ', ') INTO names
    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
   WHERE c.condeferred;
  IF names IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || names || ' DEFERRED'; END IF;
END $$"""

_LONG = 1 << 16  # characters; for a longer script, prepared statements save next to nothing
_ABOUT_PREPARED = re.compile("prepare|deallocate|discard", re.IGNORECASE)


@dataclass(slots=True)
class ScriptRunner:
    """Runs scripts one after another; the first opens the transaction, and the caller commits it.

    Each script runs between two savepoints. The outer one, the history's, allows undoing the script
    alone, and proves after a failure that the transaction is still ours. Releasing the inner one
    proves that after a success.
    """

    session: RunnerSession
    inspectors: Sequence[Inspector] = ()
    _mark: Savepoint = field(init=False, default_factory=Savepoint)
    _is_open: bool = field(init=False, default=False)

    def run(self, script: PlannedScript) -> None:
        """Sends the script, and restores the session. Raises ScriptError, and TransactionEndedError
        if the script ended the transaction."""
        self._send_script(script, self._opening(script))
        while any(i.after(script) is Judgment.RUN_AGAIN for i in self.inspectors):
            with self.session.notices.repeating():
                self._send_script(script, ())

    def run_and_record(self, script: PlannedScript, record: Callable[[], str]) -> None:
        """Runs the script, with its record in the same message if no inspector has to look first.
        `record` is called when that message is built, after the earlier messages were sent."""
        self._send_script(script, self._opening(script), record)

    def record(self, script: PlannedScript, write: Callable[[Sequence[str]], None]) -> None:
        """Writes the record in a part of the transaction that can be undone alone, and lets the
        inspectors look. Writes it again if an inspector undid it. `write` sends the statements that
        it gets, and then the record."""
        write((*self.end_of_fence(), *self._fence()))
        while any(i.recorded(script) is Judgment.RUN_AGAIN for i in self.inspectors):
            write(())
        for statement in self.end_of_fence():
            self.session.connection.execute(statement.encode())

    def end_of_fence(self) -> Sequence[str]:
        """The statements that end the part which can be undone alone, once it is recorded. No
        savepoint of the script may reach back before it: releasing ours also releases those set
        after it."""
        return (self.session.history.savepoint.release,)

    def _opening(self, script: PlannedScript) -> Sequence[str]:
        """The statements before the script: the transaction, the lock on the record, the limits.

        An inspector that looks at the transaction first does so under sqlmig's settings, as it does
        after the script. The transaction then begins in a message of its own.
        """
        begun = self._beginning()
        limits = set_timeouts(self.session.limits, script.directives, self.session.history)
        rest = (*AS_THE_ROLE_HAS_IT, *limits, *self._fence())
        if not self.inspectors:
            return (*begun, *rest)
        self._send_opening(script, begun)
        for inspector in self.inspectors:
            inspector.before(script)
        return rest

    def _beginning(self) -> Sequence[str]:
        if self._is_open:
            return (_DEFER_WHAT_IS_DEFERRED,)
        self._is_open = True
        return beginning(self.session)

    def _fence(self) -> Sequence[str]:
        return (self.session.history.savepoint.set,)

    def _send_opening(self, script: PlannedScript, opening: Sequence[str]) -> None:
        try:
            send(self.session.connection, ";".join(opening).encode())
        except StatementError as failure:
            raise failed_script(script, failure, offset=0, statement=-1) from failure

    def _send_script(
        self,
        script: PlannedScript,
        opening: Sequence[str],
        record: Callable[[], str] = lambda: "",
    ) -> None:
        parts = [*chunks(script.prepared)]
        before = (*opening, self._mark.set)
        for chunk, following in itertools.pairwise(parts):
            self._send(ScriptMessage(script, chunk, before))
            self._refuse_another_reading(script, chunk.first_statement, following.first_statement)
            before = ()
        # Release the mark first: the closing statements can fail (a deferred constraint), and such
        # a failure is the script's.
        closing = (self._mark.release, *self._closing(script))
        self._send(ScriptMessage(script, parts[-1], before, closing, record()))

    def _send_end(self, script: PlannedScript, record: Callable[[], str]) -> None:
        """Sends the closing statements, and the record, of a script sent statement by statement."""
        end, count = len(script.prepared.text), len(script.prepared.statements)
        nothing = Chunk(end, end, count)
        self._send(ScriptMessage(script, nothing, (), self._closing(script), record()))

    def _refuse_another_reading(self, script: PlannedScript, first: int, end: int) -> None:
        if not reads_as_before(self.session.connection):
            raise ReadOtherwiseError(script, first, end)

    def _closing(self, script: PlannedScript) -> Sequence[str]:
        """The statements that restore the session. They drop the prepared records too if the script
        may have prepared statements."""
        if self.session.history.prepared.are_there and not _may_prepare(script.prepared.text):
            return put_back(self.session.lock)
        return (*put_back(self.session.lock), self.session.history.prepared.deallocation())

    def _send(self, message: ScriptMessage) -> None:
        try:
            hear = message.hearing(self.session.notices)
            send(self.session.connection, message.encoded, message.copied_rows, hear)
        except (MessageInterrupted, StatementError) as failure:
            if not self._is_ours(message, failure):
                raise TransactionEndedError(message.script) from failure
            if isinstance(failure, StatementError):
                raise message.failed(failure) from failure
            raise

    def _is_ours(
        self, message: ScriptMessage, failure: StatementError | MessageInterrupted, /
    ) -> bool:
        """Whether the transaction is still the one that was begun. Of the statements that sqlmig
        sends, only the COMMIT ends it."""
        connection = self.session.connection
        if not message.had_begun(failure.completed):
            return True
        if connection.info.transaction_status is TransactionStatus.IDLE:
            return message.is_beyond_closing(failure.completed) and not failure.is_outside
        return self.session.history.savepoint.is_there(connection)


class LoneStatementsRunner(ScriptRunner):
    """Runs a script that cannot run in a savepoint. Sends each of its statements alone, in a kind
    of message that cannot hold a second one, so that no hidden statement can end the
    transaction."""

    def end_of_fence(self) -> Sequence[str]:
        """Nothing: there is no savepoint."""
        return ()

    def _fence(self) -> Sequence[str]:
        return ()

    def _send_script(
        self,
        script: PlannedScript,
        opening: Sequence[str],
        record: Callable[[], str] = lambda: "",
    ) -> None:
        if opening:
            self._send_opening(script, opening)
        for index in range(len(script.prepared.statements)):
            self._send_one(script, index)
            self._refuse_another_reading(script, index, index + 1)
        self._send_end(script, record)

    def _send_one(self, script: PlannedScript, index: int) -> None:
        hear = self.session.notices.hearing(script, index)
        send_statement(self.session.connection, script, index, hear, send_alone)

    def _is_ours(self, *_: object) -> bool:
        return True


def _may_prepare(text: str) -> bool:
    """Whether the script may prepare or drop statements; a long script is assumed to."""
    return len(text) > _LONG or _ABOUT_PREPARED.search(text) is not None
