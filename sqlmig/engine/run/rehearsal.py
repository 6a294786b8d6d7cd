"""Finds out what a rollback of several migrations would lose, before any of it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlmig.engine.guard.inspection import RowLossCollector, RowLossInspector
from sqlmig.engine.run.executor import Batch, BatchWork, Executor, keeps_all_rows
from sqlmig.engine.run.story import Story
from sqlmig.engine.run.transaction import RehearsedWork
from sqlmig.engine.server.failure import ScriptError
from sqlmig.errors import MigrationFailedError
from sqlmig.model import LostRows
from sqlmig.plan import Plan, RowLoss


@dataclass(slots=True)
class Rehearsal(Executor):
    """Runs plans in one transaction that is rolled back."""

    _found: dict[str, Sequence[LostRows]] = field(init=False, default_factory=dict)

    def rehearse(self, plan: Plan) -> None:
        """Raises RowLossError with all rows that the plan would lose. Migrations that cannot run in
        a transaction are left out, and may lose more.

        If a script fails, raises as `execute` does, unless the cause may be a migration that was
        left out: then it is not known what this script and the following ones would lose.
        """
        story = Story(plan, self.session)
        tried = self._tried(plan)
        unknown = [p for p in plan.migrations if p not in tried and not keeps_all_rows(p)]
        if tried:
            try:
                with self._watcher.watching(), self.session.notices.repeating():
                    self._run(tried, story)
            except MigrationFailedError as failure:
                if not _may_be_left_out(plan, failure):
                    raise
                unknown += _from(plan, failure.migration_id)
        self._found.update({planned.name: () for planned in unknown})
        order = [planned.name for planned in plan.migrations if planned.name in self._found]
        if order:
            raise story.would_lose({name: self._found[name] for name in order})

    def _tried(self, plan: Plan) -> Batch:
        """The migrations of the plan that can be tried. Raises ProtectedTableError if another one
        could remove protected rows."""
        for planned in plan.migrations:
            try:
                self._refuse_unseen(planned, RowLoss.ACCEPT)
            except ScriptError as failure:  # nothing has run yet, not even what precedes it
                others = tuple(p for p in plan.migrations if p is not planned)
                story = Story(replace(plan, migrations=(planned, *others)), self.session)
                raise story.failed(failure) from failure
        return tuple(p for p in plan.migrations if p.directives.transactional)

    def _work(self, batch: Batch, row_loss: RowLoss) -> BatchWork:
        inspectors = self._inspectors(batch, row_loss)
        return RehearsedWork(self.session, batch, self.rules, inspectors, self._runner)

    def _loss_inspector(self) -> RowLossInspector:
        self._found.clear()  # a batch that was blocked by a lock runs again
        return RowLossCollector(self.session.history, self.rules.protected, found=self._found)


def _may_be_left_out(plan: Plan, failure: MigrationFailedError) -> bool:
    """Whether the way in which a script was tried may have made it fail."""
    if isinstance(failure.__cause__, ScriptError) and failure.__cause__.may_be_about_a_savepoint:
        return True
    before = plan.migrations[: _index(plan, failure.migration_id)]
    return any(not planned.directives.transactional for planned in before)


def _from(plan: Plan, migration_id: str) -> Batch:
    """That migration of the plan, and all after it."""
    return plan.migrations[_index(plan, migration_id) :]


def _index(plan: Plan, migration_id: str) -> int:
    return [planned.migration_id for planned in plan.migrations].index(migration_id)
