"""Runs a plan under the runner's lock, and plans again if another runner changes the history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlmig.engine.database import Database
from sqlmig.engine.history.reading import History
from sqlmig.errors import PlanError
from sqlmig.model import CheckFile, CheckResult, MigrationResult, Report
from sqlmig.operations.planning import Planner
from sqlmig.plan import Plan, RowLoss, Transactions
from sqlmig.target.rules import Rules

if TYPE_CHECKING:
    from sqlmig.engine.run.executor import Executor
    from sqlmig.engine.run.runner_session import RunnerSession


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs plans on a database under its rules; the checks examine what each has done.

    `allowed` are the protected tables that --allow-protected names.
    """

    database: Database
    checks: Sequence[CheckFile] = ()
    allowed: Collection[str] = ()

    def run(self, planner: Planner, history: History) -> Report:
        """Runs the plan and reports what it did. If nothing is planned and there is no stamp to
        set, takes no lock and writes nothing.

        Raises EnvironmentMismatchError, what the executor raises, LockTimeoutError, and
        SanityCheckError if a check fails afterwards.
        """
        rules = self.database.working_rules(history, self.allowed)
        plan = planner(history)
        if not plan.migrations and rules.new_stamp is None:
            return Report(plan.direction, warnings=plan.warnings)
        return self._run_locked(planner, history)

    def _run_locked(self, planner: Planner, history: History) -> Report:
        from sqlmig.engine.server.failure import HistoryMovedError

        results: tuple[MigrationResult, ...] = ()
        with self.database.working(history) as begun:
            session = begun
            while True:
                rules = self.database.working_rules(session.history, self.allowed)
                plan = _asking(planner(session.history), rules)
                executor = self._executor(plan, rules, session)
                try:
                    _rehearse(plan, rules, session)
                    report = executor.execute(plan)
                except HistoryMovedError as moved:
                    results += moved.results
                    session = self.database.renewed(session)
                else:
                    report = replace(
                        report,
                        results=results + report.results,
                        warnings=_warnings(report, rules),
                    )
                    is_done = report.checks or not report.results
                    return report if is_done else self._checked(report, session)

    def _checked(self, report: Report, session: RunnerSession) -> Report:
        """The report with what the checks find in the database now."""
        from sqlmig.engine.guard.refusals import checks_failed

        if not self.checks:
            return report
        checks = look(self.database.renewed(session).history, self.checks)
        report = replace(report, checks=tuple(checks))
        if any(check.has_failed for check in checks):
            raise checks_failed(
                checks, f"{report.tally()}; this was kept. See `sqlmig check`.", report
            )
        return report

    def _executor(self, plan: Plan, rules: Rules, session: RunnerSession) -> Executor:
        # yoyo takes longer to import than most commands take to run.
        from sqlmig.engine.run.executor import Executor

        if session.history.is_pooled:
            _refuse_pooled(plan)
        commits_together = plan.transactions is Transactions.TOGETHER
        return Executor(session, rules, self.checks if commits_together else ())


def _warnings(report: Report, rules: Rules) -> tuple[str, ...]:
    """Its own, and after the first migration of a database that its environment has ended."""
    return (
        (*report.warnings, rules.passing) if report.results and rules.passing else report.warnings
    )


def _asking(plan: Plan, rules: Rules) -> Plan:
    """The plan as it runs under these rules: only in production, a loss of rows needs consent."""
    return plan if rules.is_production else replace(plan, row_loss=RowLoss.ACCEPT)


def _rehearse(plan: Plan, rules: Rules, session: RunnerSession) -> None:
    """Raises RowLossError for what would be lost, if more than one migration may need consent
    before the first is committed. A single one is undone when it runs, and asked about then."""
    from sqlmig.engine.run.rehearsal import Rehearsal

    if plan.row_loss is RowLoss.ASK and len(plan.migrations) > 1 and not plan.consented:
        Rehearsal(session, rules).rehearse(plan)


def look(history: History, checks: Sequence[CheckFile]) -> list[CheckResult]:
    """What the checks find; everything that they do is rolled back."""
    from sqlmig.engine.guard.checks import run_checks

    if not checks:
        return []
    with history.connection.transaction(force_rollback=True):
        return run_checks(history, checks)


def _refuse_pooled(plan: Plan) -> None:
    outside = [m.migration_id for m in plan.migrations if not m.directives.transactional]
    if outside:
        raise PlanError(
            "this connection goes through a pooler, which cannot run migrations declared "
            f"`transactional: false`: {', '.join(outside)}",
            remedy="Use the URL of the server itself.",
        )
