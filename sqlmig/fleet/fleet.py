"""The Python API of a fleet: one project, many databases or schemas."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import replace
from time import monotonic

from sqlmig.config import Config
from sqlmig.engine.database import Database
from sqlmig.engine.guard.conditions import refuse_unknown_conditions
from sqlmig.engine.history.reading import History
from sqlmig.fleet.crew import Crew, Work
from sqlmig.fleet.listing import list_targets
from sqlmig.fleet.preparation import Preparation
from sqlmig.fleet.results import FleetObserver, FleetReport, TargetResult, TargetState
from sqlmig.fleet.targets import FleetTarget, chosen
from sqlmig.model import MigrationState, MigrationStatus, Outcome
from sqlmig.operations.planning import ApplyOptions, ApplyPlanner, own_statuses
from sqlmig.operations.run import Runner
from sqlmig.plan import OutOfOrder, Plan, plan_apply
from sqlmig.source.checks import read_checks
from sqlmig.source.files import read_migrations, read_usable
from sqlmig.source.script import prepare


class Fleet:
    """The migrations of one project, and the targets that `config.fleet` names; with `only`, just
    those with these names.

    It holds no connection. Files are read once for all targets; each target has its own history,
    lock, rules and checks, as with a Migrator. A target that is a schema keeps its history in that
    schema; its sessions start with a search_path of that schema and `public`. All methods raise
    SourceError for unusable files, ConfigError for an unusable list of targets, and what reading
    the list raises, before any target is touched. An error in a target is part of its result.
    """

    def __init__(
        self,
        config: Config,
        only: Collection[str] = (),
        observer: FleetObserver | None = None,
    ) -> None:
        self.config = config
        self._only = only
        self._observer = observer or FleetObserver()

    def targets(self) -> tuple[FleetTarget, ...]:
        """The targets, in the order of their list; reads only."""
        return chosen(list_targets(self.config), self._only)

    def status(self) -> FleetReport:
        """The state of each target: CURRENT, BEHIND, DIFFERENT, or FAILED if it cannot be read.

        Reads only. All targets are tried, however many fail; after a Ctrl-C, the rest are
        NOT_BEGUN.
        """
        files = read_usable(self.config.migrations_folder, self.config.rollbacks_folder)

        def work(target: FleetTarget) -> TargetResult:
            started, database = monotonic(), self._database(target)
            with database.history() as history:
                found = own_statuses(files, history)
                warnings = database.warnings(history)
            remarkable = tuple(status for status in found if status.needs_attention)
            return TargetResult(
                target,
                _state_of(remarkable),
                statuses=remarkable,
                warnings=warnings,
                duration=monotonic() - started,
            )

        targets = self.targets()
        return self._run(work, targets, max_failures=len(targets))

    def apply(
        self,
        target: str | None = None,
        *,
        allowed: Collection[str] = (),
        out_of_order: OutOfOrder | None = None,
    ) -> FleetReport:
        """Applies to each target its pending migrations, up to and including the migration
        `target`, as `Migrator.apply` does; running it again continues.

        Each target is APPLIED, CURRENT if nothing was pending, or FAILED; after more than
        `max_failures` failures, or a Ctrl-C, the rest are NOT_BEGUN. The script in the setting
        `preparation` runs in each database before its first migration. `allowed` names protected
        tables that may be changed by files that declare it. Raises PlanError for an unknown
        `target`.
        """
        files = read_migrations(self.config.migrations_folder, self.config.rollbacks_folder)
        checks = read_checks(self.config.checks_folder, [file.migration_id for file in files])
        refuse_unknown_conditions(checks)
        ready = functools.cache(prepare)
        plan_apply(files, (), target=target, ready=ready)  # refuses what no target could run
        preparation = Preparation.of(self.config)
        options: ApplyOptions = {"out_of_order": out_of_order}

        def work(each: FleetTarget) -> TargetResult:
            started, database = monotonic(), self._database(each)
            planner = ApplyPlanner(database.config, files, target, options, ready)

            def plan(history: History) -> Plan:
                return replace(planner(history), again="sqlmig fleet apply")

            with database.history() as history:
                database.working_rules(history, allowed)
                if plan(history).migrations:
                    preparation.ensure(each.database, database.config)
                report = Runner(database, checks, allowed).run(plan, history)
            is_applied = bool(report.ids(Outcome.DONE))
            return TargetResult(
                each,
                TargetState.APPLIED if is_applied else TargetState.CURRENT,
                report=report,
                warnings=report.warnings,
                duration=monotonic() - started,
            )

        return self._run(work, self.targets(), max_failures=self.config.fleet.max_failures)

    def _run(self, work: Work, targets: tuple[FleetTarget, ...], max_failures: int) -> FleetReport:
        return Crew(work, self.config.fleet.parallel, max_failures, self._observer).run(targets)

    def _database(self, target: FleetTarget) -> Database:
        """The target as a database with its own settings."""
        config = self.config
        if target.schema is not None:
            own = replace(config, history_schema=target.schema, schemas=(target.schema,))
            return Database(own, schema=target.schema)
        origins = {**config.origins, "database": target.origin}
        return Database(replace(config, database=target.url, origins=origins))


def _state_of(remarkable: Collection[MigrationStatus]) -> TargetState:
    """The state of a target, given its migrations that need attention."""
    if not remarkable:
        return TargetState.CURRENT
    is_behind = all(
        status.state is MigrationState.PENDING and not status.rollback_changed
        for status in remarkable
    )
    return TargetState.BEHIND if is_behind else TargetState.DIFFERENT
