"""Runs scripts in one transaction, and puts the session back as it was after each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlmig.engine.failure import failed_script
from sqlmig.engine.history import History
from sqlmig.engine.inspection import Finding, Inspector
from sqlmig.engine.limits import Limits, set_timeouts
from sqlmig.engine.message import ScriptMessage
from sqlmig.engine.savepoint import SET_SAVEPOINT
from sqlmig.engine.session import TransactionFrame
from sqlmig.engine.wire import StatementError, send
from sqlmig.plan import PlannedScript
from sqlmig.source.script import chunks

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

    `scripts` is how many there will be.
    """

    history: History
    frame: TransactionFrame
    limits: Limits
    scripts: int
    inspectors: Sequence[Inspector] = ()
    _is_open: bool = field(init=False, default=False)

    def run(self, script: PlannedScript) -> None:
        """Sends the script, and puts the session back as it was before. Raises ScriptError."""
        self._send_script(script, self._opening(script), _nothing)
        while any(i.after(script) is Finding.RUN_AGAIN for i in self.inspectors):
            self._send_script(script, (), _nothing)

    def run_and_record(self, script: PlannedScript, record: Callable[[], str]) -> None:
        """The same, and in the same message what records the script, where nobody looks at it
        before. `record` is called when that message is made, after those before it."""
        self._send_script(script, self._opening(script), record)

    def _opening(self, script: PlannedScript) -> Sequence[str]:
        """What goes before the script: the transaction, the lock on the record, the limits.

        Where somebody has to look at the transaction first, all this is a message of its own, and
        nothing is left to send.
        """
        opening = [*self._beginning()]
        opening += set_timeouts(self.limits, script.directives, self.history)
        if self.scripts > 1 or self.inspectors:
            opening.append(SET_SAVEPOINT)
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

    def _send_opening(self, script: PlannedScript, opening: Sequence[str]) -> None:
        try:
            send(self.history.connection, ";".join(opening).encode())
        except StatementError as failure:
            raise failed_script(script, failure, offset=0, statement=-1) from failure

    def _send_script(
        self, script: PlannedScript, opening: Sequence[str], record: Callable[[], str]
    ) -> None:
        *first, last = chunks(script.prepared)
        for chunk in first:
            self._send(ScriptMessage(script, chunk, opening))
            self._keep_encoding()
            opening = ()
        closing = self._closing(script)
        self._send(ScriptMessage(script, last, opening, closing, record()))

    def _keep_encoding(self) -> None:
        """What is sent next, the record too, is UTF-8, whatever a function has set."""
        if self.history.connection.info.parameter_status("client_encoding") != "UTF8":
            send(self.history.connection, b"SET client_encoding TO 'UTF8'")

    def _closing(self, script: PlannedScript) -> Sequence[str]:
        """What puts the session back; prepared records are dropped with the statements that the
        script may have prepared."""
        if self.history.prepared.are_there and not _may_prepare(script.prepared.text):
            return self.frame.closing
        return (*self.frame.closing, self.history.prepared.deallocation())

    def _send(self, message: ScriptMessage) -> None:
        try:
            send(self.history.connection, message.encoded, message.copied_rows)
        except StatementError as failure:
            raise message.failed(failure) from failure


def _may_prepare(text: str) -> bool:
    """Whether the script may prepare statements, or drop some; of a long one nobody asks."""
    return len(text) > _LONG or _ABOUT_PREPARED.search(text) is not None


def _nothing() -> str:
    return ""
