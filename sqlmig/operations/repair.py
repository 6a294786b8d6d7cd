"""Updates the record of applied migrations from their current files."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.engine.history.reading import History
from sqlmig.engine.history.records import Content, repaired
from sqlmig.engine.history.stamping import ensure_tables
from sqlmig.errors import PlanError
from sqlmig.model import Applied, AppliedMigration, MigrationFile, Migrations
from sqlmig.plan import resolve


def repair(history: History, migrations: Migrations, references: Sequence[str] | None) -> list[str]:
    """Records those named, or all, whose files differ from the record or are not recorded yet; the
    ids that it wrote. The runner's lock is held.

    Raises UnknownTargetError, and PlanError for one that is not applied or has no file.
    """
    files = {file.migration_id: file for file in migrations}
    applied = [row for row in history.read() if not row.is_partial]
    if references is not None:
        named = {_repairable(reference, applied, files) for reference in references}
        applied = [row for row in applied if row.migration_id in named]
    chosen = [row.migration_id for row in applied if _is_repairable(row, files)]
    with history.connection.transaction():
        if chosen:
            ensure_tables(history)
        for migration_id in chosen:
            content = Content.of_file(files[migration_id])
            history.connection.execute(repaired(history, migration_id, content).encode())
    return chosen


def _is_repairable(row: AppliedMigration, files: dict[str, MigrationFile]) -> bool:
    if row.migration_id not in files:
        return False
    content = Content.of_file(files[row.migration_id])
    return (row.checksum, row.rollback_checksum) != (content.checksum, content.rollback_checksum)


def _repairable(reference: str, applied: Applied, files: dict[str, MigrationFile]) -> str:
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
