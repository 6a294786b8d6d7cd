"""How a run went: the results so far, and the error that reports them if it ends early."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from sqlmig.engine.guard.refusals import checks_failed, protected, transaction_ended
from sqlmig.engine.run.outcome import Fate
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.server.connection import server_message
from sqlmig.engine.server.failure import (
    ChecksFailedError,
    LossFoundError,
    ProtectedRowsError,
    ScriptError,
    StatementInDoubtError,
    TransactionEndedError,
)
from sqlmig.engine.server.remedies import remedy_for
from sqlmig.errors import (
    ConnectionLostError,
    MigrationFailedError,
    RowLossError,
    RunInterrupted,
    SqlmigError,
)
from sqlmig.model import (
    Direction,
    LostRows,
    MigrationResult,
    Outcome,
    Report,
    ServerMessage,
)
from sqlmig.plan import Plan, PlannedMigration

_log = logging.getLogger("sqlmig")


@dataclass(frozen=True, slots=True)
class Ending:
    """How an interrupted batch ended: the migration at work, and the fate of the batch."""

    batch: Sequence[PlannedMigration]
    at_work: PlannedMigration
    fate: Fate


@dataclass(slots=True)
class Story:
    """The results of a plan's migrations, in order, as far as they are known."""

    plan: Plan
    session: RunnerSession
    done: list[MigrationResult] = field(default_factory=list)

    def add(self, results: Sequence[MigrationResult]) -> None:
        """Adds results of migrations that are committed."""
        self.done += results
        for result in results:
            _log.info("%s %s: %.3f s", result.direction.value, result.migration_id, result.duration)

    def report(self, ended: str | None = None, outcome: Outcome = Outcome.FAILED) -> Report:
        """All results. The named migration has the `outcome`, those before it in its transaction
        are undone, and those after it were not attempted."""
        rest = self._rest(ended, outcome)
        return Report(
            self.plan.direction,
            (*self.done, *rest),
            self.plan.warnings,
            notices=tuple(self.session.notices.heard),
        )

    def failed(self, failure: ScriptError) -> SqlmigError:
        """The error for a script that failed, or did what is not allowed; its transaction is
        undone."""
        name = failure.script.name
        report = self.report(name)
        if isinstance(failure, LossFoundError):
            losses = {name: failure.losses}
            return RowLossError(report=report, losses=losses, again=self.plan.again)
        if isinstance(failure, ProtectedRowsError):
            return protected(failure, report)
        if isinstance(failure, ChecksFailedError):
            is_apply = self.plan.direction is Direction.APPLY
            remains = "All of it was undone." if is_apply else "Nothing was rolled back."
            return checks_failed(failure.checks, remains)
        return MigrationFailedError(
            failure.message,
            migration_id=name,
            report=report,
            location=failure.location,
            server=failure.server,
            remedy=self._advice(failure, self._planned(name)),
        )

    def would_lose(self, losses: Mapping[str, Sequence[LostRows]]) -> RowLossError:
        """The error for a plan that was rehearsed and undone: nothing of it is done."""
        return RowLossError(report=self.report(), losses=losses, again=self.plan.again)

    def refused(self, ending: Ending, error: psycopg.Error) -> MigrationFailedError:
        """The error for a statement of sqlmig's own that the server refused."""
        message = server_message(error)
        name = ending.at_work.migration_id
        return MigrationFailedError(
            f"{name}: the database refused sqlmig's own bookkeeping: {message}",
            migration_id=name,
            report=self._after(ending),
            server=message,
            remedy=self._known(message) or "See `sqlmig status`.",
        )

    def lost(self, ending: Ending, error: psycopg.Error) -> ConnectionLostError:
        """The error for a lost connection, with what the history says about the batch."""
        message, name = server_message(error), ending.at_work.migration_id
        again = _again(ending.at_work, self.plan.again)
        undone = "is still applied" if self.plan.direction is Direction.ROLLBACK else "was undone"
        if not ending.at_work.directives.is_atomic:
            undone = "stopped partway"
        text = {
            Fate.COMMITTED: f"the connection was lost, but {name} is committed",
            Fate.UNDONE: f"the connection was lost, and {name} {undone}",
            Fate.UNKNOWN: f"the connection was lost, and it is not known whether {name} is "
            "committed",
        }[ending.fate]
        return ConnectionLostError(
            f"{text}: {message.primary}",
            migration_id=name,
            report=self._after(ending),
            server=message,
            remedy=f"See `sqlmig status`, then run `{again}` again.",
        )

    def interrupted(self, ending: Ending) -> RunInterrupted:
        """The error for a run that was stopped with Ctrl-C."""
        return RunInterrupted(self._after(ending))

    def _advice(self, failure: ScriptError, planned: PlannedMigration) -> str:
        """What remains of the migration, and what to do."""
        if isinstance(failure, TransactionEndedError):
            return transaction_ended(failure.culprit)
        return f"{_what_remains(failure, planned)} {self._remedy(failure, planned)}"

    def _remedy(self, failure: ScriptError, planned: PlannedMigration) -> str:
        if isinstance(failure, StatementInDoubtError):
            return (
                "Check whether it completed, then run it again with "
                f"--redo-statement {failure.statement}, or skip it with "
                f"--skip-statement {failure.statement}."
            )
        fix = _fix(planned, self.plan.again)
        if hint := failure.outside or failure.hint:
            return f"{hint} {fix}"
        return self._known(failure.server) or fix

    def _known(self, message: ServerMessage | None) -> str:
        return remedy_for(message, self.session.connection) if message else ""

    def _planned(self, name: str) -> PlannedMigration:
        return next(planned for planned in self.plan.migrations if planned.name == name)

    def _after(self, ending: Ending) -> Report:
        if ending.fate is Fate.COMMITTED:
            self.add([done(planned) for planned in ending.batch])
            return self.report()
        is_undone = ending.fate is Fate.UNDONE and ending.at_work.directives.is_atomic
        outcome = Outcome.UNDONE if is_undone else Outcome.FAILED
        return self.report(ending.at_work.migration_id, outcome)

    def _rest(self, ended: str | None, outcome: Outcome) -> Iterator[MigrationResult]:
        before = Outcome.NOT_ATTEMPTED if ended is None else Outcome.UNDONE
        for planned in self.plan.migrations[len(self.done) :]:
            is_it = planned.migration_id == ended
            result = outcome if is_it else before
            yield MigrationResult(planned.migration_id, planned.direction, result)
            if is_it:
                before = Outcome.NOT_ATTEMPTED


def _what_remains(failure: ScriptError, planned: PlannedMigration) -> str:
    """What a failed migration leaves behind."""
    name, kept = planned.migration_id, failure.statements_kept
    if planned.direction is Direction.ROLLBACK and planned.directives.is_atomic:
        partly = "partly " if planned.was_partial else ""
        return f"{name} is still {partly}applied; its rollback changed nothing."
    if planned.directives.is_atomic:
        return f"{name} was undone completely."
    if planned.direction is Direction.ROLLBACK:
        name = f"The rollback of {name}"
    if planned.directives.until_no_rows:
        if failure.rows_kept == 0:
            return f"{name} stopped before any row was written."
        return f"{name} stopped partway: {failure.rows_kept} rows of earlier rounds were kept."
    if kept == 0:
        return f"{name} stopped at its first statement."
    were_kept = "statement was" if kept == 1 else f"{kept} statements were"
    return f"{name} stopped partway: its first {were_kept} kept."


def _fix(planned: PlannedMigration, again: str) -> str:
    """How to fix the script, and the command that runs it again."""
    if planned.prepared.script.is_recorded:
        return (
            f"The script is the recorded one: put a fixed {planned.migration_id}.sql in the "
            f"rollbacks folder, then run `{again} --use file`."
        )
    return f"Fix {planned.prepared.script.path}, then run `{_again(planned, again)}`."


def _again(planned: PlannedMigration, again: str) -> str:
    """The command that runs the same script again, also a rollback's file that was chosen."""
    is_a_file = not planned.prepared.script.is_recorded
    return f"{again} --use file" if planned.direction is Direction.ROLLBACK and is_a_file else again


def done(planned: PlannedMigration) -> MigrationResult:
    """The result of a migration that is committed."""
    return MigrationResult(planned.migration_id, planned.direction, Outcome.DONE)
