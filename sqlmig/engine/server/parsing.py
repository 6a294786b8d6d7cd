"""Checks that the server will read the next text as the lexer did.

The server splits a message into statements before it runs any, so it is enough to check between two
messages. Two settings change how text is split. The server reports both at the end of a message,
whatever has set them.
"""

from __future__ import annotations

from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.wire import send
from sqlmig.model import Location
from sqlmig.source.script import PreparedScript

SETTING = "standard_conforming_strings"

# Setting it in the session protects it from a reload of the server's configuration between two
# messages.
KEEP_READING = f"SET {SETTING} = on"

OTHERWISE = (
    f"{SETTING} is off from here on, so the server would read the rest differently from how it is "
    "written"
)
READING_REMEDY = (
    f"Remove what sets {SETTING}: files are read with it on, and backslashes are for E'…' strings."
)


def reads_as_before(connection: Connection) -> bool:
    """Whether backslashes in strings are still ordinary characters.

    A different encoding does not matter: the rest and the record are sent in UTF-8, so this sets
    the encoding again.
    """
    if connection.info.parameter_status("client_encoding") != "UTF8":
        send(connection, b"SET client_encoding TO 'UTF8'")
    return connection.info.parameter_status(SETTING) != "off"


def culprit(prepared: PreparedScript, first: int, end: int) -> Location:
    """The place of the statement, from `first` to before `end`, that changed how text is read: the
    statement that names the setting, or else the last one, after which the change was noticed."""
    for index in range(first, end):
        if SETTING in prepared.statement_text(index).lower():
            return prepared.statement_location(index)
    return prepared.statement_location(end - 1)
