"""The commands that bring back a file that is missing from what the history has of it."""

from __future__ import annotations

from pathlib import PurePath

from sqlmig.errors import MissingRollbackError, SourceError, UnusableFilesError
from sqlmig.model import Applied, AppliedMigration, Migrations
from sqlmig.model.suggestions import as_words


def restore_migration(row: AppliedMigration, files: Migrations) -> str:
    """The command that writes its file beside the others; "" where its text was not recorded."""
    if row.apply_sql is None:
        return ""
    command = f"sqlmig show {as_words(row.migration_id)} --recorded"
    if not files:
        return command
    folder = PurePath(files[0].file.script.path).parent
    return f"{command} > {as_words(str(folder / f'{row.migration_id}.sql'))}"


def restore_rollback(error: SourceError, row: AppliedMigration | None) -> str:
    """The command that writes its rollback file; "" where it is not that which is missing, or no
    rollback was recorded."""
    if not isinstance(error, MissingRollbackError) or row is None or row.rollback_checksum is None:
        return ""
    name = as_words(row.migration_id)
    return f"sqlmig show {name} --rollback --recorded > {as_words(error.expected)}"


def with_record(error: SourceError, history: Applied) -> SourceError:
    """The error, with the commands that restore missing rollback files from the history."""
    if isinstance(error, UnusableFilesError):
        return UnusableFilesError([with_record(each, history) for each in error.errors])
    if not isinstance(error, MissingRollbackError):
        return error
    row = next((row for row in history if row.migration_id == error.migration_id), None)
    if command := restore_rollback(error, row):
        return error.with_remedy(
            f"The database has its text: sqlmig rollback {as_words(error.migration_id)} "
            f"--use recorded; to restore the file: {command}"
        )
    return error
