"""How long a migration may wait and run, and how often it is tried."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmig.engine.history.reading import History
from sqlmig.engine.server.failure import ScriptError
from sqlmig.model import Directives, Location, Observer

_log = logging.getLogger("sqlmig")
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
# How often the server checks during a statement that its client is still connected.
_CLIENT_CHECK_INTERVAL = "1s"


@dataclass(frozen=True, slots=True)
class Limits:
    """PostgreSQL durations, and the number of tries for a migration that is blocked by a lock.

    `runner_wait` is how long to wait for another runner, in seconds.
    """

    lock_timeout: str = "5s"
    statement_timeout: str | None = None
    runner_wait: float = 60.0
    tries: int = 10

    @property
    def runner_timeout(self) -> str:
        """`runner_wait` as a PostgreSQL duration; never 0, which would mean no limit."""
        return f"{max(self.runner_wait * 1000, 1):.0f}ms"


def set_timeouts(limits: Limits, directives: Directives, history: History) -> Sequence[str]:
    """The statements that set the limits of a transactional migration, for its transaction."""
    lock_timeout = directives.lock_timeout or limits.lock_timeout
    return _set("SET LOCAL", lock_timeout, limits, directives, history)


def set_session_timeouts(limits: Limits, directives: Directives, history: History) -> Sequence[str]:
    """The statements that set the limits of a non-transactional migration, for the session.

    Without a directive there is no lock_timeout, not even the role's: CREATE INDEX CONCURRENTLY
    waits for others by design, and stopping it leaves an invalid index.
    """
    return _set("SET", directives.lock_timeout or "0", limits, directives, history)


@dataclass(slots=True)
class Retries:
    """Decides whether to retry after a failure, up to `most` tries in all, and waits before it."""

    most: int
    observer: Observer
    _failed: int = 0
    _duplicate: tuple[str, Location | None] = ("", None)

    def allow(self, failure: ScriptError) -> bool:
        """Whether another try may help after this failure.

        If two sessions add the same key to a system catalog, the second fails once the first has
        committed. If a statement fails again in the same way, it was not another session: the
        object that it creates exists.
        """
        self._failed += 1
        duplicate = failure.catalog_index, failure.location
        is_made = bool(failure.catalog_index) and duplicate == self._duplicate
        self._duplicate = duplicate
        return failure.is_worth_a_retry and not is_made and self._failed < self.most

    def pause(self, names: Sequence[str], failure: ScriptError) -> None:
        """Backs off, with jitter, so that two runners do not collide again."""
        longest = min(_FIRST_DELAY * 2 ** (self._failed - 1), _LONGEST_DELAY)
        delay = longest * random.uniform(0.5, 1.5)  # noqa: S311  # no secret
        _log.warning("%s; trying again in %.1f s", failure.message, delay)
        self.observer.retrying(names, failure.message, delay)
        time.sleep(delay)


def _set(
    verb: str, lock_timeout: str | None, limits: Limits, directives: Directives, history: History
) -> Sequence[str]:
    values = {
        "lock_timeout": lock_timeout,
        "statement_timeout": directives.statement_timeout or limits.statement_timeout,
        "client_connection_check_interval": history.notices_lost_clients and _CLIENT_CHECK_INTERVAL,
    }
    return [f"{verb} {name} = '{value}'" for name, value in values.items() if value]
