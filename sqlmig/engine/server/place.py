"""Where the server found what it refused: from its diagnostics to a place in the script."""

from __future__ import annotations

from sqlmig.engine.server.wire import StatementError
from sqlmig.model import Location
from sqlmig.source.script import PreparedScript


def place_of(
    prepared: PreparedScript, failure: StatementError, *, offset: int, statement: int
) -> Location | None:
    """The place in the script that the server refused; None for a statement of sqlmig's own.

    A syntax error has a position, in characters of the message, whose first character stands at
    `offset` in the script. A runtime error has none: then it is the statement of that index; below
    0 it is one of sqlmig's own before the script, beyond the last one of those after it.
    """
    statements = prepared.statements
    position = failure.error.diag.statement_position
    # The server reads a whole message before it runs any of it, and stops there at what is no SQL.
    is_unread = position is not None and failure.completed == 0
    if not (is_unread or 0 <= statement < len(statements)):
        return None
    place = int(position) - 1 + offset if position else _place_in_body(prepared, statement, failure)
    # What is missing at the end of a script is missed at the first character after it.
    end = len(prepared.text[: statements[-1].end].rstrip())
    return prepared.location(min(place, end))


def _place_in_body(prepared: PreparedScript, index: int, failure: StatementError) -> int:
    """The offset of an error in the body of a function, which the server tells within the body
    where the message has the body twice, as with the record; else that of the statement."""
    start, text = prepared.statements[index].start, prepared.statement_text(index)
    body, position = failure.error.diag.internal_query, failure.error.diag.internal_position
    if body and position and text.count(body) == 1:
        return start + text.index(body) + int(position) - 1
    return start
