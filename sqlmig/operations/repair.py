"""Updates the record of applied migrations from their current files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlmig.engine.history import records
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.records import Content
from sqlmig.engine.history.stamping import ensure_tables
from sqlmig.errors import PlanError
from sqlmig.model import Applied, AppliedMigration, MigrationFile, Migrations
from sqlmig.operations.planning import own_rows
from sqlmig.plan import resolve
from sqlmig.plan.renames import Renames, find_renames


def repair(history: History, migrations: Migrations, references: Sequence[str] | None) -> list[str]:
    """Records the named migrations, or all, whose name or text differs from the record or is not
    recorded yet; returns the ids that it wrote. The runner's lock must be held.

    Raises UnknownTargetError, and PlanError for a migration that is not applied or has no file.
    """
    rows = own_rows(migrations, history)
    renames = find_renames(migrations, rows)
    files = {file.migration_id: file for file in migrations}
    applied = [
        _under_its_name(row, renames)
        for row in rows
        if not row.is_partial or row.migration_id in renames
    ]
    if references is not None:
        named = {_repairable(reference, applied, files) for reference in references}
        applied = [row for row in applied if row.migration_id in named]
    chosen = [row.migration_id for row in applied if not row.is_partial and _differs(row, files)]
    new_names = {row.migration_id for row in applied}
    renamed = {old: f.migration_id for old, f in renames.items() if f.migration_id in new_names}
    with history.connection.transaction():
        if chosen or renamed:
            ensure_tables(history)
        for statement in _statements(history, renamed, [files[name] for name in chosen]):
            history.connection.execute(statement.encode())
    return list(dict.fromkeys([*renamed.values(), *chosen]))


def _statements(history: History, renamed: Mapping[str, str], chosen: Migrations) -> Iterator[str]:
    for old, new in renamed.items():
        yield records.renamed(history, old, new)
        yield records.noted(history, "renamed", new, f"it was {old}")
    for file in chosen:
        yield records.repaired(history, file.migration_id, Content.of_file(file))


def _under_its_name(row: AppliedMigration, renames: Renames) -> AppliedMigration:
    file = renames.get(row.migration_id)
    return replace(row, migration_id=file.migration_id) if file else row


def _differs(row: AppliedMigration, files: Mapping[str, MigrationFile]) -> bool:
    if row.migration_id not in files:
        return False
    content = Content.of_file(files[row.migration_id])
    return (row.checksum, row.rollback_checksum) != (content.checksum, content.rollback_checksum)


def _repairable(reference: str, applied: Applied, files: Mapping[str, MigrationFile]) -> str:
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
