"""The outcome of migrations whose COMMIT was sent and never answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from enum import Enum

import psycopg

from sqlmig.engine.history.finding import find_history
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.records import LogEntry, is_logged, settled
from sqlmig.engine.server.connection import Connection, Connector
from sqlmig.errors import DatabaseUnavailableError

_log = logging.getLogger("sqlmig")

_SECONDS_OF_PATIENCE = 10.0
_SECONDS_BETWEEN_TRIES = 0.5

_END_IDLE = """
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
 WHERE pid = %s AND state = 'idle'
"""


class Fate(Enum):
    """Whether a batch was committed, as far as is known."""

    COMMITTED = "committed"
    UNDONE = "undone"
    UNKNOWN = "unknown"


def fate_of(entries: Sequence[LogEntry], history: History, connect: Connector, pid: int) -> Fate:
    """Looks in the history, on a new connection, for the log rows that were sent with the COMMIT.

    `pid` is the server process of the session that sent them. It may still run after the connection
    is lost, so this waits for it to end. UNKNOWN if it does not end within ten seconds, or no
    connection can be made.
    """
    deadline = time.monotonic() + _SECONDS_OF_PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        try:
            with connect() as connection:
                if not _is_at_work(pid, history, connection):
                    return _looked_up(entries[-1], history.schema, connection, left)
        except (DatabaseUnavailableError, psycopg.OperationalError) as error:
            _log.debug("the history cannot be read: %s", error)
        time.sleep(_SECONDS_BETWEEN_TRIES)
    return Fate.UNKNOWN


def recorded_of(entries: Sequence[LogEntry], history: History) -> set[str]:
    """The ids whose log rows exist, although a script ended the transaction that was to write them.
    Asked in the script's session, but with sqlmig's role."""
    connection = history.connection
    connection.execute("RESET SESSION AUTHORIZATION; RESET ROLE")
    return {
        entry.migration_id
        for entry in entries
        if connection.execute(is_logged(history, entry).encode()).fetchone() == (True,)
    }


def _is_at_work(pid: int, history: History, connection: Connection) -> bool:
    """Whether the session that lost its client still has the runner's lock. Ends that session if it
    is idle, because it may not have read the message yet."""
    if history.is_pooled or not history.connection.closed:
        return False
    if not RunnerLock(connection, history.schema).is_held_by(pid, connection):
        return False
    connection.execute(_END_IDLE, (pid,))
    return True


def _looked_up(entry: LogEntry, schema: str, connection: Connection, patience: float) -> Fate:
    """Waits up to `patience` seconds until no session is running a migration, then looks."""
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{patience * 1000:.0f}ms'".encode())
        found = find_history(connection, schema)
        connection.execute(settled(found).encode())
        row = connection.execute(is_logged(found, entry).encode()).fetchone()
    return Fate.COMMITTED if row == (True,) else Fate.UNDONE
