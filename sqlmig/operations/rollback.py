"""Rolls back, and asks for consent if rows would be lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlmig.engine.history.reading import History
from sqlmig.errors import PlanError, RowLossError, SourceError
from sqlmig.model import Applied, MigrationResult, Notice, Outcome, Report
from sqlmig.operations.planning import own_statuses, recorded_name, rows_with_texts
from sqlmig.operations.run import Runner
from sqlmig.plan import (
    Alone,
    Exactly,
    Newest,
    Plan,
    RollbackText,
    RowLoss,
    Selection,
    Since,
    Transactions,
    plan_rollback,
    select,
)
from sqlmig.plan.references import name_in
from sqlmig.plan.renames import Renames, as_recorded, find_renames
from sqlmig.plan.restoring import with_record
from sqlmig.source.files import UsableFiles

Agree = Callable[[RowLossError], bool]


@dataclass(frozen=True, slots=True)
class Rollback:
    """What to roll back, and in which transactions; the migrations in `consented` may lose rows."""

    selection: Selection
    text: RollbackText | None = None
    row_loss: RowLoss = RowLoss.ASK
    transactions: Transactions = Transactions.EACH
    consented: frozenset[str] = frozenset()

    def after(self, loss: RowLossError) -> Rollback:
        """The rest of the rollback, with consent to everything in that loss."""
        rest = (r.migration_id for r in loss.report.results if r.outcome is not Outcome.DONE)
        consented = self.consented | loss.by_migration.keys()
        return replace(self, selection=Exactly(tuple(rest)), consented=consented)


@dataclass(slots=True)
class RollbackPlanner:
    """Plans a rollback; refuses a plan that differs from the first one."""

    files: UsableFiles
    request: Rollback
    _planned: list[str] = field(default_factory=list, init=False)

    def __call__(self, history: History) -> Plan:
        """The plan. Raises PlanError if the history has changed, and SourceError for an unusable
        file of a migration to roll back."""
        request, files = self.request, self.files.migrations
        rows = rows_with_texts(history)
        unusable = self.files.unusable.keys()
        renames = find_renames(files, rows, unusable)
        selection = _as_recorded(request.selection, renames)
        if not _names_one_of(selection, rows):
            own_statuses(self.files, history)
        known = as_recorded(files, renames)
        if request.text is not RollbackText.RECORDED:
            self._expect(select(known, rows, selection, unusable), rows)
        plan = plan_rollback(known, rows, selection, request.text, request.transactions, unusable)
        ids = [migration.migration_id for migration in plan.migrations]
        if self._planned and self._planned != ids:
            raise PlanError(
                "another runner has changed the history since the plan was made",
                remedy="Nothing was rolled back. See `sqlmig status`, and run it again.",
            )
        self._planned = ids
        return replace(plan, row_loss=request.row_loss, consented=request.consented)

    def _expect(self, migration_ids: Sequence[str], rows: Applied) -> None:
        """Raises SourceError for what is wrong with the files of these."""
        try:
            self.files.expect(migration_ids)
        except SourceError as error:
            raise with_record(error, rows) from None


def _as_recorded(selection: Selection, renames: Renames) -> Selection:
    if isinstance(selection, Since | Alone):
        return replace(selection, reference=recorded_name(selection.reference, renames))
    return selection


def _names_one_of(selection: Selection, rows: Applied) -> bool:
    """Whether it names an applied migration by its whole id: then that one is meant, even in
    another project's history."""
    if isinstance(selection, Newest):
        return False
    ids = {row.migration_id for row in rows}
    return isinstance(selection, Exactly) or name_in(selection.reference) in ids


def roll_back(runner: Runner, files: UsableFiles, request: Rollback, agree: Agree | None) -> Report:
    """Rolls back, and asks once about all rows that would be lost, before anything is committed.

    It asks again only if another session has changed what would be lost, because consent covers
    only what was named. While it asks, it holds no connection and no lock. Raises what `Runner.run`
    raises, and RowLossError if the answer is no.
    """
    done: tuple[MigrationResult, ...] = ()
    heard: tuple[Notice, ...] = ()
    while True:
        try:
            with runner.database.history() as history:
                report = runner.run(RollbackPlanner(files, request), history)
        except RowLossError as loss:
            if agree is None or not agree(loss):
                raise
            done += tuple(r for r in loss.report.results if r.outcome is Outcome.DONE)
            committed = loss.report.ids(Outcome.DONE)
            heard += tuple(n for n in loss.report.notices if n.script in committed)
            request = request.after(loss)
        else:
            return replace(report, results=done + report.results, notices=heard + report.notices)
