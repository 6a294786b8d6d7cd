"""How long a migration may wait and work, and how often it may try."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmig.engine.history.reading import History
from sqlmig.model import Directives

# How often the server looks whether its client is still there while a statement runs.
_CLIENT_CHECK_INTERVAL = "1s"


@dataclass(frozen=True, slots=True)
class Limits:
    """PostgreSQL durations, and the number of tries for a migration that meets a lock.

    `runner_wait` is how many seconds to wait for another runner.
    """

    lock_timeout: str = "5s"
    statement_timeout: str | None = None
    runner_wait: float = 60.0
    tries: int = 10

    @property
    def runner_timeout(self) -> str:
        """`runner_wait` as a duration of PostgreSQL's, which takes 0 for no limit at all."""
        return f"{max(self.runner_wait * 1000, 1):.0f}ms"


def set_timeouts(limits: Limits, directives: Directives, history: History) -> tuple[str, ...]:
    """The statements that set the limits of a transactional migration, for its transaction."""
    lock_timeout = directives.lock_timeout or limits.lock_timeout
    settings = _common(directives.statement_timeout or limits.statement_timeout, history)
    return tuple(
        f"SET LOCAL {setting}" for setting in (f"lock_timeout = '{lock_timeout}'", *settings)
    )


def set_session_timeouts(
    limits: Limits, directives: Directives, history: History
) -> tuple[str, ...]:
    """The statements that set the limits of a non-transactional migration, for the session.

    Without a directive it has no lock_timeout, not that of the role either: CREATE INDEX
    CONCURRENTLY waits for others by design, and stopping it leaves an invalid index.
    """
    settings = _common(directives.statement_timeout or limits.statement_timeout, history)
    lock_timeout = directives.lock_timeout or "0"
    return tuple(f"SET {setting}" for setting in (f"lock_timeout = '{lock_timeout}'", *settings))


def _common(statement_timeout: str | None, history: History) -> tuple[str, ...]:
    settings = []
    if statement_timeout:
        settings.append(f"statement_timeout = '{statement_timeout}'")
    if history.notices_lost_clients:
        settings.append(f"client_connection_check_interval = '{_CLIENT_CHECK_INTERVAL}'")
    return tuple(settings)
