"""What the server refuses because of the transaction around it, and how to run it instead."""

from __future__ import annotations

from sqlmig.model import ServerMessage
from sqlmig.source.script import OUTSIDE_REMEDY

# For a statement within a transaction or a subtransaction; for COMMIT in a routine.
ACTIVE_SQL_TRANSACTION, INVALID_TRANSACTION_TERMINATION = "25001", "2D000"

# These get the first code because of their position in a transaction, not because they are in one.
_OTHERWISE = ("set", "select", "values", "with", "table")

_IN_A_ROUTINE = (
    "A function, a procedure or a DO block cannot run it. Make it a statement of its own, in a "
    "file with `-- transactional: false`."
)
_COMMITS = "COMMIT and ROLLBACK in a DO block or a procedure need a file without a transaction."
_COMMITS_ELSEWHERE = (
    "COMMIT and ROLLBACK work in a DO block, or a procedure that CALL runs, that is a statement of "
    "its own; not in a function, and not in a block with EXCEPTION."
)


def outside_remedy(message: ServerMessage, word: str, *, is_in_one: bool) -> str:
    """The remedy for a statement that the server refused because of the transaction around it; ""
    for other errors. `word` is the statement's first word, and `is_in_one` says whether the script
    runs in a transaction."""
    if message.sqlstate == INVALID_TRANSACTION_TERMINATION:
        return f"{_COMMITS} {OUTSIDE_REMEDY}" if is_in_one else _COMMITS_ELSEWHERE
    if message.sqlstate != ACTIVE_SQL_TRANSACTION:
        return ""
    if is_within_a_routine(message, word):
        return _IN_A_ROUTINE
    return OUTSIDE_REMEDY if is_in_one and word not in _OTHERWISE else ""


def is_within_a_routine(message: ServerMessage, word: str) -> bool:
    """Whether a routine ran the refused statement. REINDEX also has a context: the partitioned
    table."""
    return bool(message.context) and word != "reindex"
