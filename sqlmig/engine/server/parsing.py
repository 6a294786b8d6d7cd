"""How the server reads what is sent next: as the lexer did, or differently.

A message is cut into statements before any of it runs, so it is enough to look between two. Of the
settings that change how text is cut, the server reports both at the end of a message, whatever set
them.
"""

from __future__ import annotations

from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.wire import send
from sqlmig.model import Location
from sqlmig.source.script import PreparedScript

SETTING = "standard_conforming_strings"

# Set in the session, it does not follow the server's configuration, which may be reloaded
# between two messages.
KEEP_READING = f"SET {SETTING} = on"

OTHERWISE = (
    f"{SETTING} is off from here on, so the server would read the rest differently from how it is "
    "written"
)
READING_REMEDY = (
    f"Remove what sets {SETTING}: files are read with it on, and backslashes are for E'…' strings."
)


def reads_as_before(connection: Connection) -> bool:
    """Whether backslashes in strings are still characters like any other.

    Another encoding does not matter: what is sent next is UTF-8, the record too, and the server is
    told so again.
    """
    if connection.info.parameter_status("client_encoding") != "UTF8":
        send(connection, b"SET client_encoding TO 'UTF8'")
    return connection.info.parameter_status(SETTING) != "off"


def culprit(prepared: PreparedScript, first: int, end: int) -> Location:
    """The place of the statement, of those from `first` to before `end`, that changed the reading:
    the one that names the setting, or else the last, after which it was noticed."""
    for index in range(first, end):
        if SETTING in prepared.statement_text(index).lower():
            return prepared.statement_location(index)
    return prepared.statement_location(end - 1)
