"""How a run went: the results so far, and the error that tells them when it ends early."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlmig.engine.connection import Connection, remedy_for
from sqlmig.engine.failure import RowsLostError, ScriptError, StatementInDoubtError
from sqlmig.engine.loss import count_rows
from sqlmig.engine.outcome import Fate
from sqlmig.errors import MigrationFailedError, RowLossError, RunInterrupted
from sqlmig.model import Direction, LostRows, MigrationResult, Outcome, Report, ServerMessage
from sqlmig.plan import Plan, PlannedMigration

_log = logging.getLogger("sqlmig")
_COMMANDS = {Direction.APPLY: "sqlmig apply", Direction.ROLLBACK: "sqlmig rollback"}


@dataclass(slots=True)
class Story:
    """The results of a plan's migrations, in order, as far as they are known."""

    plan: Plan
    done: list[MigrationResult] = field(default_factory=list)

    def add(self, results: Sequence[MigrationResult]) -> None:
        """These are committed."""
        self.done += results
        for result in results:
            _log.info("%s %s: %.3f s", result.direction.value, result.migration_id, result.duration)

    def report(self, ended: str | None = None, outcome: Outcome = Outcome.FAILED) -> Report:
        """All results: the named migration ended so, those of its transaction before it are
        undone, and those after it were not attempted."""
        rest = self._rest(ended, outcome)
        return Report(self.plan.direction, (*self.done, *rest), self.plan.warnings)

    def failed(self, failure: ScriptError, connection: Connection) -> MigrationFailedError:
        """A script failed, or was not allowed to do what it did; its transaction is undone."""
        name = failure.planned.migration_id
        report = self.report(name)
        if isinstance(failure, RowsLostError):
            losses = [LostRows(t.label, count_rows(connection, t)) for t in failure.tables]
            return RowLossError(migration_id=name, report=report, losses=losses)
        return MigrationFailedError(
            failure.message,
            migration_id=name,
            report=report,
            location=failure.location,
            server=failure.server,
            remedy=self._remedy(failure),
        )

    def lost(
        self, batch: Sequence[PlannedMigration], message: ServerMessage, fate: Fate
    ) -> MigrationFailedError:
        """The connection broke; what the history says of the batch is told."""
        last = batch[-1]
        undone = "was undone" if last.directives.transactional else "stopped half way"
        told = {
            Fate.COMMITTED: f"the connection was lost, but {last.migration_id} is committed",
            Fate.UNDONE: f"the connection was lost, and {last.migration_id} {undone}",
            Fate.UNKNOWN: f"the connection was lost, and nobody knows yet whether "
            f"{last.migration_id} is committed",
        }[fate]
        return MigrationFailedError(
            f"{told}: {message.primary}",
            migration_id=last.migration_id,
            report=self._after(batch, fate),
            server=message,
            remedy=f"See `sqlmig status`, then run `{self._command}` again.",
        )

    def interrupted(self, batch: Sequence[PlannedMigration], fate: Fate) -> RunInterrupted:
        """A person stopped the run."""
        return RunInterrupted(self._after(batch, fate))

    def _remedy(self, failure: ScriptError) -> str:
        if isinstance(failure, StatementInDoubtError):
            return (
                "Look whether it is, then run it again with "
                f"--redo-statement {failure.statement}, or pass it over with "
                f"--skip-statement {failure.statement}."
            )
        remedy = remedy_for(failure.server) if failure.server else ""
        return remedy or f"Mend the script, then run `{self._command}` again."

    @property
    def _command(self) -> str:
        return _COMMANDS[self.plan.direction]

    def _after(self, batch: Sequence[PlannedMigration], fate: Fate) -> Report:
        if fate is Fate.COMMITTED:
            self.add([_done(planned) for planned in batch])
            return self.report()
        is_undone = fate is Fate.UNDONE and batch[-1].directives.transactional
        outcome = Outcome.UNDONE if is_undone else Outcome.FAILED
        return self.report(batch[-1].migration_id, outcome)

    def _rest(self, ended: str | None, outcome: Outcome) -> Iterator[MigrationResult]:
        before = Outcome.NOT_ATTEMPTED if ended is None else Outcome.UNDONE
        for planned in self.plan.migrations[len(self.done) :]:
            is_it = planned.migration_id == ended
            result = outcome if is_it else before
            yield MigrationResult(planned.migration_id, planned.direction, result)
            if is_it:
                before = Outcome.NOT_ATTEMPTED


def _done(planned: PlannedMigration) -> MigrationResult:
    return MigrationResult(planned.migration_id, planned.direction, Outcome.DONE)
