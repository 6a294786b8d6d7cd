"""The Python API: everything that the command line does, returned as values instead of printed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from sqlmig.config import Config
from sqlmig.engine.database import Database
from sqlmig.engine.guard.conditions import refuse_unknown_conditions
from sqlmig.engine.history.reading import History
from sqlmig.errors import SourceError
from sqlmig.model import (
    CheckFile,
    CheckResult,
    Direction,
    Environment,
    MigrationFile,
    Migrations,
    MigrationState,
    MigrationStatus,
    Observer,
    Report,
    Script,
    SeedReport,
    SeedStatus,
    SilentObserver,
    UnstableSeed,
    migration_order,
)
from sqlmig.operations.lookup import ScriptPart, ScriptSource, find_script
from sqlmig.operations.missing import told_of_record
from sqlmig.operations.planning import (
    ApplyOptions,
    ApplyPlanner,
    Planner,
    find_named,
    own_rows,
    own_statuses,
    rows_with_texts,
    with_unrecorded,
)
from sqlmig.operations.rollback import Agree, Rollback, RollbackPlanner, roll_back
from sqlmig.operations.run import Runner, look
from sqlmig.operations.validation import validate
from sqlmig.plan import (
    Plan,
    PlannedMigration,
    RollbackText,
    RowLoss,
    Selection,
    Since,
    Transactions,
    plan_apply,
    resolve,
    statuses,
)
from sqlmig.plan.readiness import refuse_unready
from sqlmig.plan.renames import as_recorded, find_renames
from sqlmig.source.checks import read_checks
from sqlmig.source.files import UsableFiles, read_migrations, read_migrations_alone, read_usable
from sqlmig.target.address import refuse_as_production
from sqlmig.target.rules import Rules, rules_for

if TYPE_CHECKING:
    from sqlmig.document.file import SchemaDocument
    from sqlmig.impact.effects import Impact
    from sqlmig.operations.adoption import Adoption
    from sqlmig.operations.seeds import SeedRunner
    from sqlmig.plan.comparison import Comparison
    from sqlmig.project.importing import Imported
    from sqlmig.proof.drift import Drift
    from sqlmig.proof.roundtrip import RoundTrip, Verification
    from sqlmig.proof.rows import RowTrip, RowVerification

Tell = Callable[["RoundTrip"], None]


class Migrator:
    """The migrations of one project and one database.

    It holds no connection: each call opens and closes its own. All methods raise SourceError for
    unusable files, before they connect; ConfigError if no database is named or the history cannot
    be found; DatabaseUnavailableError; and ServerError if the server refuses a statement.
    """

    def __init__(self, config: Config, observer: Observer | None = None) -> None:
        self.config = config
        self._database = Database(config, observer or SilentObserver())

    def validate(self) -> tuple[MigrationFile, ...]:
        """All migrations on disk, once every statement of the project's SQL files has been read;
        needs no database. Raises SourceError for one problem, UnusableFilesError for several."""
        return validate(self.config)

    def status(self) -> list[MigrationStatus]:
        """Every migration on disk or in the history, in the order in which they apply.

        Reads only: a database that sqlmig has never seen is left as it is, and everything counts as
        pending. An unusable file is listed with its error. Raises AnotherHistoryError.
        """
        files = self._usable_files()
        with self._database.history() as history:
            found = own_statuses(files, history)
            return with_unrecorded(found, files.migrations, history, self.config)

    def applied_ids(self) -> tuple[str, ...]:
        """The ids in the history, whatever is on disk; reads only."""
        with self._database.history() as history:
            return tuple(row.migration_id for row in history.read())

    def expect_current(self) -> None:
        """Returns only if the schema is what this code expects; for services that must not migrate.

        Reads only, and does not read rollback files. A database that is ahead of the files is
        accepted: old code meets one while a deployment rolls out. Raises SchemaNotCurrentError,
        which lists what is pending, changed or partly applied, and AnotherHistoryError.
        """
        files = read_migrations_alone(self.config.migrations_folder, self.config.rollbacks_folder)
        with self._database.history() as history:
            found = statuses(files, own_rows(files, history))
        refuse_unready(
            found,
            "the schema is not what this code expects",
            "Nothing was changed.",
        )

    def plan_apply(self, target: str | None = None, **options: Unpack[ApplyOptions]) -> Plan:
        """What `apply` with these arguments would do; reads only. Raises PlanError.

        Unusable files after the target only cause a warning, although `apply` would refuse them.
        """
        files = self._usable_files()
        in_order = sorted(files.ids, key=migration_order)
        last = in_order.index(resolve(target, in_order)) if target else len(in_order)
        with told_of_record(self.config):
            files.expect(in_order[: last + 1])
        planner = ApplyPlanner(
            self.config, files.migrations, target, options, unusable=files.unusable
        )
        plan = self._warned(planner)
        broken = (f"{error.location}: {error.message}" for error in files.unusable.values())
        return replace(plan, warnings=(*plan.warnings, *broken))

    def apply(
        self,
        target: str | None = None,
        *,
        allowed: Collection[str] = (),
        **options: Unpack[ApplyOptions],
    ) -> Report:
        """Applies what is pending, up to and including the target, records it, and runs the checks.

        The options are `out_of_order`, which defaults to the setting; `transactions`; and
        `decision`, the outcome of a statement during which an earlier runner stopped. `allowed`
        names protected tables that may be changed by files that declare it. If nothing is pending
        and no stamp has to be set, no lock is taken and nothing is written. Raises PlanError and
        EnvironmentMismatchError before any change, LockTimeoutError if another runner holds the
        lock for too long, MigrationFailedError with the report if a script fails,
        ProtectedTableError if the guard undid one, SanityCheckError if a check finds something, and
        RunInterrupted after a Ctrl-C.
        """
        with told_of_record(self.config):
            files = self._files()
        runner = Runner(self._database, self._checks(_ids(files)), allowed)
        planner = ApplyPlanner(self.config, files, target, options)
        with self._database.history() as history:
            return runner.run(planner, history)

    def plan_rollback(
        self,
        selection: Selection | str,
        *,
        text: RollbackText | None = None,
        transactions: Transactions = Transactions.EACH,
    ) -> Plan:
        """What `rollback` with these arguments would do; reads only. Raises PlanError."""
        request = Rollback(_selected(selection), text, transactions=transactions)
        return self._warned(RollbackPlanner(self._usable_files(), request))

    def rollback(
        self,
        selection: Selection | str,
        *,
        text: RollbackText | None = None,
        row_loss: RowLoss = RowLoss.ASK,
        agree: Agree | None = None,
        transactions: Transactions = Transactions.EACH,
        allowed: Collection[str] = (),
    ) -> Report:
        """Rolls back the selected migrations, newest first, and records it. A string selects the
        migration that it names and everything applied after it.

        `text` chooses the script to run if the file differs from the recorded one. In production,
        all of them are rehearsed first, in one transaction that is undone. If rows would be lost,
        `agree` is called once, with the RowLossError that has the losses of each migration; nothing
        is committed before it returns True. `row_loss` ACCEPT consents to all losses in advance, so
        rows are not counted. `transactions` TOGETHER commits all or none. Raises as `apply` does;
        IrreversibleMigrationError before any change; and RowLossError without consent.
        """
        files = self._usable_files()
        runner = Runner(self._database, self._checks(files.ids), allowed)
        request = Rollback(_selected(selection), text, row_loss, transactions)
        return roll_back(runner, files, request, agree)

    def compare(self, reference: str) -> Comparison:
        """Compares what was recorded of a migration with its current files; reads only."""
        from sqlmig.plan.comparison import compare

        files = self._usable_files()
        with self._database.history() as history:
            migration_id, known, rows = find_named(files.readable, history, reference)
            if migration_id not in (file.migration_id for file in files.without_rollback):
                files.expect([migration_id])
            return compare(migration_id, known, rows)

    def repair(self, references: Sequence[str] | None = None) -> list[str]:
        """Records the current files of applied migrations; returns the ids that it wrote.

        Of the named migrations, or of all, it records those whose files differ from the record or
        are not recorded yet. Raises UnknownTargetError, and PlanError for a migration that is not
        applied or has no file.
        """
        from sqlmig.operations.repair import repair

        with told_of_record(self.config):
            files = self._files()
        with self._database.history() as found, self._database.working(found) as session:
            self._database.working_rules(session.history)
            return repair(session.history, files, references)

    def seed_statuses(self) -> list[SeedStatus]:
        """The seeds of the environment in force, in order, and when each ran last; reads only."""
        from sqlmig.operations.seeds import seed_statuses, seeds_of

        with self._database.history() as history:
            rules = self._database.rules(history)
            return seed_statuses(seeds_of(self.config, rules.environment), history)

    def seed(self, *, allowed: Collection[str] = ()) -> SeedReport:
        """Runs the seeds of the environment in force, and then the checks, in one transaction.

        A seed that changes nothing writes nothing to the history either. Raises PlanError where
        the schema is not ready, and SeedFailedError, ForbiddenSeedError, ProtectedTableError or
        SanityCheckError: then nothing was changed.
        """
        from sqlmig.operations.seeds import SeedRunner

        files = self._files()
        checks = self._checks(_ids(files))
        with self._database.history() as history:
            return SeedRunner(self._database, files, allowed).run(checks, history)

    def prove_seeds(self) -> list[UnstableSeed]:
        """The seeds that are not idempotent: each is run twice, and all of it is rolled back."""
        from sqlmig.operations.seeds import SeedRunner

        files = self._files()
        with self._database.history() as history:
            return SeedRunner(self._database, files).prove(history)

    def check(self) -> list[CheckResult]:
        """What the sanity checks find; everything that they do is rolled back."""
        checks = self._checks(self._usable_files().ids)
        with self._database.history() as history:
            return look(history, checks)

    def environment(self) -> Rules:
        """The environment in force and what named it; reads only.

        If the requested environment cannot be trusted, because nothing proves that this is not a
        production database, production is in force and the rules' `warnings` say why.
        """
        with self._database.history() as history:
            return self._database.rules(history)

    def unknown_tables(self) -> list[str]:
        """The names in `protected_tables` and `forbidden_tables` that match no table and so protect
        nothing; reads only."""
        from sqlmig.engine.guard.tables import unknown_names

        names = (*self.config.protected_tables, *self.config.forbidden_tables)
        with self._database.history() as history:
            return unknown_names(history, names)

    def set_environment(self, environment: Environment) -> Rules:
        """Stamps the database, whatever its previous stamp and the settings; returns the rules of
        that stamp. Raises ConfigError if an embedded server would become production."""
        from sqlmig.engine.history.stamping import ensure_tables, set_stamp

        if self.config.is_embedded:
            refuse_as_production(environment, "--database-url")
        with self._database.history() as found, self._database.working(found) as session:
            ensure_tables(session.history)
            set_stamp(session.history, environment)
        return rules_for(replace(self.config, environment=None), environment)

    def verify(
        self,
        target: str | None = None,
        *,
        scratch_url: str | None = None,
        tell: Tell = lambda _: None,
    ) -> Verification:
        """Applies, rolls back and applies again each migration on disk, up to and including the
        target, on a scratch database, and compares the schema after each step. Once all are
        applied, it proves the seeds and runs the checks.

        `tell` is called with each result. The scratch database is created on the server of
        `scratch_url`, or else of the target, and dropped at the end; nothing else is written.
        Raises PlanError before anything runs, and ServerError if no database can be created.
        """
        from sqlmig.proof.verify import Course, verify

        files = self._files()
        planned = plan_apply(files, (), target=target).migrations
        if self.config.is_embedded:
            self._database.conninfo()  # reports to the observer if this starts a server
        proofs = [_prove_seeds, _check, _compare] if len(planned) == len(files) else []
        course = Course(files, planned)
        return verify(self.config, course, scratch_url=scratch_url, proofs=proofs, tell=tell)

    def verify_rows(
        self, *, scratch_url: str | None = None, tell: Callable[[RowTrip], None] = lambda _: None
    ) -> RowVerification:
        """What the rollbacks do to rows. On a scratch database with all migrations and the seeds of
        the environment (development unless one is named), it goes down from the newest migration,
        applies and rolls back each once more, and compares the rows of every table.

        `tell` is called with each result. The scratch database is created as in `verify`. Raises
        PlanError before anything runs, MigrationFailedError if a migration fails, SeedFailedError
        if a seed fails, and ServerError if no database can be created.
        """
        from sqlmig.proof.rows import verify_rows
        from sqlmig.proof.verify import Course

        files = self._files()
        course = Course(files, plan_apply(files, ()).migrations)
        if self.config.is_embedded:
            self._database.conninfo()  # reports to the observer if this starts a server
        return verify_rows(self.config, course, _seed, scratch_url=scratch_url, tell=tell)

    def verify_pending(
        self,
        target: str | None = None,
        *,
        scratch_url: str | None = None,
        tell: Tell = lambda _: None,
    ) -> Verification:
        """Like `verify`, but for the pending migrations, on a scratch database to which the applied
        ones were applied first, as recorded. The target database is only read."""
        from sqlmig.proof.verify import Course, verify

        files = self._files()
        with self._database.history() as history:
            planned = plan_apply(files, own_rows(files, history), target=target).migrations
            course = Course(files, planned, _recorded(files, history), history.schema)
        return verify(self.config, course, scratch_url=scratch_url, tell=tell)

    def drift(self, *, scratch_url: str | None = None) -> Drift:
        """How the live schema differs from what the applied migrations make when they run again on
        a scratch database, created as in `verify`; the target database is only read.

        Raises PlanError before anything runs, and ExecutionError if a migration cannot run again.
        """
        from sqlmig.proof.drift import drift

        files = self._usable_files()
        with self._database.history() as history:
            found = own_statuses(files, history)
            files.expect(s.migration_id for s in found if s.applied and not s.applied.checksum)
            applied = _recorded(files.migrations, history)
            pending = [s.migration_id for s in found if s.state is MigrationState.PENDING]
            return drift(self.config, history, applied, pending, scratch_url=scratch_url)

    def impact(
        self,
        target: str | None = None,
        *,
        direction: Direction = Direction.APPLY,
        scratch_url: str | None = None,
    ) -> Impact:
        """What the pending migrations, up to and including the target, or their rollbacks, would do
        to a live database: the locks that they hold and the work that they do meanwhile, observed
        on a scratch database to which the applied migrations were applied first.

        Table sizes are those of the database. Those of an embedded server say nothing about
        production: every table counts as large there. The scratch database is created as in
        `verify`; nothing else is written. Raises PlanError before anything runs, and ExecutionError
        if a migration cannot run there.
        """
        from sqlmig.impact.course import Course
        from sqlmig.impact.judging import impact

        files = self._files()
        with self._database.history() as history:
            planned = ApplyPlanner(self.config, files, target, {})(history).migrations
            course = Course(files, _recorded(files, history), planned, schema=history.schema)
            return impact(self.config, course, history.connection, direction, scratch_url)

    def impact_since(
        self,
        reference: str | None,
        target: str | None = None,
        *,
        direction: Direction = Direction.APPLY,
        scratch_url: str | None = None,
    ) -> Impact:
        """Like `impact`, but for the files after the named migration, or for those not yet merged
        into the named git revision; with None, for all files.

        Needs no database: without one, every table counts as large. Raises UnknownTargetError for
        the target, and ChangelogError if git has nothing to compare with.
        """
        from sqlmig.impact.course import course_since
        from sqlmig.impact.judging import impact

        config = self.config
        course = course_since(config, self._files(), reference, target)
        if config.database is None:
            return impact(config, course, None, direction, scratch_url)
        with self._database.history() as history:
            applied = frozenset(row.migration_id for row in history.read())
            course = replace(course, live=applied, schema=history.schema)
            return impact(config, course, history.connection, direction, scratch_url)

    def schema_document(self, *, scratch_url: str | None = None) -> SchemaDocument:
        """The document of the schema that the migrations on disk make, from a scratch database that
        is created as in `verify`. It can be written to a file and compared with one.

        Raises MigrationFailedError if a migration fails, and ServerError if no database can be
        created.
        """
        from sqlmig.document.making import make_document

        planned = plan_apply(self._files(), ()).migrations
        if self.config.is_embedded:
            self._database.conninfo()  # reports to the observer if this starts a server
        return make_document(self.config, planned, scratch_url=scratch_url)

    def show(
        self,
        reference: str,
        part: ScriptPart = ScriptPart.MIGRATION,
        source: ScriptSource = ScriptSource.FILE,
    ) -> Script:
        """A script of a migration: from its file, or as recorded if `source` asks for that or the
        file is gone. Raises PlanError if there is none."""
        try:
            files = self._usable_files()
        except SourceError:
            if source is ScriptSource.FILE:
                raise
            files = UsableFiles(())
        return find_script(self._database, files, reference, part, source)

    def baseline(self, target: str) -> tuple[str, ...]:
        """Records all migrations up to and including the target as applied, without running
        anything, in a database that already has the schema; returns their ids. Raises PlanError if
        the database has a history."""
        from sqlmig.engine.run.marks import mark
        from sqlmig.operations.marking import plan_baseline, record_marking

        files = self._files()
        return record_marking(
            self._database, files, lambda rows: plan_baseline(files, rows, target), mark
        )

    def import_migrations(
        self, folder: str | Path, tool: str | None = None, *, trial: bool = False
    ) -> Imported:
        """Converts another tool's migrations in that folder, with their rollbacks, to files in the
        project's folders; needs no database and overwrites nothing. `tool` is needed if the files
        do not show it; with `trial`, nothing is written.

        Raises ConfigError, before anything is written, if the folder belongs to no known tool or to
        several. The result lists among its problems what cannot be converted.
        """
        from sqlmig.project.importing import import_migrations

        return import_migrations(self.config, Path(folder), tool, trial=trial)

    def baseline_from(self, tool: str, folder: str | Path | None = None) -> Adoption:
        """Records as applied exactly what another tool's history in this database says, without
        running anything, with the tool's times if it keeps them. `folder` has the originals, which
        are compared with the checksums that the tool recorded.

        Raises PlanError if there is no such history; if it has an entry that is unfinished, matches
        no file or belongs to a different text; and if sqlmig already has a history.
        """
        from sqlmig.adoption.registry import tool_named
        from sqlmig.operations.adoption import adopt_history

        chosen = tool_named(tool)
        originals = Path(folder) if folder is not None else None
        return adopt_history(self._database, self._files(), chosen, originals)

    def mark(self, reference: str, reason: str) -> tuple[str, ...]:
        """Records a migration as applied without running it, and why; returns its id, or nothing if
        it is already applied. Raises PlanError."""
        from sqlmig.engine.run.marks import mark
        from sqlmig.operations.marking import plan_mark, record_marking

        files = self._files()
        return record_marking(
            self._database, files, lambda rows: plan_mark(files, rows, reference, reason), mark
        )

    def unmark(self, reference: str, reason: str) -> tuple[str, ...]:
        """Records a migration as not applied without undoing it, and why; returns its id, or
        nothing if it is not applied. Raises PlanError."""
        from sqlmig.engine.run.marks import unmark
        from sqlmig.operations.marking import plan_unmark, record_marking

        files = self._files()
        return record_marking(
            self._database, files, lambda rows: plan_unmark(files, rows, reference, reason), unmark
        )

    def _warned(self, planner: Planner) -> Plan:
        """The plan, with warnings if this database would refuse it."""
        with self._database.history() as history:
            plan = planner(history)
            return replace(plan, warnings=plan.warnings + self._database.warnings(history))

    def _files(self) -> tuple[MigrationFile, ...]:
        return read_migrations(self.config.migrations_folder, self.config.rollbacks_folder)

    def _usable_files(self) -> UsableFiles:
        return read_usable(self.config.migrations_folder, self.config.rollbacks_folder)

    def _checks(self, ids: Collection[str]) -> tuple[CheckFile, ...]:
        checks = read_checks(self.config.checks_folder, ids)
        refuse_unknown_conditions(checks)
        return checks


def _ids(files: Migrations) -> list[str]:
    return [file.migration_id for file in files]


def _selected(selection: Selection | str) -> Selection:
    return Since(selection) if isinstance(selection, str) else selection


def _recorded(files: Migrations, history: History) -> tuple[PlannedMigration, ...]:
    from sqlmig.proof.recorded import recorded_migrations

    rows = rows_with_texts(history)
    return recorded_migrations(rows, as_recorded(files, find_renames(files, rows)))


def _prove_seeds(config: Config) -> list[str]:
    """What is wrong with the seeds, in words; the scratch database gets the configured
    environment."""
    if config.environment is not None:
        Migrator(config).set_environment(config.environment)
    with Database(config).history() as history:
        unstable = _seeds_on_scratch(config, "sqlmig verify").prove(history)
    return [f"the seed {seed.name}: {seed.reason}" for seed in unstable]


def _seed(config: Config) -> None:
    """Runs the seeds of the configured environment, or of development, and then the checks."""
    Migrator(config).set_environment(config.environment or Environment.DEVELOPMENT)
    runner = _seeds_on_scratch(config, "sqlmig verify --rows")
    checks = read_checks(config.checks_folder, _ids(runner.files))
    refuse_unknown_conditions(checks)
    with Database(config).history() as history:
        runner.run(checks, history)


def _seeds_on_scratch(config: Config, command: str) -> SeedRunner:
    """Runs the seeds in a scratch database; errors name the command to run again."""
    from sqlmig.engine.seeds.seeding import Consequence
    from sqlmig.operations.seeds import SeedRunner

    files = read_migrations(config.migrations_folder, config.rollbacks_folder)
    consequence = Consequence(
        "This was on a scratch database; your database is not touched.", command
    )
    return SeedRunner(Database(config), files, consequence=consequence)


def _compare(config: Config) -> list[str]:
    """No problems. Raises ConfigError if a configured schema does not exist, since nothing would be
    compared."""
    from sqlmig.proof.scope import refuse_absent

    with Database(config).connect() as connection:
        refuse_absent(config.schemas, connection)
    return []


def _check(config: Config) -> list[str]:
    """What the checks find, in words."""
    failed = (result for result in Migrator(config).check() if result.has_failed)
    return [f"the check {result.location or result.name}: {result.reason}" for result in failed]
