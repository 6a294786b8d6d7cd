"""One runner at a time: a session-level advisory lock on the connection that does the work.

The lock is polled: waiting for it in a statement would hold a snapshot, and CREATE INDEX
CONCURRENTLY waits for all snapshots. It lasts as long as the work, because the server releases it
when the session ends.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from sqlmig.engine.server.connection import Connection
from sqlmig.errors import LockTimeoutError
from sqlmig.model import LockHolder, Observer

_FIRST_PAUSE, _LONGEST_PAUSE, _PAUSE_GROWTH = 0.05, 0.5, 1.5
_SECONDS_BETWEEN_REPORTS = 5.0

_HOLDER = """
SELECT l.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'this machine'),
       a.backend_start
  FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
   AND l.classid = ((%(key)s::bigint >> 32) & 4294967295)::oid
   AND l.objid = (%(key)s::bigint & 4294967295)::oid
"""


@dataclass(frozen=True, slots=True)
class RunnerLock:
    """The lock of one history. The server keys it by database, and sqlmig by schema.

    Through a pooler (`is_pooled`), the server's session would keep the lock after its client is
    gone, so it is not taken: the lock on the history's table serialises runners instead.
    """

    connection: Connection
    schema: str
    is_pooled: bool = False

    @property
    def key(self) -> int:
        """The signed 64-bit key of the schema's history."""
        digest = hashlib.sha256(f"sqlmig:{self.schema}".encode()).digest()
        return int.from_bytes(digest[:8], signed=True)

    @contextmanager
    def held(self, wait: float, observer: Observer) -> Iterator[None]:
        """Holds the lock. Raises LockTimeoutError, naming the holder, after `wait` seconds."""
        if self.is_pooled:
            yield
            return
        self._acquire(wait, observer)
        try:
            yield
        finally:
            self._release()

    def try_acquire(self) -> bool:
        """Takes the lock if it is free; also True if this session already has it."""
        if self.is_pooled:
            return True
        row = self.connection.execute(
            "SELECT pg_catalog.pg_try_advisory_lock(%s)", (self.key,)
        ).fetchone()
        return row is not None and bool(row[0])

    def is_held_by(self, pid: int, asker: Connection) -> bool:
        """Whether that server process holds the lock, asked through another session."""
        holder = RunnerLock(asker, self.schema).holder()
        return self.is_pooled or (holder is not None and holder.pid == pid)

    def holder(self) -> LockHolder | None:
        """The session that holds it; None if it is free, or this role cannot see its holder."""
        row = self.connection.execute(_HOLDER, {"key": self.key}).fetchone()
        return LockHolder(*row) if row else None

    def _acquire(self, wait: float, observer: Observer) -> None:
        started = time.monotonic()
        pause, next_report = _FIRST_PAUSE, 0.0
        while not self.try_acquire():
            waited = time.monotonic() - started
            if waited >= wait:
                raise self._timeout(waited)
            if waited >= next_report:
                observer.waiting_for_lock(self.holder(), wait - waited)
                next_report = waited + _SECONDS_BETWEEN_REPORTS
            time.sleep(min(pause, wait - waited))
            pause = min(pause * _PAUSE_GROWTH, _LONGEST_PAUSE)

    def _timeout(self, waited: float) -> LockTimeoutError:
        holder = self.holder()
        return LockTimeoutError(
            f"another runner is active: {holder or 'it has just ended'}",
            waited=waited,
            remedy=f"Gave up after {waited:.0f} s; nothing was touched. Try again when it is "
            "done, or wait longer: --lock-wait SECONDS.",
        )

    def _release(self) -> None:
        if self.connection.closed:
            return
        with suppress(psycopg.OperationalError):  # the end of the session releases it too
            self.connection.execute("SELECT pg_catalog.pg_advisory_unlock(%s)", (self.key,))
