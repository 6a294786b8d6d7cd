"""The savepoint before each script: to undo it alone, and to fence it off from its neighbours."""

from __future__ import annotations

from sqlmig.engine.connection import Connection

SET_SAVEPOINT = "SAVEPOINT _sqlmig_script"
# A savepoint of a script must not reach back over the record of the one before: releasing this one
# releases those that came after it.
RELEASE_SAVEPOINT = "RELEASE SAVEPOINT _sqlmig_script"


def undo_script(connection: Connection) -> None:
    """Undoes all since the savepoint, which stays: the script can be run again."""
    connection.execute("ROLLBACK TO SAVEPOINT _sqlmig_script")
