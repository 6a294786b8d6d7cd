"""Reports what a long statement waits for, and the progress of an index build, from a separate
thread and session."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from sqlmig.engine.server.connection import Connection, Connector
from sqlmig.errors import SqlmigError
from sqlmig.model import Blocker, IndexBuild, Observer

_log = logging.getLogger("sqlmig")
_SECONDS_BETWEEN_LOOKS = 1.0

# Literals are left out, because a session may be running ALTER ROLE … PASSWORD.
_BLOCKERS = """
SELECT a.pid, coalesce(w.locked, 'a transaction'),
       left(regexp_replace(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'),
                           '''[^'']*(''|$)', '''…''', 'g'), 80)
  FROM unnest(pg_catalog.pg_blocking_pids(%(pid)s)) b (pid)
  JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
  LEFT JOIN LATERAL (
    SELECT l.relation::pg_catalog.regclass::text AS locked FROM pg_catalog.pg_locks l
     WHERE l.pid = %(pid)s AND NOT l.granted AND l.relation IS NOT NULL LIMIT 1
  ) w ON true
"""
# The server's own view of CREATE INDEX and REINDEX. For what each phase counts, see "CREATE INDEX
# Progress Reporting" in PostgreSQL's manual.
_BUILDS = """
SELECT relid::pg_catalog.regclass::text, phase,
       CASE WHEN phase LIKE 'waiting%%' AND lockers_total > 0
            THEN lockers_done::float / lockers_total
            WHEN tuples_total > 0 THEN tuples_done::float / tuples_total
            WHEN blocks_total > 0 THEN blocks_done::float / blocks_total END
  FROM pg_catalog.pg_stat_progress_create_index WHERE pid = %(pid)s
"""


class Watcher:
    """Looks once a second at what a session waits for or builds, while it is busy.

    It connects only if the work takes longer than that, and never disturbs it: if it cannot read,
    it stays silent.
    """

    def __init__(self, connect: Connector, pid: int, observer: Observer) -> None:
        self._connect = connect
        self._pid = pid
        self._observer = observer
        self._end = threading.Event()
        self._busy_since: float | None = None
        self._reported: set[Blocker] = set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Runs the thread during the block."""
        thread = threading.Thread(target=self._run, name="sqlmig watcher", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The block is work that may have to wait."""
        self._busy_since = time.monotonic()
        try:
            yield
        finally:
            self._busy_since = None

    def _run(self) -> None:
        try:
            while not self._end.wait(_SECONDS_BETWEEN_LOOKS):
                if self._is_slow():
                    self._watch()
        except (SqlmigError, psycopg.Error) as error:
            _log.debug("the watcher cannot read the server's activity: %s", error)

    def _is_slow(self) -> bool:
        since = self._busy_since
        return since is not None and time.monotonic() - since >= _SECONDS_BETWEEN_LOOKS

    def _watch(self) -> None:
        with self._connect() as connection:
            while self._is_slow() and not self._end.is_set():
                self._look(connection)
                self._end.wait(_SECONDS_BETWEEN_LOOKS)

    def _look(self, connection: Connection) -> None:
        for row in connection.execute(_BLOCKERS, {"pid": self._pid}):
            blocker = Blocker(*row)
            if blocker not in self._reported:
                self._reported.add(blocker)
                self._observer.blocked(blocker)
        for row in connection.execute(_BUILDS, {"pid": self._pid}):
            self._observer.building(IndexBuild(*row))
