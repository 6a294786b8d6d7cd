"""Runs scripts in one transaction, and puts the session back as it was after each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg.pq import TransactionStatus

from sqlmig.engine.guard.inspection import Finding, Inspector
from sqlmig.engine.history.reading import History
from sqlmig.engine.run.limits import Limits, set_timeouts
from sqlmig.engine.run.message import ScriptMessage
from sqlmig.engine.run.session import TransactionFrame
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

    `scripts` is how many there will be. Each runs between two savepoints: the outer, the
    history's, to undo it alone and to prove that a transaction which fails is still ours, and an
    inner one, whose release proves it of one that does not.
    """

    history: History
    frame: TransactionFrame
    limits: Limits
    scripts: int
    inspectors: Sequence[Inspector] = ()
    _mark: Savepoint = field(init=False, default_factory=Savepoint)
    _is_open: bool = field(init=False, default=False)

    def run(self, script: PlannedScript) -> None:
        """Sends the script, and puts the session back as it was before. Raises ScriptError;
        TransactionEndedError where the script ended the transaction."""
        self._send_script(script, self._opening(script), _nothing)
        while any(i.after(script) is Finding.RUN_AGAIN for i in self.inspectors):
            with self.history.notices.repeating():
                self._send_script(script, (), _nothing)

    def run_and_record(self, script: PlannedScript, record: Callable[[], str]) -> None:
        """The same, and in the same message what records the script, where nobody looks at it
        before. `record` is called when that message is made, after those before it."""
        self._send_script(script, self._opening(script), record)

    def end_of_fence(self) -> Sequence[str]:
        """What ends the part of the transaction that can be undone alone, once it is recorded. A
        savepoint of the script's must not reach back over that: releasing ours releases those that
        came after it."""
        return (self.history.savepoint.release,)

    def _opening(self, script: PlannedScript) -> Sequence[str]:
        """What goes before the script: the transaction, the lock on the record, the limits.

        Where somebody has to look at the transaction first, all this is a message of its own, and
        nothing is left to send.
        """
        opening = [*self._beginning(), *AS_THE_ROLE_HAS_IT]
        opening += set_timeouts(self.limits, script.directives, self.history)
        opening += self._fence()
        if not self.inspectors:
            return opening
        self._send_opening(script, opening)
        for inspector in self.inspectors:
            inspector.before(script)
        return ()

    def _beginning(self) -> Sequence[str]:
        if self._is_open:
            return (_DEFER_WHAT_IS_DEFERRED,)
        self._is_open = True
        return self.frame.beginning

    def _fence(self) -> Sequence[str]:
        return (self.history.savepoint.set,)

    def _send_opening(self, script: PlannedScript, opening: Sequence[str]) -> None:
        try:
            send(self.history.connection, ";".join(opening).encode())
        except StatementError as failure:
            raise failed_script(script, failure, offset=0, statement=-1) from failure

    def _send_script(
        self, script: PlannedScript, opening: Sequence[str], record: Callable[[], str]
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

    def _refuse_another_reading(self, script: PlannedScript, first: int, end: int) -> None:
        if not reads_as_before(self.history.connection):
            raise ReadOtherwiseError(script, first, end)

    def _closing(self, script: PlannedScript) -> Sequence[str]:
        """What puts the session back; prepared records are dropped with the statements that the
        script may have prepared."""
        if self.history.prepared.are_there and not _may_prepare(script.prepared.text):
            return self.frame.closing
        return (*self.frame.closing, self.history.prepared.deallocation())

    def _send(self, message: ScriptMessage) -> None:
        try:
            hear = message.hearing(self.history.notices)
            send(self.history.connection, message.encoded, message.copied_rows, hear)
        except MessageInterrupted as interrupt:
            self._prove_ours(message, interrupt)
            raise
        except StatementError as failure:
            self._prove_ours(message, failure)
            raise message.failed(failure) from failure

    def _prove_ours(
        self, message: ScriptMessage, failure: StatementError | MessageInterrupted
    ) -> None:
        if not self._is_ours(message, failure):
            raise TransactionEndedError(message.script) from failure

    def _is_ours(
        self, message: ScriptMessage, failure: StatementError | MessageInterrupted
    ) -> bool:
        """Whether the transaction is still the one that was begun. Of what we send, only the
        COMMIT leaves none open."""
        connection = self.history.connection
        if not message.had_begun(failure.completed):
            return True
        if connection.info.transaction_status is TransactionStatus.IDLE:
            return message.is_beyond_closing(failure.completed) and not failure.is_outside
        return self.history.savepoint.is_there(connection)


class LoneStatementsRunner(ScriptRunner):
    """The same for a script that cannot run in a savepoint: each of its statements is sent alone,
    in the form of message that cannot hold a second one. So none that was not read as such is
    there to end the transaction."""

    def end_of_fence(self) -> Sequence[str]:
        """Nothing."""
        return ()

    def _fence(self) -> Sequence[str]:
        return ()

    def _send_script(
        self, script: PlannedScript, opening: Sequence[str], record: Callable[[], str]
    ) -> None:
        if opening:
            self._send_opening(script, opening)
        count = len(script.prepared.statements)
        for index in range(count):
            self._send_statement(script, index)
            self._refuse_another_reading(script, index, index + 1)
        nothing = Chunk(len(script.prepared.text), len(script.prepared.text), count)
        self._send(ScriptMessage(script, nothing, (), self._closing(script), record()))

    def _send_statement(self, script: PlannedScript, index: int) -> None:
        prepared = script.prepared
        statement, text = prepared.statements[index], prepared.statement_text(index)
        rows = prepared.copied_rows(statement.data)
        hear = self.history.notices.hearing(script, index)
        try:
            send_alone(self.history.connection, text.encode(), rows, hear)
        except StatementError as failure:
            raise failed_script(
                script, failure, offset=statement.start, statement=index
            ) from failure

    def _is_ours(
        self,
        message: ScriptMessage,  # noqa: ARG002
        failure: StatementError | MessageInterrupted,  # noqa: ARG002
    ) -> bool:
        return True


def _may_prepare(text: str) -> bool:
    """Whether the script may prepare statements, or drop some; of a long one nobody asks."""
    return len(text) > _LONG or _ABOUT_PREPARED.search(text) is not None


def _nothing() -> str:
    return ""
