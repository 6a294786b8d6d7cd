"""Transactional work: a script and its record in one transaction, two messages a migration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import sql

from sqlmig.engine.failure import ScriptError, failed_script
from sqlmig.engine.history import DETAILS, History
from sqlmig.engine.inspection import Finding, Inspector
from sqlmig.engine.limits import Limits, set_timeouts
from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.recording import Recording
from sqlmig.engine.records import LogEntry
from sqlmig.engine.session import SessionState, give_back_locks, put_back
from sqlmig.engine.wire import Row, StatementError, send
from sqlmig.model import Observer
from sqlmig.plan import PlannedMigration
from sqlmig.source.script import Chunk, chunks

# A savepoint of a script must not reach back over the record of the one before: releasing this one
# releases those that came after it.
_SAVEPOINT = "SAVEPOINT _sqlmig_migration"
_RELEASE = "RELEASE SAVEPOINT _sqlmig_migration"

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
class TransactionWork:
    """Runs a batch of migrations as one transaction."""

    history: History
    lock: RunnerLock
    limits: Limits
    observer: Observer
    batch: Sequence[PlannedMigration]
    inspectors: Sequence[Inspector] = ()
    recording: Recording = field(init=False)

    def __post_init__(self) -> None:
        self.recording = Recording(self.history, self.observer)

    def run(self, planned: PlannedMigration) -> None:
        """Sends the script, and puts the session back as it was before."""
        self.recording.begin(planned)
        self._run_script(planned, self._opening(planned))
        while any(i.after(planned) is Finding.RUN_AGAIN for i in self.inspectors):
            self._run_script(planned, ())

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record; with the last migration of the batch, commits."""
        ending = f";{_RELEASE}" if self._is_shared else ""
        if planned is self.batch[-1]:
            self.recording.commit(planned, entry, f"{ending};COMMIT")
        else:
            self.recording.write(planned, entry, ending)

    @property
    def _is_shared(self) -> bool:
        """Whether the transaction has more than one migration."""
        return len(self.batch) > 1

    def _opening(self, planned: PlannedMigration) -> Sequence[str]:
        """What goes before the script: the transaction, the lock on the record, the limits.

        The lock serialises runners where the session's lock cannot, and shows at the end that the
        transaction is still the same. Where somebody has to look at the transaction first, all
        this is a message of its own, and nothing is left to send.
        """
        opening = [*self._beginning(planned)]
        opening += set_timeouts(self.limits, planned.directives, self.history)
        if self._is_shared:
            opening.append(_SAVEPOINT)
        if not self.inspectors:
            return opening
        self._send_opening(planned, opening)
        for inspector in self.inspectors:
            inspector.before(planned)
        return ()

    def _beginning(self, planned: PlannedMigration) -> Sequence[str]:
        if planned is not self.batch[0]:
            return (_DEFER_WHAT_IS_DEFERRED,)
        table = sql.Identifier(self.history.schema, DETAILS).as_string(self.history.connection)
        return (
            "BEGIN",
            f"SET LOCAL lock_timeout = '{self.limits.runner_timeout}'",
            f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE",
        )

    def _send_opening(self, planned: PlannedMigration, opening: Sequence[str]) -> None:
        try:
            send(self.history.connection, ";".join(opening))
        except StatementError as failure:
            raise failed_script(planned, failure, offset=0, statement=-1) from failure

    def _run_script(self, planned: PlannedMigration, opening: Sequence[str]) -> None:
        closing = put_back(self.history, self.lock)
        *first, last = chunks(planned.prepared)
        for chunk in first:
            self._send(planned, chunk, opening, "")
            opening = ()
        self._check(planned, SessionState.of(self._send(planned, last, opening, closing)))

    def _send(
        self, planned: PlannedMigration, chunk: Chunk, before: Sequence[str], after: str
    ) -> Row:
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
