"""Puts the session back as it was, so that neither the record nor the next script meets what a
script left: settings, roles, prepared statements, cursors, temporary tables, locks."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from sqlmig.engine.connection import Connection
from sqlmig.engine.history import DETAILS, History
from sqlmig.engine.lock import RunnerLock

# DISCARD ALL would do most of this, but cannot run in a transaction. Deferred constraints are
# checked first, with the script's own settings and role still in force.
RESET = (
    "SET CONSTRAINTS ALL IMMEDIATE",
    "RESET SESSION AUTHORIZATION",
    "RESET ROLE",
    "RESET ALL",
    "DEALLOCATE ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
)

_STATE = """
SELECT coalesce(bool_or(locktype = 'relation' AND relation = {table}::pg_catalog.regclass
                        AND mode = 'ShareRowExclusiveLock'), false),
       coalesce(bool_or(locktype = 'advisory' AND {ours}), false),
       count(*) FILTER (WHERE locktype = 'advisory' AND NOT {ours})
  FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid() AND granted
"""

_WORD = 0xFFFF_FFFF
_OURS = "(classid = {high}::oid AND objid = {low}::oid AND objsubid = 1)"

_FOREIGN = """
SELECT classid::bigint, objid::bigint, objsubid, mode = 'ShareLock'
  FROM pg_catalog.pg_locks
 WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND granted AND NOT {ours}
"""


@dataclass(frozen=True, slots=True)
class SessionState:
    """What the last statement of `put_back` found.

    `same_transaction`: the one that the script began in is still open. `lock_kept`: the session
    still has the runner's lock. `foreign_locks`: how many other advisory locks it has.
    """

    same_transaction: bool
    lock_kept: bool
    foreign_locks: int

    @classmethod
    def of(cls, row: Sequence[bytes | None]) -> SessionState:
        """The state from the server's row."""
        same_transaction, lock_kept, foreign_locks = row
        return cls(same_transaction == b"t", lock_kept == b"t", int(foreign_locks or b"0"))


@functools.lru_cache(maxsize=1)  # the same after every script of a run
def put_back(history: History, lock: RunnerLock) -> str:
    """The text to append to a script; its last row is a SessionState.

    It begins on a line of its own, for a script may end in a comment.
    """
    table = sql.Identifier(history.schema, DETAILS).as_string(history.connection)
    state = sql.SQL(_STATE).format(table=sql.Literal(table), ours=_ours(lock))
    return "\n;" + ";".join((*RESET, state.as_string(history.connection)))


def give_back_locks(lock: RunnerLock) -> None:
    """Releases the session's advisory locks but for ours, however often each was taken."""
    query = sql.SQL(_FOREIGN).format(ours=_ours(lock))
    for high, low, parts, is_shared in lock.connection.execute(query).fetchall():
        function = "pg_advisory_unlock_shared" if is_shared else "pg_advisory_unlock"
        # objsubid tells a key of one bigint (1) from a key of two integers (2).
        key = (
            [_signed(high << 32 | low, 64)] if parts == 1 else [_signed(high, 32), _signed(low, 32)]
        )
        while _is_unlocked(lock.connection, function, key):
            pass


def _is_unlocked(connection: Connection, function: str, key: Sequence[int]) -> bool:
    """Whether that took one hold away; there may be more of the same."""
    call = sql.SQL("SELECT pg_catalog.{}({})").format(
        sql.Identifier(function), sql.SQL(", ").join(map(sql.Literal, key))
    )
    row = connection.execute(call).fetchone()
    return row is not None and bool(row[0])


def _ours(lock: RunnerLock) -> sql.Composed:
    return sql.SQL(_OURS).format(high=lock.key >> 32 & _WORD, low=lock.key & _WORD)


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number
