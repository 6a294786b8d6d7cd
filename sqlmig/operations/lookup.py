"""Finds the text of one script: from its file or from the record."""

from __future__ import annotations

from enum import Enum

from sqlmig.engine.database import Database
from sqlmig.errors import ConfigError, PlanError, UnknownTargetError
from sqlmig.model import MigrationFile, Script
from sqlmig.operations.planning import find_named
from sqlmig.plan import resolve
from sqlmig.source.files import UsableFiles


class ScriptSource(Enum):
    """Where to read a text: from the file, or from the record if the file is gone; or only from the
    record."""

    FILE = "file"
    RECORD = "record"


class ScriptPart(Enum):
    """Which of a migration's two scripts."""

    MIGRATION = "migration"
    ROLLBACK = "rollback"


def find_script(
    database: Database, files: UsableFiles, reference: str, part: ScriptPart, source: ScriptSource
) -> Script:
    """The script of the named migration; the database is read only for the record.

    Raises UnknownTargetError, and PlanError if there is no such text.
    """
    on_disk = _on_disk(files, reference) if source is ScriptSource.FILE else None
    if on_disk is None:
        return _recorded(database, files, reference, part)
    found = on_disk.file if part is ScriptPart.MIGRATION else on_disk.rollback
    if found is not None:
        return found.script
    if on_disk in files.without_rollback:
        try:
            return _recorded(database, files, reference, part)
        except (ConfigError, PlanError):  # no database, or no such record
            files.expect([on_disk.migration_id])
    raise _nothing_to_show(on_disk.migration_id, part)


def _on_disk(files: UsableFiles, reference: str) -> MigrationFile | None:
    by_id = {file.migration_id: file for file in files.readable}
    try:
        migration_id = resolve(reference, files.ids)
    except UnknownTargetError:
        return None
    if migration_id not in by_id:
        files.expect([migration_id])
    return by_id[migration_id]


def _recorded(database: Database, files: UsableFiles, reference: str, part: ScriptPart) -> Script:
    with database.history() as history:
        migration_id, _, rows = find_named(files.readable, history, reference)
    is_rollback = part is ScriptPart.ROLLBACK
    texts = {row.migration_id: row.rollback_sql if is_rollback else row.apply_sql for row in rows}
    text = texts.get(migration_id)
    if text is None:
        raise _nothing_to_show(migration_id, part)
    return Script.recorded(part.value, migration_id, text)


def _nothing_to_show(migration_id: str, part: ScriptPart) -> PlanError:
    return PlanError(
        f"there is no {part.value} script of {migration_id} to show",
        remedy="Check its state: sqlmig status.",
    )
