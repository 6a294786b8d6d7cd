"""The migrations as the history recorded them, to run again elsewhere."""

from __future__ import annotations

from sqlmig.errors import PartialMigrationError, PlanError
from sqlmig.model import Applied, AppliedMigration, Direction, MigrationFile, Migrations, Script
from sqlmig.model.suggestions import as_words
from sqlmig.plan import PlannedMigration
from sqlmig.source.directives import FileKind
from sqlmig.source.head import read_head
from sqlmig.source.script import prepare


def recorded_migrations(rows: Applied, files: Migrations) -> tuple[PlannedMigration, ...]:
    """What was applied, in that order, with the recorded texts, or the file's if none was kept.

    `rows` must have the texts. Raises PartialMigrationError for a partly applied migration, and
    PlanError for one that has no text, or only a file that differs from what was applied.
    """
    _refuse_partial(rows)
    by_id = {file.migration_id: file for file in files}
    return tuple(_planned(row, by_id.get(row.migration_id)) for row in rows)


def _planned(row: AppliedMigration, file: MigrationFile | None) -> PlannedMigration:
    script = _script(row, file)
    directives, description = read_head(script.path, script.text, FileKind.MIGRATION)
    return PlannedMigration(
        row.migration_id,
        Direction.APPLY,
        prepare(script, directives),
        directives,
        description,
    )


def _script(row: AppliedMigration, file: MigrationFile | None) -> Script:
    if row.apply_sql is not None:
        return Script.recorded("text", row.migration_id, row.apply_sql)
    if file is None:
        raise PlanError(
            f"{row.migration_id} is applied, but its text was not recorded and its file is gone",
            remedy="Restore its file from version control.",
        )
    script = file.file.script
    if row.checksum not in (None, script.checksum):
        raise PlanError(
            f"{row.migration_id} is applied, but only its checksum was recorded, and its file "
            "has changed",
            remedy="Restore the file as it was applied, or accept it as it is now: "
            f"sqlmig repair {as_words(row.migration_id)}.",
        )
    return script


def _refuse_partial(rows: Applied) -> None:
    partial = [row.migration_id for row in rows if row.is_partial]
    if partial:
        raise PartialMigrationError(
            f"partly applied: {', '.join(partial)}",
            migration_ids=partial,
            remedy="Finish it with `sqlmig apply`, or roll it back: "
            f"sqlmig rollback --only {as_words(partial[0])}.",
        )
