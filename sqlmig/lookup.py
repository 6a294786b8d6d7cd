"""Finds the text of one script: as its file has it, or as it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from sqlmig.errors import PlanError
from sqlmig.model import AppliedMigration, MigrationFile, Script
from sqlmig.source.files import checksum


class Part(Enum):
    """Which of a migration's two scripts."""

    MIGRATION = "migration"
    ROLLBACK = "rollback"


def file_text(migration_id: str, part: Part, files: Sequence[MigrationFile]) -> Script | None:
    """The script on disk; None where there is no file, or where it declares no rollback."""
    file = next((file for file in files if file.migration_id == migration_id), None)
    if file is None:
        return None
    found = file.file if part is Part.MIGRATION else file.rollback
    return found.script if found else None


def recorded_text(migration_id: str, part: Part, rows: Sequence[AppliedMigration]) -> Script | None:
    """The script that was recorded; None where none was. `rows` have the texts."""
    row = next((row for row in rows if row.migration_id == migration_id), None)
    if row is None:
        return None
    text = row.apply_sql if part is Part.MIGRATION else row.rollback_sql
    return None if text is None else Script(f"recorded {part.value}", text, checksum(text))


def nothing_to_show(migration_id: str, part: Part) -> PlanError:
    """That there is no such text, and what may be instead."""
    return PlanError(
        f"there is no {part.value} script of {migration_id} to show",
        remedy="See how it stands: sqlmig status.",
    )
