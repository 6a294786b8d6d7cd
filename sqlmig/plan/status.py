"""The state of every migration, from the files and the history."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlmig.errors import SourceError
from sqlmig.model import (
    Applied,
    AppliedMigration,
    MigrationFile,
    Migrations,
    MigrationState,
    MigrationStatus,
    migration_order,
)
from sqlmig.model.suggestions import as_words
from sqlmig.plan.changed import change_of
from sqlmig.plan.renames import Renames, find_renames
from sqlmig.plan.restoring import restore_migration, restore_rollback

_REMEDIES = {
    MigrationState.PENDING: "sqlmig apply",
    MigrationState.CHANGED: "sqlmig diff {}",
    MigrationState.PARTIAL: "sqlmig apply",
}


def statuses(
    files: Migrations, history: Applied, unusable: Collection[str] = ()
) -> list[MigrationStatus]:
    """The state of every migration on disk or in the history, in the order in which they apply.

    `history` is in the order of application, with the recorded text if the checksums differ;
    `unusable` are ids that have a file which is not in `files`. `with_unusable` adds them.
    """
    renames = find_renames(files, history, unusable)
    applied = {_id_now(row.migration_id, renames): row for row in history}
    missing = sorted(set(applied) - {file.migration_id for file in files}, key=migration_order)
    newest = max((i for i, file in enumerate(files) if file.migration_id in applied), default=-1)
    last_missing = migration_order(missing[-1]) if missing else ((), "")
    result = []
    for index, file in enumerate(files):
        while missing and migration_order(missing[0]) < file.order:
            result.append(_missing_status(applied[missing.pop(0)], files))
        row = applied.get(file.migration_id)
        late = row is None and (index < newest or file.order < last_missing)
        result.append(_file_status(file, row, is_late=late))
    return result + [_missing_status(applied[name], files) for name in missing]


def with_unusable(
    statuses: list[MigrationStatus], unusable: Mapping[str, SourceError], history: Applied
) -> list[MigrationStatus]:
    """The statuses with the unusable files added, each before the first that sorts after it."""
    rows = {row.migration_id: row for row in history}
    result = [status for status in statuses if status.migration_id not in unusable]
    for name in sorted(unusable, key=migration_order):
        error = unusable[name]
        command = restore_rollback(error, rows.get(name))
        way_on = f"; the database has its text: {command}" if command else ""
        status = MigrationStatus(
            name,
            MigrationState.UNUSABLE,
            applied=rows.get(name),
            remedy=f"{error.location}: {error.message}{way_on}",
            command=command,
        )
        later = (i for i, s in enumerate(result) if _order(s) > migration_order(name))
        result.insert(next(later, len(result)), status)
    return result


def _order(status: MigrationStatus) -> tuple[tuple[int, ...], str]:
    return migration_order(status.migration_id)


def _id_now(migration_id: str, renames: Renames) -> str:
    file = renames.get(migration_id)
    return file.migration_id if file else migration_id


def _file_status(
    file: MigrationFile, row: AppliedMigration | None, *, is_late: bool
) -> MigrationStatus:
    state, rollback_changed = _state(file, row), _has_other_rollback(file, row)
    changed = f"its rollback has changed: sqlmig diff {as_words(file.migration_id)}"
    rollback_remedy = changed if rollback_changed else ""
    return MigrationStatus(
        file.migration_id,
        state,
        description=file.file.description,
        out_of_order=is_late,
        applied=row,
        remedy=_remedy(file.migration_id, state, row, is_late=is_late) or rollback_remedy,
        rollback_changed=rollback_changed,
        irreversible=file.rollback is None,
    )


def _has_other_rollback(file: MigrationFile, row: AppliedMigration | None) -> bool:
    """Whether a rollback was recorded and the file differs; the texts need not be loaded."""
    if row is None or row.rollback_checksum is None or file.rollback is None:
        return False
    return row.rollback_checksum != file.rollback.script.checksum


def _state(file: MigrationFile, row: AppliedMigration | None) -> MigrationState:
    if row is None:
        return MigrationState.PENDING
    if row.migration_id != file.migration_id:
        return MigrationState.RENAMED
    if row.is_partial:
        return MigrationState.PARTIAL
    if row.checksum is None or row.checksum == file.file.script.checksum:
        return MigrationState.APPLIED
    if row.apply_sql is None:
        return MigrationState.CHANGED
    return change_of(row.apply_sql, file.file.script.text)


def _remedy(
    migration_id: str, state: MigrationState, row: AppliedMigration | None, *, is_late: bool
) -> str:
    if is_late:
        return "renumber it, or sqlmig apply --allow-out-of-order"
    if row is not None and state is MigrationState.RENAMED:
        command = f"sqlmig repair {as_words(migration_id)}"
        return f"applied as {row.migration_id}; to record the new name: {command}"
    if row is not None and (number := row.doubtful_statement):
        return (
            f"statement {number} was started and may have completed; sqlmig apply checks, or "
            f"asks for --redo-statement {number} or --skip-statement {number}"
        )
    return _REMEDIES.get(state, "").format(as_words(migration_id))


def _missing_status(row: AppliedMigration, files: Migrations) -> MigrationStatus:
    command = restore_migration(row, files)
    restore = f"restore its file: {command}; or" if command else "restore its file, or"
    return MigrationStatus(
        row.migration_id,
        MigrationState.PARTIAL if row.is_partial else MigrationState.MISSING,
        applied=row,
        remedy=f"{restore} deploy the code that has it, or roll it back: "
        f"sqlmig rollback --only {as_words(row.migration_id)}",
        command=command,
        is_gone=True,
    )
