"""Runs a plan: batch by batch through yoyo's loops, tries again where another session was in the
way, and tells what became of every migration."""

from __future__ import annotations

import itertools
import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psycopg

from sqlmig.engine.backend import Backend
from sqlmig.engine.connection import Connector
from sqlmig.engine.failure import HistoryMovedError, RowsLostError, ScriptError
from sqlmig.engine.history import History
from sqlmig.engine.inspection import HistoryInspector, Inspector, RowLossInspector, has_moved
from sqlmig.engine.limits import Limits
from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.outcome import Fate, fate_of
from sqlmig.engine.statementwise import StatementwiseWork
from sqlmig.engine.story import Ending, Story
from sqlmig.engine.transaction import TransactionWork
from sqlmig.engine.watcher import Watcher
from sqlmig.engine.wire import StatementError
from sqlmig.model import MigrationResult, Observer, Report
from sqlmig.plan import Plan, PlannedMigration, RowLoss, Transactions
from sqlmig.source.outside import keeps_rows

_log = logging.getLogger("sqlmig")
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0

Batch = Sequence[PlannedMigration]
Work = TransactionWork | StatementwiseWork


@dataclass(slots=True)
class Executor:
    """Executes plans on one history, whose runner's lock is held.

    `connect` opens further connections to the same database.
    """

    history: History
    lock: RunnerLock
    limits: Limits
    observer: Observer
    connect: Connector
    _backend: Backend = field(init=False)
    _watcher: Watcher = field(init=False)

    def __post_init__(self) -> None:
        self._backend = Backend(self.history)
        pid = self.history.connection.info.backend_pid
        self._watcher = Watcher(self.connect, pid, self.observer)

    def execute(self, plan: Plan) -> Report:
        """Runs the plan, writing schema, rows and history as the scripts say.

        Raises MigrationFailedError, which has the report up to there, or RunInterrupted after a
        Ctrl-C. Whatever is raised, no transaction is left open. HistoryMovedError, for the caller
        alone, says that another runner was at work, and that the plan has to be made again.
        """
        story = Story(plan)
        self._backend.ensure_internal_schema_updated()
        with self._watcher.watching():
            for batch in _batches(plan):
                try:
                    story.add(self._run(batch, story))
                except HistoryMovedError as moved:
                    moved.results = tuple(story.done)
                    raise
        return story.report()

    def _run(self, batch: Batch, story: Story) -> Sequence[MigrationResult]:
        """Runs one batch, as often as it takes; what goes wrong is told with the story so far."""
        for tries in itertools.count(1):
            row_loss = _row_loss(story.plan, batch)
            work = self._work(batch, row_loss)
            try:
                self._refuse_uncounted(batch[0], row_loss)
                with self._watcher.busy():
                    self._backend.run(batch, story.plan.direction, work)
                return work.recording.results
            except HistoryMovedError:
                raise
            except ScriptError as failure:
                self._undo()
                if has_moved(self.history, batch):
                    raise HistoryMovedError(batch[0]) from failure
                if not failure.is_worth_a_retry or tries >= self._most_tries(batch):
                    raise story.failed(failure, self.history.connection) from failure
                self._pause(batch, failure, tries)
            except StatementError as failure:
                self._undo()
                raise story.refused(self._ending(batch, work), failure.error) from failure
            except psycopg.Error as error:
                raise story.lost(self._ending(batch, work), error) from error
            except KeyboardInterrupt as interrupt:
                raise story.interrupted(self._ending(batch, work)) from interrupt
            finally:
                self._undo()
        raise AssertionError("the loop above does not end by itself")

    def _refuse_uncounted(self, planned: PlannedMigration, row_loss: RowLoss) -> None:
        """What runs statement by statement cannot be undone to ask first."""
        if row_loss is RowLoss.ASK and not planned.directives.transactional:
            statements, text = planned.prepared.statements, planned.prepared.text
            if not all(keeps_rows(text, statement) for statement in statements):
                raise RowsLostError(planned, ())

    def _work(self, batch: Batch, row_loss: RowLoss) -> Work:
        common = self.history, self.lock, self.limits, self.observer
        if not batch[0].directives.transactional:
            return StatementwiseWork(*common, self.connect)
        inspectors: list[Inspector] = []
        if self.history.is_pooled:
            inspectors.append(HistoryInspector(self.history))
        if row_loss is RowLoss.ASK:
            inspectors.append(RowLossInspector(self.history))
        return TransactionWork(*common, batch, inspectors)

    def _most_tries(self, batch: Batch) -> int:
        """A non-transactional migration is not run again by itself: its first half is done."""
        return self.limits.tries if batch[0].directives.transactional else 1

    def _pause(self, batch: Batch, failure: ScriptError, tries: int) -> None:
        """Backs off, with jitter, so that two runners do not meet again."""
        delay = min(_FIRST_DELAY * 2 ** (tries - 1), _LONGEST_DELAY) * random.uniform(0.5, 1.5)  # noqa: S311  # no secret
        _log.warning("%s; trying again in %.1f s", failure.message, delay)
        self.observer.retrying([m.migration_id for m in batch], failure.message, delay)
        time.sleep(delay)

    def _ending(self, batch: Batch, work: Work) -> Ending:
        """What became of the batch, when no answer came to tell."""
        recording, fate = work.recording, Fate.UNDONE
        if recording.is_committing:
            fate = fate_of(recording.entries, self.history, self.connect)
        return Ending(batch, recording.at_work or batch[0], fate)

    def _undo(self) -> None:
        if not self.history.connection.closed:
            self.history.connection.rollback()


def _row_loss(plan: Plan, batch: Batch) -> RowLoss:
    consented = all(planned.migration_id in plan.consented for planned in batch)
    return RowLoss.ACCEPT if consented else plan.row_loss


def _batches(plan: Plan) -> Iterator[Batch]:
    """The migrations that commit together."""
    if plan.transactions is Transactions.TOGETHER and plan.migrations:
        yield plan.migrations
    else:
        for planned in plan.migrations:
            yield (planned,)
