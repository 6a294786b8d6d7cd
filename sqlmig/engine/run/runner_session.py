"""What a runner works with while it holds the lock."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmig.engine.history.lock import RunnerLock
from sqlmig.engine.history.reading import History
from sqlmig.engine.run.limits import Limits
from sqlmig.engine.server.connection import Connection, Connector
from sqlmig.engine.server.notices import Notices
from sqlmig.model import Observer


@dataclass(frozen=True, slots=True)
class RunnerSession:
    """A history whose runner's lock is held. `connect` opens further connections to its database,
    and `notices` collects what the server reports while scripts run."""

    history: History
    lock: RunnerLock
    limits: Limits
    observer: Observer
    connect: Connector
    notices: Notices

    @property
    def connection(self) -> Connection:
        """The connection that does the work and holds the lock."""
        return self.history.connection
