"""A project's database: connections, its history, the rules, the runner's lock."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlmig.config import Config
from sqlmig.engine.history.finding import find_history, refuse_elsewhere, refuse_to_displace
from sqlmig.engine.history.reading import History
from sqlmig.engine.server.connection import Connection, opened, translated
from sqlmig.errors import EnvironmentMismatchError
from sqlmig.model import Environment, Observer, SilentObserver
from sqlmig.target.address import conninfo
from sqlmig.target.rules import Rules, rules_for, warning_of

if TYPE_CHECKING:
    from sqlmig.engine.run.runner_session import RunnerSession


# The schema for what all tenants of a database share.
SHARED_SCHEMA = "public"


@dataclass(frozen=True, slots=True)
class Database:
    """The database that the settings name, or one `schema` of it; it holds no connection.

    With a schema, sessions start with the search_path `schema, public`, and the guard looks only at
    the tables of that schema.
    """

    config: Config
    observer: Observer = field(default_factory=SilentObserver)
    schema: str | None = None

    def connect(self) -> Connection:
        """A new connection. Raises ConfigError, DatabaseUnavailableError, EmbeddedError."""
        search_path = () if self.schema is None else (self.schema, SHARED_SCHEMA)
        is_allowed = self.config.expected_environment is not Environment.PRODUCTION
        create = "sqlmig create" if is_allowed else "sqlmig --env development create"
        return opened(self.conninfo(), self.config.wait_for_database, search_path, create)

    def conninfo(self) -> str:
        """The connection string for libpq; notifies the observer of a server that this starts.

        Raises ConfigError and EmbeddedError.
        """
        return conninfo(self.config, self.observer)

    @contextmanager
    def history(self) -> Iterator[History]:
        """The history on a separate connection, closed at the end. Within the block, psycopg's
        errors become ours."""
        with self.connect() as connection, translated(connection):
            yield self.history_on(connection)

    def history_on(self, connection: Connection) -> History:
        """The current history. Raises ConfigError if it is not clear which history is meant or
        where to create one, and HistoryError."""
        history = self._found(connection, self.config.history_schema)
        if self.schema is not None:
            refuse_elsewhere(history, self.schema)
        refuse_to_displace(history)
        return history

    def _found(self, connection: Connection, schema: str | None) -> History:
        return replace(find_history(connection, schema), scope=self.schema)

    @contextmanager
    def working(self, found: History) -> Iterator[RunnerSession]:
        """Holds the runner's lock; reads the history again, because the one found may be
        outdated."""
        from sqlmig.engine.history.lock import RunnerLock
        from sqlmig.engine.run.limits import Limits
        from sqlmig.engine.run.runner_session import RunnerSession
        from sqlmig.engine.server.notices import Notices

        config = self.config
        lock = RunnerLock(found.connection, found.schema, found.is_pooled)
        limits = Limits(
            config.lock_timeout, config.statement_timeout, config.lock_wait, config.lock_tries
        )
        with lock.held(config.lock_wait, self.observer):
            history = self._found(found.connection, found.schema)
            notices = Notices(self.observer)
            yield RunnerSession(history, lock, limits, self.observer, self.connect, notices)

    def renewed(self, session: RunnerSession) -> RunnerSession:
        """The same session with the current history."""
        return replace(session, history=self._found(session.connection, session.history.schema))

    def rules(self, history: History, allowed: Collection[str] = ()) -> Rules:
        """The rules for reading this database. Raises EnvironmentMismatchError if its stamp is a
        different environment, and ConfigError."""
        return rules_for(self.config, history.stamp(), allowed, has_history=history.has_rows)

    def working_rules(self, history: History, allowed: Collection[str] = ()) -> Rules:
        """The rules for writing to this database, which must have a stamp that proves the requested
        environment. Under the runner's lock, they hold until the work is done."""
        rules = self.rules(history, allowed)
        rules.refuse_unproven()
        return rules

    def warnings(self, history: History) -> tuple[str, ...]:
        """Why work on this database would be refused, for a command that only reads."""
        try:
            return self.rules(history).warnings
        except EnvironmentMismatchError as refusal:
            return (warning_of(refusal),)
