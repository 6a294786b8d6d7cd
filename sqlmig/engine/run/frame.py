"""Opens transactions for scripts, and puts the session back as it was.

Neither the record nor the next script sees what a script left: settings, roles, cursors, temporary
tables, locks. Prepared statements are separate: ours would be dropped with the script's.
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

# Under a stricter default of the server, rows that others commit after the first look would be seen
# by no other look, though TRUNCATE and DROP take them as well.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"

# What a trigger on the history's own tables left for the commit: a cursor WITH HOLD, whose query
# would run then, and deferred triggers. One that has itself deferred again and again cannot write
# in a transaction that only reads.
NOTHING_LEFT = ("SET CONSTRAINTS ALL IMMEDIATE", "CLOSE ALL")
WRITES_NO_MORE = "SET TRANSACTION READ ONLY"

_LOCK_LOST = raising("the script released sqlmig's lock, and another runner has acquired it")


def beginning(session: RunnerSession) -> Sequence[str]:
    """The statements that open a transaction, and take the lock on the record: that serialises
    runners where the session's lock cannot."""
    return (
        _BEGIN,
        f"SET LOCAL lock_timeout = '{session.limits.runner_timeout}'",
        session.history.sql("LOCK TABLE {details} IN SHARE ROW EXCLUSIVE MODE"),
    )


def put_back(lock: RunnerLock) -> Sequence[str]:
    """The statements that put the session back, to be run in one message.

    They fail where another runner has taken the lock that the script released.
    """
    pinned = () if lock.is_pooled else (pins(lock.connection.info.server_version),)
    return (*_RESET, *pinned, f"SELECT CASE {_keep_lock(lock)} ELSE true END")


def _keep_lock(lock: RunnerLock) -> str:
    """Releases the session's advisory locks but for ours, which the transaction holds meanwhile.

    Steps of a CASE, which alone guarantees their order.
    """
    release = "WHEN pg_catalog.pg_advisory_unlock_all() IS NULL THEN false"
    if lock.is_pooled:
        return release
    hold = f"WHEN NOT pg_catalog.pg_try_advisory_xact_lock({lock.key}) THEN {_LOCK_LOST}"
    regain = f"WHEN NOT pg_catalog.pg_try_advisory_lock({lock.key}) THEN {_LOCK_LOST}"
    return f"{hold} {release} {regain}"
