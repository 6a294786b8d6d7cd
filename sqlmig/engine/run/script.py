"""Runs scripts in one transaction, and puts the session back as it was after each."""

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

# The end of the script before has set all constraints immediate, for the rest of the transaction;
# no statement gives each its own timing back.
_DEFER_WHAT_IS_DEFERRED = """DO $$
DECLARE names text;
BEGIN
  SELECT string_agg(format('%I.%I', n.nspname, c.conname), ', ') INTO names
    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
   WHERE c.condeferred;
  IF names IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || names || ' DEFERRED'; END IF;
END $$"""

_LONG = 1 << 16  # characters; beyond, what prepared statements save is nothing beside the script
_ABOUT_PREPARED = re.compile("prepare|deallocate|discard", re.IGNORECASE)


@dataclass(slots=True)
class ScriptRunner:
    """Runs scripts one after the other; the first opens the transaction, the caller commits it.

    Each runs between two savepoints: the outer, the history's, to undo it alone and to prove that a
    transaction which fails is still ours, and an inner one, whose release proves it of one that
    does not.
    """

    session: RunnerSession
    inspectors: Sequence[Inspector] = ()
    _mark: Savepoint = field(init=False, default_factory=Savepoint)
    _is_open: bool = field(init=False, default=False)

    def run(self, script: PlannedScript) -> None:
        """Sends the script, and puts the session back as it was before. Raises ScriptError;
        TransactionEndedError where the script ended the transaction."""
        self._send_script(script, self._opening(script))
        while any(i.after(script) is Judgment.RUN_AGAIN for i in self.inspectors):
            with self.session.notices.repeating():
                self._send_script(script, ())

    def run_and_record(self, script: PlannedScript, record: Callable[[], str]) -> None:
        """The same, and in the same message what records the script, where nothing looks at it
        before. `record` is called when that message is made, after those before it."""
        self._send_script(script, self._opening(script), record)

    def record(self, script: PlannedScript, write: Callable[[Sequence[str]], None]) -> None:
        """Has the script recorded, in a part of the transaction that can be undone alone, and
        looked at: again where an inspector has undone it. `write` sends the statements that it
        gets, and the record after them."""
        write((*self.end_of_fence(), *self._fence()))
        while any(i.recorded(script) is Judgment.RUN_AGAIN for i in self.inspectors):
            write(())
        for statement in self.end_of_fence():
            self.session.connection.execute(statement.encode())

    def end_of_fence(self) -> Sequence[str]:
        """What ends the part of the transaction that can be undone alone, once it is recorded. A
        savepoint of the script's must not reach back over that: releasing ours releases those that
        came after it."""
        return (self.session.history.savepoint.release,)

    def _opening(self, script: PlannedScript) -> Sequence[str]:
        """What goes before the script: the transaction, the lock on the record, the limits.

        If an inspector has to look at the transaction first, it does so under sqlmig's settings, as
        after the script: the transaction begins in a message of its own.
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
        # The mark goes first: what closes may fail, and what fails there is the script's.
        closing = (self._mark.release, *self._closing(script))
        self._send(ScriptMessage(script, parts[-1], before, closing, record()))

    def _send_end(self, script: PlannedScript, record: Callable[[], str]) -> None:
        """What closes a script whose statements were sent one by one, and its record."""
        end, count = len(script.prepared.text), len(script.prepared.statements)
        nothing = Chunk(end, end, count)
        self._send(ScriptMessage(script, nothing, (), self._closing(script), record()))

    def _refuse_another_reading(self, script: PlannedScript, first: int, end: int) -> None:
        if not reads_as_before(self.session.connection):
            raise ReadOtherwiseError(script, first, end)

    def _closing(self, script: PlannedScript) -> Sequence[str]:
        """What puts the session back; prepared records are dropped with the statements that the
        script may have prepared."""
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
        """Whether the transaction is still the one that was begun. Of what we send, only the
        COMMIT leaves none open."""
        connection = self.session.connection
        if not message.had_begun(failure.completed):
            return True
        if connection.info.transaction_status is TransactionStatus.IDLE:
            return message.is_beyond_closing(failure.completed) and not failure.is_outside
        return self.session.history.savepoint.is_there(connection)


class LoneStatementsRunner(ScriptRunner):
    """The same for a script that cannot run in a savepoint: each of its statements is sent alone,
    in a form of message that cannot hold a second one. So no unread statement can end the
    transaction."""

    def end_of_fence(self) -> Sequence[str]:
        """Nothing."""
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
    """Whether the script may prepare statements, or drop some; a long one is not checked."""
    return len(text) > _LONG or _ABOUT_PREPARED.search(text) is not None
