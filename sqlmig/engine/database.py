"""A project's database at work: connections, its history, the rules, the runner's lock."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlmig.config import Config
from sqlmig.engine.history.reading import History, find_history
from sqlmig.engine.server.connection import Connection, opened, translated
from sqlmig.errors import EnvironmentMismatchError
from sqlmig.model import Observer, SilentObserver
from sqlmig.target.address import conninfo
from sqlmig.target.rules import Rules, rules_for, warning_of

if TYPE_CHECKING:
    from sqlmig.engine.history.lock import RunnerLock
    from sqlmig.engine.run.limits import Limits


@dataclass(frozen=True, slots=True)
class Database:
    """The database that the settings name; it holds no connection."""

    config: Config
    observer: Observer = field(default_factory=SilentObserver)

    def connect(self) -> Connection:
        """A new connection. Raises ConfigError, DatabaseUnavailableError, EmbeddedError."""
        return opened(self.conninfo(), self.config.wait_for_database)

    def conninfo(self) -> str:
        """What libpq needs to reach it; the observer hears of an embedded server that this starts.

        Raises ConfigError and EmbeddedError.
        """
        return conninfo(self.config, self.observer)

    @contextmanager
    def history(self) -> Iterator[History]:
        """The history on a connection of its own, closed at the end; psycopg's errors are turned
        into ours within."""
        with self.connect() as connection, translated(connection):
            yield self.history_on(connection)

    def history_on(self, connection: Connection) -> History:
        """The history as it is now. Raises ConfigError where it cannot be told which is meant."""
        return find_history(connection, self.config.history_schema)

    @contextmanager
    def locked(self, history: History) -> Iterator[RunnerLock]:
        """Holds the runner's lock; what was read of the history before may be old by then."""
        from sqlmig.engine.history.lock import RunnerLock

        lock = RunnerLock(history.connection, history.schema, history.is_pooled)
        with lock.held(self.config.lock_wait, self.observer):
            yield lock

    def rules(self, history: History, allowed: Collection[str] = ()) -> Rules:
        """What holds in this database, for looking at it. Raises EnvironmentMismatchError where it
        is stamped otherwise, and ConfigError."""
        return rules_for(self.config, history.stamp(), allowed, has_history=history.has_rows)

    def working_rules(self, history: History, allowed: Collection[str] = ()) -> Rules:
        """The same for work on it, which is also refused where there is no stamp to prove what was
        asked for; under the runner's lock, what it says holds until the work is done."""
        rules = self.rules(history, allowed)
        rules.refuse_unproven()
        return rules

    def warnings(self, history: History) -> tuple[str, ...]:
        """Why work on this database would be refused, for a command that only looks."""
        try:
            return self.rules(history).warnings
        except EnvironmentMismatchError as refusal:
            return (warning_of(refusal),)

    @property
    def limits(self) -> Limits:
        """How long migrations and seeds may wait and work."""
        from sqlmig.engine.run.limits import Limits

        config = self.config
        return Limits(
            config.lock_timeout,
            config.statement_timeout,
            runner_wait=config.lock_wait,
            tries=config.lock_tries,
        )
