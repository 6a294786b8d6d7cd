"""Opens transactions for scripts, and restores the session afterwards.

Neither the record nor the next script sees what a script left behind: settings, roles, cursors,
temporary tables, locks. Prepared statements are handled separately, because dropping the script's
also drops ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.engine.history.lock import RunnerLock
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.server.parsing import KEEP_READING
from sqlmig.engine.server.raising import raising
from sqlmig.engine.server.settings import pins

# DISCARD ALL would do most of this, but cannot run in a transaction. Deferred constraints are
# checked first, with the script's own settings and role still in force.
_RESET = (
    "SET CONSTRAINTS ALL IMMEDIATE",
    "RESET SESSION AUTHORIZATION",
    "RESET ROLE",
    "RESET ALL",
    KEEP_READING,
    "CLOSE ALL",
    "UNLISTEN *",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
)

# With a stricter default isolation level, rows that others commit after sqlmig's first query would
# be invisible to its later ones, but TRUNCATE and DROP would remove them too.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"

# Runs what a trigger on the history's own tables left for the commit: deferred triggers, and the
# query of a cursor WITH HOLD. A trigger that defers itself again and again cannot write then,
# because the transaction is read-only.
NOTHING_LEFT = ("SET CONSTRAINTS ALL IMMEDIATE", "CLOSE ALL")
WRITES_NO_MORE = "SET TRANSACTION READ ONLY"

_LOCK_LOST = raising("the script released sqlmig's lock, and another runner has acquired it")


def beginning(session: RunnerSession) -> Sequence[str]:
    """The statements that open a transaction and lock the record. That lock serialises runners if
    the session's lock cannot."""
    return (
        _BEGIN,
        f"SET LOCAL lock_timeout = '{session.limits.runner_timeout}'",
        session.history.sql("LOCK TABLE {details} IN SHARE ROW EXCLUSIVE MODE"),
    )


def put_back(lock: RunnerLock) -> Sequence[str]:
    """The statements that restore the session, to be sent in one message.

    They fail if the script released sqlmig's lock and another runner has taken it.
    """
    pinned = () if lock.is_pooled else (pins(lock.connection.info.server_version),)
    return (*_RESET, *pinned, f"SELECT CASE {_keep_lock(lock)} ELSE true END")


def _keep_lock(lock: RunnerLock) -> str:
    """Releases the session's advisory locks except ours, which the transaction holds meanwhile.

    The steps are branches of a CASE, because only that guarantees their order.
    """
    release = "WHEN pg_catalog.pg_advisory_unlock_all() IS NULL THEN false"
    if lock.is_pooled:
        return release
    hold = f"WHEN NOT pg_catalog.pg_try_advisory_xact_lock({lock.key}) THEN {_LOCK_LOST}"
    regain = f"WHEN NOT pg_catalog.pg_try_advisory_lock({lock.key}) THEN {_LOCK_LOST}"
    return f"{hold} {release} {regain}"
