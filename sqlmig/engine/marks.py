"""Writes the history where nothing was run: what is said to be applied, or not to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from sqlmig.engine import records
from sqlmig.engine.backend import Backend
from sqlmig.engine.history import History
from sqlmig.engine.records import Content, LogEntry
from sqlmig.marking import Operation
from sqlmig.model import MigrationFile

# yoyo's log has no room for a reason, so it stands in our own table under the number of the log's
# row.
_REASON: LiteralString = """
INSERT INTO {state} VALUES ('reason ' || %(log_id)s, jsonb_build_object(
  'operation', %(operation)s, 'migration', %(migration_id)s, 'reason', %(reason)s))
"""

# As a migration does, so that one that runs at the same time is waited for.
_LOCK: LiteralString = "LOCK TABLE {details} IN SHARE ROW EXCLUSIVE MODE"


def write_marks(
    history: History, files: Sequence[MigrationFile], operation: Operation, reason: str
) -> None:
    """Records those migrations as applied with their files' texts, or as not applied, all in one
    transaction, with the reason; the runner's lock is held."""
    backend = Backend(history)
    backend.ensure_internal_schema_updated()
    with history.connection.transaction():
        history.connection.execute(history.sql(_LOCK).encode())
        for file in files:
            entry = backend.entry(file.migration_id, operation.value)
            history.connection.execute(_record(history, file, entry, operation).encode())
            parameters = {**entry.parameters(), "reason": reason}
            history.connection.execute(history.sql(_REASON, **parameters).encode())


def _record(history: History, file: MigrationFile, entry: LogEntry, operation: Operation) -> str:
    if operation is Operation.UNMARK:
        return records.rolled_back(history, entry)
    rollback = file.rollback.script if file.rollback else None
    content = Content.of(file.file.script, rollback, file.file.directives.record)
    return records.applied(history, entry, content, duration=0.0)
