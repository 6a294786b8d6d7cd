"""Writes the history where nothing was run: what is said to be applied, or not to be.

The words in yoyo's log are yoyo's own; the reason stands among the events.
"""

from __future__ import annotations

from typing import LiteralString

from sqlmig.engine.history import records
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.records import Content
from sqlmig.engine.run.backend import Backend
from sqlmig.model import MigrationFile, Migrations

# As a migration does, so that one that runs at the same time is waited for.
_LOCK: LiteralString = "LOCK TABLE {details} IN SHARE ROW EXCLUSIVE MODE"


def mark(history: History, files: Migrations, reason: str) -> None:
    """Records those migrations as applied, with their files' texts, in one transaction; the
    runner's lock is held."""
    backend = Backend(history)
    backend.ensure_internal_schema_updated()
    with history.connection.transaction():
        _send(history, history.sql(_LOCK))
        for file in files:
            entry = backend.entry(file.migration_id, "mark")
            _send(history, records.applied(history, entry, _content(file), duration=0.0))
            _send(history, records.noted(history, "mark", file.migration_id, reason))


def unmark(history: History, files: Migrations, reason: str) -> None:
    """Records those migrations as not applied, in one transaction; the runner's lock is held."""
    backend = Backend(history)
    backend.ensure_internal_schema_updated()
    with history.connection.transaction():
        _send(history, history.sql(_LOCK))
        for file in files:
            entry = backend.entry(file.migration_id, "unmark")
            _send(history, records.rolled_back(history, entry))
            _send(history, records.noted(history, "unmark", file.migration_id, reason))


def _content(file: MigrationFile) -> Content:
    rollback = file.rollback.script if file.rollback else None
    return Content.of(file.file.script, rollback, file.file.directives.record)


def _send(history: History, statement: str) -> None:
    history.connection.execute(statement.encode())
