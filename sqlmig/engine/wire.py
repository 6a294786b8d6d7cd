"""Sends SQL as it is, many statements in one message, and counts what was completed.

psycopg's cursors would collect the results; here they are dropped as they come, COPY's rows are
fed, and an error says how many statements were completed before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq
from psycopg.generators import copy_to, fetch
from psycopg.generators import send as flush
from psycopg.waiting import Wait

from sqlmig.engine.connection import Connection
from sqlmig.model import Rows

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGconn, PGresult

_COPY_BYTES = 1 << 16
_ROWS_AT_A_TIME = 1000
_KEPT_ROWS = 20
_TUPLES_CHUNK = 12  # libpq 17's; psycopg's ExecStatus lacks it before 3.3
_PARTS = (pq.ExecStatus.SINGLE_TUPLE, _TUPLES_CHUNK)
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
    columns: tuple[str, ...] = ()
    first_rows: list[Row] = field(default_factory=list)
    count: int = 0
    last_row: Row = ()
    is_new: bool = True
    error: psycopg.Error | None = None

    def take(self, result: PGresult) -> None:
        """Adds what came of a statement, of which this is all, or a part before its last rows."""
        status = result.status
        if self.is_new:
            self.columns, self.first_rows, self.count = (), [], 0
        if status != pq.ExecStatus.COMMAND_OK:  # most statements of a migration return no rows
            self._take_rows(result)
        self.is_new = status not in _PARTS
        # One result of each statement has its tag, which is not always the last; what a rule adds
        # has none.
        self.completed += bool(result.command_status)

    def _take_rows(self, result: PGresult) -> None:
        self.columns = self.columns or _columns(result)
        kept = _KEPT_ROWS - len(self.first_rows)
        self.first_rows += [_row(result, index) for index in range(min(kept, result.ntuples))]
        self.count += result.ntuples
        if result.ntuples:
            self.last_row = _row(result, result.ntuples - 1)


def send(connection: Connection, text: str, copy_rows: str = "") -> Row:
    """Runs the text as one simple-query message; the last row that it returned, () without any.

    `copy_rows` are the rows for its COPY … FROM STDIN. Values are as the server writes them.
    Raises StatementError; psycopg.OperationalError where the connection is lost.
    """
    return _sent(connection, text, copy_rows).last_row


def ask(connection: Connection, text: str, copy_rows: str = "") -> Rows:
    """The same; what its last statement returned: no columns where that returns no rows at all."""
    answer = _sent(connection, text, copy_rows)
    rows = tuple(tuple(_text(value) for value in row) for row in answer.first_rows)
    return Rows(answer.columns, rows, answer.count)


def _sent(connection: Connection, text: str, copy_rows: str) -> _Answer:
    connection.pgconn.send_query(text.encode())
    answer = connection.wait(_answer(connection.pgconn, copy_rows.encode()))
    if answer.error is not None:
        raise StatementError(answer.error, answer.completed)
    return answer


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
            answer.take(result)
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


def _row(result: PGresult, index: int) -> Row:
    return tuple(result.get_value(index, column) for column in range(result.nfields))


def _columns(result: PGresult) -> tuple[str, ...]:
    names = [result.fname(column) or b"" for column in range(result.nfields)]
    return tuple(name.decode() for name in names)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
