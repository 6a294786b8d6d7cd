"""Files and history as a planner sees them, without a folder or a database."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmig.model import AppliedMigration, MigrationFile, ScriptFile
from sqlmig.source.directives import FileKind
from sqlmig.source.files import script_from_bytes
from sqlmig.source.head import read_head

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def file(
    migration_id: str, sql: str = "select 1;", rollback: str | None = "select 2;"
) -> MigrationFile:
    """A migration on disk, with its head read."""
    return MigrationFile(
        migration_id,
        _script_file(f"sql/migrations/{migration_id}.sql", sql, FileKind.MIGRATION),
        None
        if rollback is None
        else _script_file(f"sql/rollbacks/{migration_id}.sql", rollback, FileKind.ROLLBACK),
    )


def files(*migration_ids: str) -> list[MigrationFile]:
    """Migrations on disk whose text does not matter."""
    return [file(migration_id) for migration_id in migration_ids]


def applied(
    migration: MigrationFile, *, done: int | None = None, total: int | None = None
) -> AppliedMigration:
    """The row of a migration that was applied, wholly or partly, as its files are."""
    script = migration.file.script
    return AppliedMigration(
        migration.migration_id,
        applied_at=NOON,
        checksum=script.checksum,
        apply_sql=script.text,
        rollback_sql=migration.rollback.script.text if migration.rollback else None,
        statements_done=done,
        statements_begun=done,
        statements_total=total,
    )


def by_yoyo(migration_id: str) -> AppliedMigration:
    """The row of a migration that stock yoyo applied."""
    return AppliedMigration(migration_id, applied_at=NOON)


def _script_file(path: str, sql: str, kind: FileKind) -> ScriptFile:
    script = script_from_bytes(path, sql.encode())
    return ScriptFile(script, *read_head(path, script.text, kind))
