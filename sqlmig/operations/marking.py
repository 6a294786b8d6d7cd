"""Marks migrations as applied or not applied, without running anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlmig.engine.database import Database
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.stamping import stamp_new
from sqlmig.errors import PlanError, RenamedMigrationError
from sqlmig.model import Applied, MigrationFile, Migrations
from sqlmig.model.suggestions import as_words
from sqlmig.operations.planning import own_rows
from sqlmig.plan import resolve
from sqlmig.plan.renames import find_renames

_BASELINE = "baseline"

Writer = Callable[[History, Migrations, str], None]


@dataclass(frozen=True, slots=True)
class Marking:
    """Which migrations to mark, in order, and why; none if all are already marked."""

    files: tuple[MigrationFile, ...]
    reason: str

    @property
    def migration_ids(self) -> tuple[str, ...]:
        """The ids, in order."""
        return tuple(file.migration_id for file in self.files)


def record_marking(
    database: Database, files: Migrations, planner: Callable[[Applied], Marking], write: Writer
) -> tuple[str, ...]:
    """Writes the planned marks under the runner's lock, and stamps a database without a stamp if
    its environment is named. Returns the ids; none if all were already marked.

    Raises EnvironmentMismatchError and AnotherHistoryError before anything is written.
    """
    with database.history() as found:
        database.working_rules(found)
        if not planner(own_rows(files, found)).files:
            return ()
        with database.working(found) as session:
            rules = database.working_rules(session.history)
            marking = planner(own_rows(files, session.history))
            write(session.history, marking.files, marking.reason)
            stamp_new(session.history, rules)
            return marking.migration_ids


def plan_baseline(files: Migrations, rows: Applied, target: str) -> Marking:
    """Plans to mark as applied all migrations up to and including the target.

    Raises UnknownTargetError, and PlanError if the history already has something else: a baseline
    is for a database where no migration has run.
    """
    ids = [file.migration_id for file in files]
    return plan_whole(files[: ids.index(resolve(target, ids)) + 1], rows, _BASELINE)


def plan_whole(wanted: Migrations, rows: Applied, reason: str) -> Marking:
    """Plans to mark as applied those migrations and no others; none if they already are.

    Raises PlanError if the history already has something else.
    """
    applied = [row.migration_id for row in rows]
    if set(applied) == {file.migration_id for file in wanted}:
        return Marking((), reason)
    if applied:
        raise PlanError(
            f"this database already has a history, ending with {applied[-1]}",
            remedy="A baseline is for a database without one. To mark a single migration as "
            "applied: sqlmig mark ID --reason TEXT.",
        )
    return Marking(tuple(wanted), reason)


def plan_mark(files: Migrations, rows: Applied, reference: str, reason: str) -> Marking:
    """Plans to mark the migration as applied; none if it already is.

    Raises UnknownTargetError, RenamedMigrationError, and PlanError if it is partly applied, depends
    on a migration that is not applied, or no reason is given.
    """
    file = _file(files, reference)
    row = next((row for row in rows if row.migration_id == file.migration_id), None)
    if row is not None and row.is_partial:
        raise PlanError(
            f"{file.migration_id} is partly applied: {row.progress}",
            remedy="Finish it with `sqlmig apply`, or roll it back: "
            f"sqlmig rollback --only {as_words(file.migration_id)}.",
        )
    if row is not None:
        return Marking((), reason)
    _refuse_renamed(files, rows, file.migration_id)
    applied = {row.migration_id for row in rows if not row.is_partial}
    lacking = [name for name in file.file.directives.depends if name not in applied]
    if lacking:
        raise PlanError(
            f"{file.migration_id} depends on migrations that are not applied: {', '.join(lacking)}",
            remedy="Apply or mark them first.",
        )
    return Marking((file,), _stated(reason))


def plan_unmark(files: Migrations, rows: Applied, reference: str, reason: str) -> Marking:
    """Plans to mark the migration as not applied; none if it is not.

    Raises UnknownTargetError, RenamedMigrationError, and PlanError if its file is gone, an applied
    migration depends on it, or no reason is given.
    """
    applied = [row.migration_id for row in rows]
    migration_id = resolve(reference, [*applied, *(file.migration_id for file in files)])
    _refuse_renamed(files, rows, migration_id)
    if migration_id not in applied:
        return Marking((), reason)
    by_id = {file.migration_id: file for file in files}
    if migration_id not in by_id:
        raise PlanError(
            f"{migration_id} has no file, so it could not be applied again",
            remedy="Restore it from version control, or roll it back: "
            f"sqlmig rollback --only {as_words(migration_id)}.",
        )
    dependents = list(_dependents(files, applied, migration_id))
    if dependents:
        raise PlanError(
            f"applied migrations depend on {migration_id}: {', '.join(dependents)}",
            remedy="Unmark those first, newest first.",
        )
    return Marking((by_id[migration_id],), _stated(reason))


def _refuse_renamed(files: Migrations, rows: Applied, migration_id: str) -> None:
    """Raises RenamedMigrationError for a migration that is applied under another name."""
    for recorded, file in find_renames(files, rows).items():
        if migration_id in (recorded, file.migration_id):
            raise RenamedMigrationError(
                f"renamed since it was applied: {recorded} is now {file.migration_id}",
                migration_ids=[file.migration_id],
                remedy=f"Record the new name first: sqlmig repair {as_words(file.migration_id)}.",
            )


def _file(files: Migrations, reference: str) -> MigrationFile:
    by_id = {file.migration_id: file for file in files}
    return by_id[resolve(reference, by_id)]


def _dependents(files: Migrations, applied: Sequence[str], migration_id: str) -> Iterable[str]:
    for file in files:
        if file.migration_id in applied and migration_id in file.file.directives.depends:
            yield file.migration_id


def _stated(reason: str) -> str:
    if not reason.strip():
        raise PlanError("no reason was given", remedy="Say why; the log keeps it.")
    return reason.strip()
