"""A project's database at work: connections, its history, the rules, the runner's lock."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlmig.config import Config
from sqlmig.database import conninfo
from sqlmig.engine.connection import Connection, opened, translated
from sqlmig.engine.history import History, find_history
from sqlmig.environments import Rules, rules_for
from sqlmig.model import Observer, SilentObserver

if TYPE_CHECKING:
    from sqlmig.engine.limits import Limits
    from sqlmig.engine.lock import RunnerLock


@dataclass(frozen=True, slots=True)
class Database:
    """The database that the settings name; it holds no connection."""

    config: Config
    observer: Observer = field(default_factory=SilentObserver)

    def connect(self) -> Connection:
        """A new connection. Raises ConfigError, DatabaseUnavailableError, EmbeddedError."""
        return opened(conninfo(self.config), self.config.wait_for_database)

    @contextmanager
    def history(self) -> Iterator[History]:
        """The history on a connection of its own, closed at the end; psycopg's errors are turned
        into ours within."""
        with self.connect() as connection, translated():
            yield self.history_on(connection)

    def history_on(self, connection: Connection) -> History:
        """The history as it is now. Raises ConfigError where it cannot be told which is meant."""
        return find_history(connection, self.config.history_schema)

    @contextmanager
    def locked(self, history: History) -> Iterator[RunnerLock]:
        """Holds the runner's lock; what was read of the history before may be old by then."""
        from sqlmig.engine.lock import RunnerLock

        lock = RunnerLock(history.connection, history.schema, history.is_pooled)
        with lock.held(self.config.lock_wait, self.observer):
            yield lock

    def rules(self, history: History, allowed: Collection[str] = ()) -> Rules:
        """What holds in this database. Raises EnvironmentMismatchError and ConfigError."""
        return rules_for(self.config, history.stamp(), allowed)

    @property
    def limits(self) -> Limits:
        """How long migrations and seeds may wait and work."""
        from sqlmig.engine.limits import Limits

        config = self.config
        return Limits(
            config.lock_timeout,
            config.statement_timeout,
            runner_wait=config.lock_wait,
            tries=config.lock_tries,
        )
