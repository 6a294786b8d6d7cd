"""Runs a plan batch by batch through yoyo's loops, retries a batch that another session blocked,
and reports the result of every migration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import psycopg

from sqlmig.engine.guard.checks import CheckInspector
from sqlmig.engine.guard.inspection import (
    HistoryInspector,
    Inspector,
    RowLossInspector,
    has_moved,
)
from sqlmig.engine.guard.protected import Guard
from sqlmig.engine.history import records
from sqlmig.engine.history.stamping import making_own_tables, stamp_new
from sqlmig.engine.run.backend import Backend
from sqlmig.engine.run.containment import ContainedStatements, Containment
from sqlmig.engine.run.limits import Retries
from sqlmig.engine.run.outcome import Fate, fate_of, recorded_of
from sqlmig.engine.run.rounds import RoundsWork
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.run.script import LoneStatementsRunner, ScriptRunner
from sqlmig.engine.run.statementwise import StatementwiseWork
from sqlmig.engine.run.steps import MakeRunner, SteppedRunner, Steps
from sqlmig.engine.run.story import Ending, Story, done
from sqlmig.engine.run.transaction import InspectedWork, TransactionWork
from sqlmig.engine.server.connection import undo
from sqlmig.engine.server.failure import (
    HistoryMovedError,
    LossFoundError,
    ProtectedRowsError,
    ScriptError,
    TransactionEndedError,
)
from sqlmig.engine.server.watcher import Watcher
from sqlmig.engine.server.wire import StatementError
from sqlmig.errors import SqlmigError
from sqlmig.model import CheckFile, CheckResult, MigrationResult, Report
from sqlmig.plan import Plan, PlannedMigration, RowLoss, Transactions
from sqlmig.source.outside import keeps_rows
from sqlmig.target.rules import Rules

_WATCHED = (
    "With --atomic, and when sqlmig checks what a script does to rows, the script runs in a "
    "savepoint after sqlmig's own queries, where the server does not allow this statement."
)
_MANY = 10  # preparing the records pays off from this many migrations on

Batch = Sequence[PlannedMigration]
BatchWork = TransactionWork | StatementwiseWork


@dataclass(slots=True)
class Executor:
    """Executes plans in one session.

    `checks` examine each batch before it commits. `containment` keeps scripts within a scratch
    database, and `steps` look at every statement there.
    """

    session: RunnerSession
    rules: Rules
    checks: Sequence[CheckFile] = ()
    containment: Containment | None = None
    steps: Steps | None = None
    _checked: list[CheckResult] = field(default_factory=list)
    _consented: frozenset[str] = field(init=False, default=frozenset())
    _backend: Backend = field(init=False)
    _watcher: Watcher = field(init=False)
    _pid: int = field(init=False)
    _runner: MakeRunner = field(init=False, default=ScriptRunner)

    def __post_init__(self) -> None:
        self._backend = Backend(self.session.history)
        self._pid = self.session.connection.info.backend_pid
        self._watcher = Watcher(self.session.connect, self._pid, self.session.observer)

    def execute(self, plan: Plan) -> Report:
        """Runs the plan, writing schema, rows and history as the scripts say.

        Raises MigrationFailedError, with the report so far, or RunInterrupted after a Ctrl-C. Never
        leaves a transaction open. HistoryMovedError is for the caller only: another runner changed
        the history, and the plan must be made again.
        """
        story = Story(plan, self.session)
        self._consented = plan.consented
        with making_own_tables(self.session.history):
            self._backend.ensure_internal_schema_updated()
        stamp_new(self.session.history, self.rules)
        self._prepare_records(plan)
        with self._watcher.watching():
            for batch in _batches(plan):
                heard = len(self.session.notices.heard)
                try:
                    story.add(self._run(batch, story))
                except HistoryMovedError as moved:
                    self.session.notices.forget_since(heard)  # the batch was undone
                    moved.results = tuple(story.done)
                    raise
        return replace(story.report(), checks=tuple(self._checked))

    def _prepare_records(self, plan: Plan) -> None:
        """Prepares the statements that write records. Not behind a pooler, where the next
        transaction may run in another session, and not with checks, each of which drops prepared
        statements."""
        if len(plan.migrations) >= _MANY and not (self.session.history.is_pooled or self.checks):
            records.prepare(self.session.history, plan.direction)

    def _run(self, batch: Batch, story: Story) -> Sequence[MigrationResult]:
        """Runs one batch, and retries it if allowed; errors are reported with the story so far."""
        self._runner, heard = self._first_runner(), len(self.session.notices.heard)
        row_loss = _row_loss(story.plan, batch)
        retries = Retries(self._most_tries(batch), self.session.observer)
        while True:
            self.session.notices.forget_since(heard)
            work = self._work(batch, row_loss)
            try:
                self._refuse_unseen(batch[0], row_loss)
                with self._watcher.busy():
                    self._backend.run(batch, story.plan.direction, work)
                return work.recording.results
            except HistoryMovedError:
                raise
            except TransactionEndedError as failure:
                raise self._ended(story, batch, work, failure) from failure
            except ScriptError as failure:
                undo(self.session.connection)
                self._refuse_moved(batch, failure)
                if self._is_sent_otherwise(failure, work):
                    continue
                if not retries.allow(failure):
                    raise story.failed(failure) from failure
                self._pause(batch, failure, retries, story)
            except StatementError as failure:
                raise story.refused(self._ending(batch, work), failure.error) from failure
            except psycopg.Error as error:
                raise story.lost(self._ending(batch, work), error) from error
            except KeyboardInterrupt as interrupt:
                raise story.interrupted(self._ending(batch, work)) from interrupt
            finally:
                undo(self.session.connection)

    def _first_runner(self) -> MakeRunner:
        return ScriptRunner if self.steps is None else partial(SteppedRunner, steps=self.steps)

    def _pause(self, batch: Batch, failure: ScriptError, retries: Retries, story: Story) -> None:
        names = [planned.name for planned in batch]
        try:
            retries.pause(names, failure)
        except KeyboardInterrupt as interrupt:
            ending = Ending(batch, batch[0], Fate.UNDONE)
            raise story.interrupted(ending) from interrupt

    def _ended(
        self, story: Story, batch: Batch, work: BatchWork, failure: TransactionEndedError
    ) -> SqlmigError:
        """The failure; migrations before it in the batch may be committed with their records."""
        undo(self.session.connection)
        recorded = recorded_of(work.recording.entries, self.session.history)
        story.add([done(planned) for planned in batch if planned.migration_id in recorded])
        return story.failed(failure)

    def _refuse_moved(self, batch: Batch, failure: ScriptError) -> None:
        if has_moved(self.session.history, batch):
            raise HistoryMovedError(batch[0]) from failure

    def _is_sent_otherwise(self, failure: ScriptError, work: BatchWork) -> bool:
        """Whether the script may succeed when sent in another way; the next try sends it so."""
        if self._were_records_in_the_way(failure):
            return True
        if isinstance(work, StatementwiseWork) or not failure.may_be_about_a_savepoint:
            return False
        if len(work.batch) == 1 and self._runner is ScriptRunner:
            self._runner = LoneStatementsRunner
            return True
        if len(work.batch) > 1 or isinstance(work, InspectedWork):
            failure.hint = _WATCHED
        return False

    def _were_records_in_the_way(self, failure: ScriptError) -> bool:
        """Whether the failure may be due to the prepared records: a function that the script called
        may have dropped them, or collided with them. From now on they are sent as text."""
        if not (failure.is_about_prepared and self.session.history.prepared.are_there):
            return False
        self.session.connection.execute(self.session.history.prepared.deallocation())
        return True

    def _refuse_unseen(self, planned: PlannedMigration, row_loss: RowLoss) -> None:
        """Refuses a script that runs statement by statement: it cannot be tried and undone
        first."""
        if planned.directives.transactional or keeps_all_rows(planned):
            return
        if kept := self.rules.kept_from(planned.directives):
            raise ProtectedRowsError(
                planned,
                "runs statements outside a transaction that could remove rows of "
                f"{', '.join(kept)}",
                kept,
            )
        if row_loss is RowLoss.ASK:
            raise LossFoundError(planned, ())

    def _work(self, batch: Batch, row_loss: RowLoss) -> BatchWork:
        if not batch[0].directives.transactional:
            if self.containment is None:
                return StatementwiseWork(self.session, self.rules)
            return ContainedStatements(self.session, self.rules, self.containment, self.steps)
        inspectors = self._inspectors(batch, row_loss)
        if batch[0].directives.until_no_rows and self.steps is None:
            return RoundsWork(self.session, batch, self.rules, inspectors)
        kind = InspectedWork if inspectors else TransactionWork
        return kind(self.session, batch, self.rules, inspectors, self._runner)

    def _inspectors(self, batch: Batch, row_loss: RowLoss) -> Sequence[Inspector]:
        found: list[Inspector] = []
        history = self.session.history
        if history.is_pooled:
            found.append(HistoryInspector(history, batch))
        if self.rules.protected:
            found.append(Guard(history, self.rules))
        if row_loss is RowLoss.ASK:
            found.append(self._loss_inspector())
        if self.checks:
            found.append(CheckInspector(history, self.checks, batch[-1], self._checked))
        if self.containment is not None:
            found.append(self.containment)
        return found

    def _loss_inspector(self) -> RowLossInspector:
        return RowLossInspector(self.session.history, self.rules.protected, self._consented)

    def _most_tries(self, batch: Batch) -> int:
        """One for a migration of several transactions: its first part is committed, and rounds are
        retried one by one."""
        return self.session.limits.tries if batch[0].directives.is_atomic else 1

    def _ending(self, batch: Batch, work: BatchWork) -> Ending:
        """The outcome of the batch if no answer came.

        A transaction that is still open was not committed. Otherwise, another session looks it up
        in the history.
        """
        recording, fate = work.recording, Fate.UNDONE
        if not undo(self.session.connection) and recording.is_committing:
            fate = fate_of(recording.entries, self.session.history, self.session.connect, self._pid)
        return Ending(batch, recording.at_work or batch[0], fate)


def keeps_all_rows(planned: PlannedMigration) -> bool:
    """Whether none of its statements can remove a row, judging by their keywords."""
    text = planned.prepared.text
    return all(keeps_rows(text, statement) for statement in planned.prepared.statements)


def _row_loss(plan: Plan, batch: Batch) -> RowLoss:
    consented = all(planned.migration_id in plan.consented for planned in batch)
    return RowLoss.ACCEPT if consented else plan.row_loss


def _batches(plan: Plan) -> Iterator[Batch]:
    """The migrations, grouped by what commits together."""
    if plan.transactions is Transactions.TOGETHER and plan.migrations:
        yield plan.migrations
    else:
        for planned in plan.migrations:
            yield (planned,)
