"""Puts the session back as it was, so that neither the record nor the next script meets what a
script left: settings, roles, cursors, temporary tables, locks. Prepared statements are apart, for
ours would be dropped with the script's."""

from __future__ import annotations

import functools

from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.raising import raising

# DISCARD ALL would do most of this, but cannot run in a transaction. Deferred constraints are
# checked first, with the script's own settings and role still in force.
_RESET = (
    "SET CONSTRAINTS ALL IMMEDIATE",
    "RESET SESSION AUTHORIZATION",
    "RESET ROLE",
    "RESET ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
)

# Marks our transaction: a script that ended it and began one of its own does not write this. On
# READ COMMITTED it has no effect, and RESET ALL leaves it alone.
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED DEFERRABLE"

_ENDED = raising("the script ended the transaction that it runs in, or set it NOT DEFERRABLE")
_LOCK_LOST = raising("the script gave up sqlmig's lock, and another runner has it now")


def put_back(lock: RunnerLock) -> tuple[str, ...]:
    """The statements that put it back, to be run in one message.

    They fail where another runner has taken the lock that the script gave up.
    """
    return (*_RESET, f"SELECT CASE {_keep_lock(lock)} ELSE true END")


@functools.lru_cache(maxsize=1)  # the same after every script of a run
def put_back_in_transaction(lock: RunnerLock) -> tuple[str, ...]:
    """The same; they fail as well where it is not the transaction any more that BEGIN began."""
    is_another = "WHEN pg_catalog.current_setting('transaction_deferrable') <> 'on'"
    return (*_RESET, f"SELECT CASE {is_another} THEN {_ENDED} {_keep_lock(lock)} ELSE true END")


def _keep_lock(lock: RunnerLock) -> str:
    """Releases the session's advisory locks but for ours, which the transaction holds meanwhile.

    Steps of a CASE, for it alone promises to take them in order.
    """
    release = "WHEN pg_catalog.pg_advisory_unlock_all() IS NULL THEN false"
    if lock.is_pooled:
        return release
    hold = f"WHEN NOT pg_catalog.pg_try_advisory_xact_lock({lock.key}) THEN {_LOCK_LOST}"
    regain = f"WHEN NOT pg_catalog.pg_try_advisory_lock({lock.key}) THEN {_LOCK_LOST}"
    return f"{hold} {release} {regain}"
