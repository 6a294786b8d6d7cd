"""The Python API: everything that the command line does, with results and without printing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlmig.comparison import Comparison, compare
from sqlmig.config import Config
from sqlmig.database import conninfo
from sqlmig.engine.connection import Connection, opened, translated
from sqlmig.engine.failure import HistoryMovedError
from sqlmig.engine.history import History, find_history
from sqlmig.engine.limits import Limits
from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.records import Content, creation, repaired
from sqlmig.errors import PlanError
from sqlmig.model import (
    AppliedMigration,
    MigrationFile,
    MigrationResult,
    MigrationStatus,
    Observer,
    Report,
    SilentObserver,
)
from sqlmig.plan import (
    Decision,
    OutOfOrder,
    Plan,
    RollbackText,
    RowLoss,
    Selection,
    Transactions,
    plan_apply,
    plan_rollback,
    resolve,
    statuses,
)
from sqlmig.source.files import read_migrations
from sqlmig.validation import validate

if TYPE_CHECKING:
    from sqlmig.engine.executor import Executor

Files = Sequence[MigrationFile]
Planner = Callable[[History], Plan]


class Migrator:
    """The migrations of one project and one database.

    It holds no connection: each call opens its own and closes it. All raise SourceError for files
    that cannot be used, before any connection; ConfigError where no database is named, or the
    history cannot be found; DatabaseUnavailableError; and ServerError where the server refuses.
    """

    def __init__(self, config: Config, observer: Observer | None = None) -> None:
        self.config = config
        self._observer = observer or SilentObserver()

    def validate(self) -> tuple[MigrationFile, ...]:
        """All migrations on disk, every statement read; without a database."""
        return validate(self.config)

    def status(self) -> list[MigrationStatus]:
        """Every migration on disk or in the history, in the order in which they apply.

        Reads only: a database that sqlmig has never seen stays as it is and reports all pending.
        """
        files = self._files()
        with self._history() as history:
            return statuses(files, _rows(files, history))

    def plan_apply(
        self,
        target: str | None = None,
        *,
        out_of_order: OutOfOrder | None = None,
        transactions: Transactions = Transactions.EACH,
        decision: Decision | None = None,
    ) -> Plan:
        """What `apply` with these arguments would do; reads only. Raises PlanError."""
        files = self._files()
        planner = self._apply_planner(files, target, out_of_order, transactions, decision)
        with self._history() as history:
            return planner(history)

    def apply(
        self,
        target: str | None = None,
        *,
        out_of_order: OutOfOrder | None = None,
        transactions: Transactions = Transactions.EACH,
        decision: Decision | None = None,
    ) -> Report:
        """Applies what is pending, up to and including the target, and records it.

        `decision` is what a person knows of a statement in which an earlier runner died. With
        nothing pending, no lock is taken and nothing is written. Raises PlanError before anything
        is touched, LockTimeoutError where another runner stays at work, MigrationFailedError, with
        the report, where a script fails, and RunInterrupted after a Ctrl-C.
        """
        files = self._files()
        planner = self._apply_planner(files, target, out_of_order, transactions, decision)
        with self._history() as history:
            return self._run(planner, history)

    def plan_rollback(self, selection: Selection, *, text: RollbackText | None = None) -> Plan:
        """What `rollback` with these arguments would do; reads only. Raises PlanError."""
        files = self._files()
        with self._history() as history:
            return _plan_rollback(files, history, selection, text)

    def rollback(
        self,
        selection: Selection,
        *,
        text: RollbackText | None = None,
        row_loss: RowLoss = RowLoss.ASK,
        consented: Collection[str] = (),
    ) -> Report:
        """Rolls back the selected migrations, newest first, and records it.

        `text` says whose script to run where the file differs from the recorded one. Raises as
        `apply` does; IrreversibleMigrationError before anything is touched; RowLossError, in
        production, for the first migration that would lose rows and is not among `consented`.
        """
        files = self._files()
        asks = row_loss is RowLoss.ASK and self.config.is_production

        pinned: list[str] = []

        def planner(history: History) -> Plan:
            plan = _plan_rollback(files, history, selection, text)
            ids = [planned.migration_id for planned in plan.migrations]
            if pinned and pinned != ids:
                raise PlanError(
                    "another runner has changed the history since the plan was made",
                    remedy="Nothing was rolled back. See `sqlmig status`, and run it again.",
                )
            pinned[:] = ids
            return replace(
                plan,
                row_loss=RowLoss.ASK if asks else RowLoss.ACCEPT,
                consented=frozenset(consented),
            )

        with self._history() as history:
            return self._run(planner, history)

    def compare(self, reference: str) -> Comparison:
        """What was recorded of a migration beside what its files say now; reads only."""
        files = self._files()
        with self._history() as history:
            rows = history.read()
            ids = [*(row.migration_id for row in rows), *(file.migration_id for file in files)]
            migration_id = resolve(reference, ids)
            return compare(migration_id, files, history.with_texts(rows, [migration_id]))

    def repair(self, references: Sequence[str] | None = None) -> list[str]:
        """Records the files of applied migrations as they are now; the ids that it wrote.

        Of those named, or of all, it writes those whose files differ from the record or are not
        recorded yet.
        Raises UnknownTargetError, and PlanError for one that is not applied or has no file.
        """
        files = {file.migration_id: file for file in self._files()}
        with self._history() as found, self._locked(found):
            history = self._find_history(found.connection)
            applied = [row for row in history.read() if not row.is_partial]
            if references is not None:
                named = {_repairable(reference, applied, files) for reference in references}
                applied = [row for row in applied if row.migration_id in named]
            chosen = [row.migration_id for row in applied if _is_repairable(row, files)]
            with history.connection.transaction():
                if chosen and not history.has_details:
                    history.connection.execute(creation(history).encode())
                for migration_id in chosen:
                    _record(history, files[migration_id])
            return chosen

    def _files(self) -> tuple[MigrationFile, ...]:
        return read_migrations(self.config.migrations_folder, self.config.rollbacks_folder)

    @contextmanager
    def _history(self) -> Iterator[History]:
        with self._connect() as connection, translated():
            yield self._find_history(connection)

    def _connect(self) -> Connection:
        return opened(conninfo(self.config), self.config.wait_for_database)

    def _find_history(self, connection: Connection) -> History:
        return find_history(connection, self.config.history_schema)

    @contextmanager
    def _locked(self, history: History) -> Iterator[RunnerLock]:
        """Holds the runner's lock; what was read of the history before may be old by then."""
        lock = RunnerLock(history.connection, history.schema, history.is_pooled)
        with lock.held(self.config.lock_wait, self._observer):
            yield lock

    def _apply_planner(
        self,
        files: Files,
        target: str | None,
        out_of_order: OutOfOrder | None,
        transactions: Transactions,
        decision: Decision | None,
    ) -> Planner:
        setting = OutOfOrder.ALLOW if self.config.allow_out_of_order else OutOfOrder.REFUSE
        made: dict[tuple[AppliedMigration, ...], Plan] = {}

        def planner(history: History) -> Plan:
            """Reads the history; the same history gives the plan that was made of it before."""
            rows = tuple(_rows(files, history))
            if rows not in made:
                made[rows] = plan_apply(
                    files,
                    rows,
                    target=target,
                    out_of_order=out_of_order or setting,
                    transactions=transactions,
                    decision=decision,
                )
            return made[rows]

        return planner

    def _run(self, planner: Planner, history: History) -> Report:
        """Runs what the planner plans, under the lock, and again while others are at work."""
        plan = planner(history)
        if not plan.migrations:
            return Report(plan.direction, warnings=plan.warnings)
        results: tuple[MigrationResult, ...] = ()
        with self._locked(history) as lock:
            while True:
                current = self._find_history(history.connection)
                plan = planner(current)
                try:
                    report = self._executor(plan, current, lock).execute(plan)
                except HistoryMovedError as moved:
                    results += moved.results
                else:
                    return replace(report, results=results + report.results)

    def _executor(self, plan: Plan, history: History, lock: RunnerLock) -> Executor:
        # yoyo takes longer to import than most commands take to run.
        from sqlmig.engine.executor import Executor  # noqa: PLC0415

        if history.is_pooled:
            _refuse_pooled(plan)
        config = self.config
        limits = Limits(
            config.lock_timeout,
            config.statement_timeout,
            runner_wait=config.lock_wait,
            tries=config.lock_tries,
        )
        return Executor(history, lock, limits, self._observer, self._connect)


def _refuse_pooled(plan: Plan) -> None:
    outside = [m.migration_id for m in plan.migrations if not m.directives.transactional]
    if outside:
        raise PlanError(
            f"this connection goes through a pooler, which cannot run what is declared "
            f"`transactional: false`: {', '.join(outside)}",
            remedy="Give the URL of the server itself.",
        )


def _rows(files: Files, history: History) -> list[AppliedMigration]:
    """The history, with the texts of what differs from the files."""
    on_disk = {file.migration_id: file.file.script.checksum for file in files}
    rows = history.read()
    differing = [
        row.migration_id
        for row in rows
        if row.checksum is not None and row.checksum != on_disk.get(row.migration_id)
    ]
    return history.with_texts(rows, differing)


def _plan_rollback(
    files: Files, history: History, selection: Selection, text: RollbackText | None
) -> Plan:
    rows = history.read()
    rows = history.with_texts(rows, [row.migration_id for row in rows])
    return plan_rollback(files, rows, selection, text)


def _is_repairable(row: AppliedMigration, files: dict[str, MigrationFile]) -> bool:
    file = files.get(row.migration_id)
    if file is None:
        return False
    rollback = file.rollback.script.checksum if file.rollback else None
    return (row.checksum, row.rollback_checksum) != (file.file.script.checksum, rollback)


def _repairable(
    reference: str, applied: Sequence[AppliedMigration], files: dict[str, MigrationFile]
) -> str:
    ids = [row.migration_id for row in applied]
    migration_id = resolve(reference, [*ids, *files])
    if migration_id not in ids:
        raise PlanError(
            f"{migration_id} is not applied, so there is no record to repair",
            remedy="Apply it: sqlmig apply.",
        )
    if migration_id not in files:
        raise PlanError(
            f"{migration_id} has no file to record", remedy="Restore it from version control."
        )
    return migration_id


def _record(history: History, file: MigrationFile) -> None:
    rollback = file.rollback.script if file.rollback else None
    content = Content.of(file.file.script, rollback, file.file.directives.record)
    history.connection.execute(repaired(history, file.migration_id, content).encode())
