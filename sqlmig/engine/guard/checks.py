"""Runs sanity checks, each in a savepoint that is always rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlmig.engine.guard.conditions import condition_of, sqlstate_of
from sqlmig.engine.guard.inspection import Judgment, SilentInspector
from sqlmig.engine.guard.refusals import transaction_ended
from sqlmig.engine.history.finding import find_history
from sqlmig.engine.history.reading import History
from sqlmig.engine.server.connection import Connection, server_message
from sqlmig.engine.server.failure import (
    ENDED_TRANSACTION,
    ChecksFailedError,
    TransactionEndedError,
    place_of,
)
from sqlmig.engine.server.parsing import OTHERWISE, culprit, reads_as_before
from sqlmig.engine.server.savepoint import Savepoint
from sqlmig.engine.server.settings import AS_THE_ROLE_HAS_IT
from sqlmig.engine.server.wire import StatementError, ask, send
from sqlmig.errors import CheckEndedTransactionError
from sqlmig.model import (
    CheckFile,
    CheckOutcome,
    CheckResult,
    Expectation,
    Location,
    Rows,
    ServerMessage,
)
from sqlmig.plan import PlannedScript
from sqlmig.source.checks import prepare_check
from sqlmig.source.script import PreparedScript, chunks

# A check soon stops waiting for a lock, because other sessions would queue behind it.
_LOCK_TIMEOUT = "1s"

_STRONG_LOCKS = """
SELECT l.relation, l.mode FROM pg_catalog.pg_locks l
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
   AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""
_NAMES = """
SELECT oid, oid::pg_catalog.regclass::text FROM pg_catalog.pg_class
 WHERE oid = ANY (%s) AND relpersistence <> 't' ORDER BY 2
"""

Locks = frozenset[tuple[Any, ...]]
# The SQLSTATEs for an object that does not exist before its migration: a table, a column, a
# function, a schema, another object.
_UNDEFINED = ("42P01", "42703", "42883", "3F000", "42704")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An error in a statement of a check, reported by the server or by sqlmig, and where."""

    message: ServerMessage
    location: Location | None


def run_checks(history: History, checks: Iterable[CheckFile]) -> list[CheckResult]:
    """The results, in order. Needs an open transaction, in which the checks leave nothing
    behind."""
    connection = history.connection
    applied = [row.migration_id for row in history.read() if not row.is_partial]
    has_seeds = bool(history.seeds())
    held = _strong_locks(connection)
    return [
        _not_applicable(check, applied, has_seeds=has_seeds) or _result(connection, check, held)
        for check in checks
    ]


def expect_checks(
    history: History, checks: Sequence[CheckFile], script: PlannedScript
) -> list[CheckResult]:
    """Runs the checks after that script. Raises ChecksFailedError, and TransactionEndedError if a
    check ended the transaction."""
    try:
        results = run_checks(history, checks)
    except CheckEndedTransactionError as ended:
        raise TransactionEndedError(script, ended) from ended
    if any(result.has_failed for result in results):
        raise ChecksFailedError(script, results)
    return results


@dataclass(slots=True)
class CheckInspector(SilentInspector):
    """Refuses a batch if a check fails after its last script; puts the results into `results`."""

    history: History
    checks: Sequence[CheckFile]
    last: PlannedScript
    results: list[CheckResult]

    def recorded(self, script: PlannedScript) -> Judgment:
        """Raises ChecksFailedError."""
        if script is self.last:
            # The history may have been made in this very run.
            current = find_history(self.history.connection, self.history.schema)
            self.results[:] = expect_checks(current, self.checks, script)
        return Judgment.ACCEPTED


def _not_applicable(
    check: CheckFile, applied: Sequence[str], *, has_seeds: bool
) -> CheckResult | None:
    directives = check.file.directives
    missing = [name for name in directives.requires if name not in applied]
    if missing:
        reason = f"{', '.join(missing)} is not applied"
    elif directives.after_seeds and not has_seeds:
        reason = "no seeds have run yet, or none since the last rollback"
    else:
        return None
    return CheckResult(check.name, check.title, CheckOutcome.NOT_APPLICABLE, reason)


def _result(connection: Connection, check: CheckFile, held: Locks) -> CheckResult:
    expected = check.file.directives.expect
    savepoint = Savepoint()
    begin = (savepoint.set, *AS_THE_ROLE_HAS_IT, "SET CONSTRAINTS ALL IMMEDIATE", _limits(check))
    send(connection, "; ".join(begin).encode())
    answer = _answer(connection, prepare_check(check))
    is_refused = isinstance(answer, _Refusal)
    taken = Locks() if is_refused else _strong_locks(connection) - held
    if not savepoint.is_there(connection):
        path = check.file.script.path
        raise CheckEndedTransactionError(
            f"{check.name} {ENDED_TRANSACTION}",
            check=check.name,
            path=path,
            remedy=transaction_ended(path),
        )
    # A rollback does not remove prepared statements.
    send(connection, f"{savepoint.release}; DEALLOCATE ALL".encode())
    if isinstance(answer, _Refusal):
        return _refused(check, answer)
    if locks := _existing(connection, taken):
        return _failed(check, f"takes a lock that would block other sessions: {locks}")
    if expected.kind is Expectation.ERROR:
        return _failed(check, f"expected {expected}, but no error was raised")
    return _judged(check, answer)


def _judged(check: CheckFile, rows: Rows) -> CheckResult:
    if not rows.columns:
        return _failed(check, "its last statement returns no result")
    wants_rows = check.file.directives.expect.kind is Expectation.ROWS
    if wants_rows and rows.count == 0:
        return _failed(check, "expected rows, but found none")
    if not wants_rows and rows.count:
        reason = f"expected no rows, but found {rows.count}"
        return CheckResult(check.name, check.title, CheckOutcome.FAILED, reason, rows)
    return CheckResult(check.name, check.title, CheckOutcome.PASSED)


def _refused(check: CheckFile, refusal: _Refusal) -> CheckResult:
    message = refusal.message
    expected = check.file.directives.expect
    if not message.sqlstate:
        return replace(_failed(check, message.primary), location=refusal.location)
    if message.sqlstate in map(sqlstate_of, expected.conditions):
        return CheckResult(check.name, check.title, CheckOutcome.PASSED)
    condition = condition_of(message.sqlstate)
    reason = f"expected {expected}, but the server reported {condition}: {message}"
    if message.sqlstate in _UNDEFINED and not check.file.directives.requires:
        reason += " (if a migration creates it, add `-- requires: <its id>` to the check)"
    return replace(_failed(check, reason), location=refusal.location)


def _failed(check: CheckFile, reason: str) -> CheckResult:
    return CheckResult(check.name, check.title, CheckOutcome.FAILED, reason)


def _limits(check: CheckFile) -> str:
    directives = check.file.directives
    limits = [f"SET LOCAL lock_timeout = '{directives.lock_timeout or _LOCK_TIMEOUT}'"]
    if directives.statement_timeout:
        limits.append(f"SET LOCAL statement_timeout = '{directives.statement_timeout}'")
    return "; ".join(limits)


def _answer(connection: Connection, prepared: PreparedScript) -> Rows | _Refusal:
    """What the last statement returned, or the error of the statement that failed."""
    rows = Rows()
    before = 0
    for chunk in chunks(prepared):
        if not reads_as_before(connection):
            message = ServerMessage(sqlstate="", primary=OTHERWISE)
            return _Refusal(message, culprit(prepared, before, chunk.first_statement))
        before = chunk.first_statement
        text = prepared.text[chunk.start : chunk.end]
        try:
            rows = ask(connection, text.encode(), prepared.copied_rows(chunk.data))
        except StatementError as failure:
            statement = chunk.first_statement + failure.completed
            place = place_of(prepared, failure, offset=chunk.start, statement=statement)
            return _Refusal(server_message(failure.error), place)
    return rows


def _strong_locks(connection: Connection) -> Locks:
    """The locks of the transaction that block reads or writes of other sessions: relation and
    mode."""
    return frozenset(connection.execute(_STRONG_LOCKS).fetchall())


def _existing(connection: Connection, locks: Locks) -> str:
    """The locks on relations that exist outside the check, in words."""
    modes: dict[int, str] = dict(sorted(locks))
    found = connection.execute(_NAMES, ([*modes],)).fetchall() if modes else []
    return ", ".join(f"{modes[oid]} on {name}" for oid, name in found)
