"""Sends SQL as it is, many statements in one message, and counts what was completed.

psycopg's cursors would collect the results; here they are dropped as they come, COPY's rows are
fed, and an error says how many statements were completed before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq
from psycopg.generators import copy_to, fetch
from psycopg.generators import send as flush
from psycopg.waiting import Wait

from sqlmig.engine.connection import Connection

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

_COPY_BYTES = 1 << 16
_ROWS_AT_A_TIME = 1000
_CHUNKED_ROWS_SINCE = 170000

Row = tuple[bytes | None, ...]


class StatementError(Exception):
    """The server refused a statement: `error` is what it said, `completed` how many went before.

    For the engine only: it knows which text was sent, and tells the user the place.
    """

    def __init__(self, error: psycopg.Error, completed: int) -> None:
        super().__init__(error)
        self.error = error
        self.completed = completed


@dataclass(slots=True)
class _Answer:
    """What has come back of a message so far."""

    completed: int = 0
    last_row: Row = ()
    error: psycopg.Error | None = None


def send(connection: Connection, text: str, copy_rows: str = "") -> Row:
    """Runs the text as one simple-query message; the last row that it returned, () without any.

    `copy_rows` are the rows for its COPY … FROM STDIN. Values are as the server writes them.
    Raises StatementError; psycopg.OperationalError where the connection is lost.
    """
    connection.pgconn.send_query(text.encode())
    answer = connection.wait(_answer(connection.pgconn, copy_rows.encode()))
    if answer.error is not None:
        raise StatementError(answer.error, answer.completed)
    return answer.last_row


def _answer(pgconn: PGconn, copy_rows: bytes) -> PQGen[_Answer]:
    """Collects the answer. The error is returned, not raised: `Connection.wait` drives this on to
    the end after a Ctrl-C, and closes the connection of a generator that raises then."""
    yield from flush(pgconn)
    _stream_rows(pgconn)
    answer = _Answer()
    while (result := (yield from fetch(pgconn))) is not None:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            answer.error = answer.error or psycopg.errors.error_from_result(result)
        elif result.status == pq.ExecStatus.COPY_IN:
            yield from _feed(pgconn, copy_rows)
        elif result.status == pq.ExecStatus.COPY_OUT:
            yield from _drain(pgconn)
        else:
            answer.last_row = _last_row(result) or answer.last_row
            # One result of each statement has its tag: not the parts before its last rows, nor what
            # a rule adds to it.
            answer.completed += bool(result.command_status)
    return answer


def _stream_rows(pgconn: PGconn) -> None:
    """Has results come in parts, so that a SELECT of millions of rows takes no memory here."""
    if pq.version() >= _CHUNKED_ROWS_SINCE:
        pgconn.set_chunked_rows_mode(_ROWS_AT_A_TIME)
    else:
        pgconn.set_single_row_mode()


def _feed(pgconn: PGconn, rows: bytes) -> PQGen[None]:
    for start in range(0, len(rows), _COPY_BYTES):
        yield from copy_to(pgconn, rows[start : start + _COPY_BYTES])
    while pgconn.put_copy_end() == 0:
        yield Wait.W
    yield from flush(pgconn)


def _drain(pgconn: PGconn) -> PQGen[None]:
    while (size := pgconn.get_copy_data(1)[0]) >= 0:
        if size == 0:
            yield Wait.R
            pgconn.consume_input()


def _last_row(result: PGresult) -> Row:
    row = result.ntuples - 1
    if row < 0:
        return ()
    return tuple(result.get_value(row, column) for column in range(result.nfields))
