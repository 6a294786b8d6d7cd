"""How long a migration may wait and work, and how often it may try."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmig.model import Directives

# Since PostgreSQL 14 the server can notice that its client is gone while a statement runs.
_CHECKS_CLIENT_SINCE = 140000
_CLIENT_CHECK_INTERVAL = "1s"


@dataclass(frozen=True, slots=True)
class Limits:
    """PostgreSQL durations, and the number of tries for a migration that meets a lock.

    `runner_timeout` is how long to wait for another runner's lock on the history.
    """

    lock_timeout: str = "5s"
    statement_timeout: str | None = None
    runner_timeout: str = "60s"
    tries: int = 10


def set_timeouts(limits: Limits, directives: Directives, server_version: int) -> tuple[str, ...]:
    """The statements that set the limits of a transactional migration, for its transaction."""
    lock_timeout = directives.lock_timeout or limits.lock_timeout
    settings = _common(directives.statement_timeout or limits.statement_timeout, server_version)
    return tuple(
        f"SET LOCAL {setting}" for setting in (f"lock_timeout = '{lock_timeout}'", *settings)
    )


def set_session_timeouts(
    limits: Limits, directives: Directives, server_version: int
) -> tuple[str, ...]:
    """The statements that set the limits of a non-transactional migration, for the session.

    Without a directive it has no lock_timeout: CREATE INDEX CONCURRENTLY waits for others by
    design, and stopping it leaves an invalid index.
    """
    settings = _common(directives.statement_timeout or limits.statement_timeout, server_version)
    if directives.lock_timeout:
        settings = (f"lock_timeout = '{directives.lock_timeout}'", *settings)
    return tuple(f"SET {setting}" for setting in settings)


def _common(statement_timeout: str | None, server_version: int) -> tuple[str, ...]:
    settings = []
    if statement_timeout:
        settings.append(f"statement_timeout = '{statement_timeout}'")
    if server_version >= _CHECKS_CLIENT_SINCE:
        settings.append(f"client_connection_check_interval = '{_CLIENT_CHECK_INTERVAL}'")
    return tuple(settings)
