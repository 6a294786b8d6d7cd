"""Runs scripts in one transaction, and puts the session back as it was after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from sqlmig.engine.failure import failed_script, unrecorded
from sqlmig.engine.history import DETAILS, History
from sqlmig.engine.inspection import Finding, Inspector
from sqlmig.engine.limits import Limits, set_timeouts
from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.savepoint import SET_SAVEPOINT
from sqlmig.engine.session import BEGIN, put_back_in_transaction
from sqlmig.engine.wire import StatementError, send
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


@dataclass(slots=True)
class ScriptRunner:
    """Runs scripts one after the other; the first opens the transaction, the caller commits it.

    `scripts` is how many there will be.
    """

    history: History
    lock: RunnerLock
    limits: Limits
    scripts: int
    inspectors: Sequence[Inspector] = ()
    _closing: Sequence[str] = field(init=False)
    _is_open: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._closing = put_back_in_transaction(self.lock)

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

        The lock serialises runners where the session's lock cannot. Where somebody has to look at
        the transaction first, all this is a message of its own, and nothing is left to send.
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
        table = sql.Identifier(self.history.schema, DETAILS).as_string(self.history.connection)
        # Under a stricter default of the server, rows that others commit after the first look
        # would be seen by no other look, though TRUNCATE and DROP take them as well.
        return (
            BEGIN,
            f"SET LOCAL lock_timeout = '{self.limits.runner_timeout}'",
            f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE",
        )

    def _send_opening(self, script: PlannedScript, opening: Sequence[str]) -> None:
        try:
            send(self.history.connection, ";".join(opening))
        except StatementError as failure:
            raise failed_script(script, failure, offset=0, statement=-1) from failure

    def _send_script(
        self, script: PlannedScript, opening: Sequence[str], record: Callable[[], str]
    ) -> None:
        *first, last = chunks(script.prepared)
        for chunk in first:
            self._send(script, chunk, opening, "")
            opening = ()
        # On a line of its own, for a script may end in a comment.
        self._send(script, last, opening, "\n;" + ";".join((*self._closing, record())))

    def _send(self, script: PlannedScript, chunk: Chunk, before: Sequence[str], after: str) -> None:
        prepared = script.prepared
        prefix = "".join(f"{statement};" for statement in before) + "\n" * bool(before)
        rows = prepared.text[slice(*chunk.data)] if chunk.data else ""
        try:
            send(
                self.history.connection,
                prefix + prepared.text[chunk.start : chunk.end] + after,
                rows,
            )
        except StatementError as failure:
            statement = chunk.first_statement + failure.completed - len(before)
            if statement >= len(prepared.statements) + len(self._closing):
                raise unrecorded(script, failure) from failure
            offset = chunk.start - len(prefix)
            raise failed_script(script, failure, offset=offset, statement=statement) from failure


def _nothing() -> str:
    return ""
