"""Runs a plan: batch by batch through yoyo's loops, tries again where another session was in the
way, and tells what became of every migration."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence

import psycopg

from sqlmig.engine.backend import Backend
from sqlmig.engine.connection import remedy_for, server_message
from sqlmig.engine.failure import RowsLostError, ScriptError
from sqlmig.engine.history import History
from sqlmig.engine.limits import Limits
from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.loss import count_rows
from sqlmig.engine.statementwise import StatementwiseWork
from sqlmig.engine.transaction import TransactionWork
from sqlmig.engine.watched import WatchedWork
from sqlmig.errors import MigrationFailedError, RowLossError
from sqlmig.model import Direction, LostRows, MigrationResult, Observer, Outcome, Report
from sqlmig.plan import Plan, PlannedMigration, RowLoss, Transactions

_log = logging.getLogger("sqlmig")
_AGAIN = {
    Direction.APPLY: "Mend the script, then run `sqlmig apply` again.",
    Direction.ROLLBACK: "Mend the script, then run `sqlmig rollback` again.",
}
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0


class Executor:
    """Executes plans on one history, whose runner's lock is held."""

    def __init__(
        self, history: History, lock: RunnerLock, limits: Limits, observer: Observer
    ) -> None:
        self._history = history
        self._lock = lock
        self._limits = limits
        self._observer = observer
        self._backend = Backend(history)

    def execute(self, plan: Plan) -> Report:
        """Runs the plan, writing schema, rows and history as the scripts say.

        Raises MigrationFailedError, which has the report up to there. Whatever is raised, no
        transaction is left open.
        """
        self._backend.ensure_internal_schema_updated()
        done: list[MigrationResult] = []
        for batch in _batches(plan):
            try:
                results = self._run(batch, plan)
            except RowsLostError as failure:
                self._undo()
                raise self._row_loss(plan, done, failure) from failure
            except ScriptError as failure:
                raise _failed(plan, done, failure) from failure
            except psycopg.Error as error:
                lost = ScriptError(batch[0], str(server_message(error)), server_message(error))
                raise _failed(plan, done, lost) from error
            finally:
                self._undo()
            for result in results:
                _log.info(
                    "%s %s: %.3f s", plan.direction.value, result.migration_id, result.duration
                )
            done += results
        return Report(plan.direction, tuple(done), plan.warnings)

    def _run(self, batch: Sequence[PlannedMigration], plan: Plan) -> list[MigrationResult]:
        tries = 1
        while True:
            work = self._work(batch, plan.row_loss)
            try:
                self._backend.run(batch, plan.direction, work)
            except ScriptError as failure:
                if not failure.is_worth_a_retry or tries >= self._tries(batch):
                    raise
                self._undo()
                self._pause(batch, failure, tries)
                tries += 1
            else:
                return work.results

    def _work(
        self, batch: Sequence[PlannedMigration], row_loss: RowLoss
    ) -> TransactionWork | StatementwiseWork:
        common = self._history, self._lock, self._limits, self._observer
        if not batch[0].directives.transactional:
            return StatementwiseWork(*common)
        return (WatchedWork if row_loss is RowLoss.ASK else TransactionWork)(*common, batch)

    def _tries(self, batch: Sequence[PlannedMigration]) -> int:
        """A non-transactional migration is not run again by itself: its first half is done."""
        return self._limits.tries if batch[0].directives.transactional else 1

    def _pause(self, batch: Sequence[PlannedMigration], failure: ScriptError, tries: int) -> None:
        """Backs off, with jitter, so that two runners do not meet again."""
        delay = min(_FIRST_DELAY * 2 ** (tries - 1), _LONGEST_DELAY) * random.uniform(0.5, 1.5)  # noqa: S311  # no secret
        _log.warning("%s; trying again in %.1f s", failure.message, delay)
        self._observer.retrying([m.migration_id for m in batch], failure.message, delay)
        time.sleep(delay)

    def _row_loss(
        self, plan: Plan, done: Sequence[MigrationResult], failure: RowsLostError
    ) -> RowLossError:
        connection = self._history.connection
        losses = [LostRows(table.label, count_rows(connection, table)) for table in failure.tables]
        failed = _failed(plan, done, failure)
        return RowLossError(migration_id=failed.migration_id, report=failed.report, losses=losses)

    def _undo(self) -> None:
        if not self._history.connection.closed:
            self._history.connection.rollback()


def _batches(plan: Plan) -> Iterator[Sequence[PlannedMigration]]:
    """The migrations that commit together."""
    if plan.transactions is Transactions.TOGETHER and plan.migrations:
        yield plan.migrations
    else:
        for planned in plan.migrations:
            yield (planned,)


def _failed(
    plan: Plan, done: Sequence[MigrationResult], failure: ScriptError
) -> MigrationFailedError:
    failed = failure.planned.migration_id
    results = [*done, *_results(plan.migrations[len(done) :], failed)]
    return MigrationFailedError(
        failure.message,
        migration_id=failed,
        report=Report(plan.direction, tuple(results), plan.warnings),
        location=failure.location,
        server=failure.server,
        remedy=(remedy_for(failure.server) if failure.server else "") or _AGAIN[plan.direction],
    )


def _results(rest: Sequence[PlannedMigration], failed: str) -> Iterator[MigrationResult]:
    """The results from the failed batch on: undone before the failed one, not attempted after."""
    outcome = Outcome.UNDONE
    for planned in rest:
        is_failed = planned.migration_id == failed
        yield MigrationResult(
            planned.migration_id, planned.direction, Outcome.FAILED if is_failed else outcome
        )
        if is_failed:
            outcome = Outcome.NOT_ATTEMPTED
