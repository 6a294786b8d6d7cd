"""Writes the history without running anything: marks migrations as applied or not applied.

The operations in yoyo's log have yoyo's own names; the reason is in the events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import LiteralString

from sqlmig.engine.history import records
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.records import Content, LogEntry
from sqlmig.engine.run.backend import Backend
from sqlmig.model import MigrationFile, Migrations

# The same lock that a migration takes, to wait for one that is running.
_LOCK: LiteralString = "LOCK TABLE {details} IN SHARE ROW EXCLUSIVE MODE"


def mark(
    history: History,
    files: Migrations,
    reason: str,
    times: Mapping[str, datetime] = MappingProxyType({}),
) -> None:
    """Records those migrations as applied, with their files' texts, in one transaction; the
    runner's lock must be held. `times` are the times of application by id, if not now."""

    def applied(file: MigrationFile, entry: LogEntry) -> Iterator[str]:
        yield records.applied(history, entry, Content.of_file(file), duration=0.0)
        if file.migration_id in times:
            yield records.dated(history, file.migration_id, times[file.migration_id])

    _write(history, files, "mark", reason, applied)


def unmark(history: History, files: Migrations, reason: str) -> None:
    """Records those migrations as not applied, in one transaction; the runner's lock must be
    held."""

    def rolled_back(_: MigrationFile, entry: LogEntry) -> Iterator[str]:
        yield records.rolled_back(history, entry)

    _write(history, files, "unmark", reason, rolled_back)


def _write(
    history: History,
    files: Migrations,
    event: str,
    reason: str,
    record: Callable[[MigrationFile, LogEntry], Iterator[str]],
) -> None:
    backend = Backend(history)
    backend.ensure_internal_schema_updated()
    statements = [history.sql(_LOCK)]
    for file in files:
        statements += record(file, backend.entry(file.migration_id, event))
        statements.append(records.noted(history, event, file.migration_id, reason))
    with history.connection.transaction():
        for statement in statements:
            history.connection.execute(statement.encode())
