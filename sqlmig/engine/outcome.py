"""What became of migrations whose COMMIT was sent and whose answer never came."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import Enum

import psycopg

from sqlmig.engine.connection import Connector
from sqlmig.engine.history import History, find_history
from sqlmig.engine.records import LogEntry, is_logged, settled
from sqlmig.errors import DatabaseUnavailableError

_SECONDS_TO_RECONNECT = 10.0
_SECONDS_BETWEEN_TRIES = 0.5


class Fate(Enum):
    """Whether a batch is committed, as far as can be told."""

    COMMITTED = "committed"
    UNDONE = "undone"
    UNKNOWN = "unknown"


def fate_of(entries: Sequence[LogEntry], history: History, connect: Connector) -> Fate:
    """Asks the history, on a new connection, for the log rows that went with the COMMIT.

    The session that was cut off may still be at work, so its lock is waited for first. UNKNOWN
    where no connection can be had within ten seconds.
    """
    deadline = time.monotonic() + _SECONDS_TO_RECONNECT
    while True:
        try:
            with connect() as connection, connection.transaction():
                found = find_history(connection, history.schema)
                connection.execute(settled(found).encode())
                row = connection.execute(is_logged(found, entries[-1]).encode()).fetchone()
        except (DatabaseUnavailableError, psycopg.OperationalError):
            if time.monotonic() >= deadline:
                return Fate.UNKNOWN
            time.sleep(_SECONDS_BETWEEN_TRIES)
        else:
            return Fate.COMMITTED if row == (True,) else Fate.UNDONE
