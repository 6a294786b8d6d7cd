"""Sends SQL unchanged, many statements in one message, and counts the completed ones.

psycopg's cursors would collect the results. Here they are dropped as they arrive, COPY gets its
rows, and an error says how many statements were completed before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq
from psycopg.errors import Diagnostic
from psycopg.generators import copy_to, fetch
from psycopg.generators import send as flush
from psycopg.waiting import Wait

from sqlmig.engine.server.connection import Connection
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
_SECONDS_TO_CANCEL = 5.0

# Called with each notice, and with the index of the statement that was running, from 0; with two
# if it may be either.
Hearing = Callable[[Diagnostic, Sequence[int]], None]


class StatementError(Exception):
    """The server refused a statement: `error` is its message, `completed` the number of statements
    completed before.

    Only for the engine, which knows the text that was sent and reports the place.
    """

    def __init__(self, error: psycopg.Error, completed: int) -> None:
        super().__init__(error)
        self.error = error
        self.completed = completed

    @property
    def is_outside(self) -> bool:
        """Whether it needs an open transaction, and there was none."""
        return isinstance(self.error, psycopg.errors.NoActiveSqlTransaction)


class MessageInterrupted(KeyboardInterrupt):  # named like its base class
    """A Ctrl-C, after which the server has answered; `completed` as in StatementError."""

    is_outside = False

    def __init__(self, completed: int) -> None:
        super().__init__()
        self.completed = completed


@dataclass(slots=True)
class _Answer:
    """What has arrived of a message's results so far."""

    completed: int = 0
    rows: int = 0
    error: psycopg.Error | None = None

    def take(self, result: PGresult) -> None:
        """Adds the result of a statement, or a part of its rows."""
        # Each statement has one result with a command tag, not always the last; a result that a
        # rule adds has none.
        if result.command_status:
            self.completed += 1
            self.rows = result.command_tuples or 0


@dataclass(slots=True)
class _Question(_Answer):
    """The results of a message, with the rows of the last statement."""

    columns: tuple[str, ...] = ()
    first_rows: list[tuple[str | None, ...]] = field(default_factory=list)
    count: int = 0
    _is_new: bool = True

    def take(self, result: PGresult) -> None:
        """Adds the result and its rows."""
        _Answer.take(self, result)
        if self._is_new:
            self.columns, self.first_rows, self.count = (), [], 0
        if result.status != pq.ExecStatus.COMMAND_OK:
            self._take_rows(result)
        self._is_new = result.status not in _PARTS

    def _take_rows(self, result: PGresult) -> None:
        self.columns = self.columns or _columns(result)
        kept = _KEPT_ROWS - len(self.first_rows)
        self.first_rows += [_row(result, index) for index in range(min(kept, result.ntuples))]
        self.count += result.ntuples


def send(
    connection: Connection, message: bytes, copy_rows: str = "", hear: Hearing | None = None
) -> int:
    """Runs the text as one simple-query message, and drops the rows that it returns. Returns how
    many rows its last statement wrote or returned.

    `copy_rows` are the rows for its COPY … FROM STDIN. Raises StatementError, and
    psycopg.OperationalError if the connection is lost.
    """
    answer = _Answer()
    with _heard(connection, answer, hear):
        _run(connection, message, copy_rows, answer)
    return answer.rows


def send_alone(
    connection: Connection, statement: bytes, copy_rows: str = "", hear: Hearing | None = None
) -> int:
    """Runs a single statement like `send`, in a kind of message in which the server refuses
    several."""
    answer = _Answer()
    with _heard(connection, answer, hear):
        dispatch = partial(connection.pgconn.send_query_params, statement, None)
        _exchange(connection, dispatch, copy_rows, answer)
    return answer.rows


def ask(connection: Connection, message: bytes, copy_rows: str = "") -> Rows:
    """Runs the text like `send`, and returns the rows of its last statement, with values as the
    server writes them; no columns if that is not a query."""
    question = _Question()
    _run(connection, message, copy_rows, question)
    return Rows(question.columns, tuple(question.first_rows), question.count)


@contextmanager
def _heard(connection: Connection, answer: _Answer, hear: Hearing | None) -> Iterator[None]:
    if hear is None:
        yield
        return

    def handle(diagnostic: Diagnostic) -> None:
        hear(diagnostic, _at_work(connection.pgconn, answer.completed))

    connection.add_notice_handler(handle)
    try:
        yield
    finally:
        connection.remove_notice_handler(handle)


def _run(connection: Connection, message: bytes, copy_rows: str, answer: _Answer) -> None:
    _exchange(connection, partial(connection.pgconn.send_query, message), copy_rows, answer)


def _exchange(
    connection: Connection, dispatch: Callable[[], None], copy_rows: str, answer: _Answer
) -> None:
    receiving = _receive(connection.pgconn, copy_rows.encode(), answer)
    try:
        dispatch()
        connection.wait(receiving)
    except KeyboardInterrupt as interrupt:
        _cancel_unwaited(connection, receiving)
        raise MessageInterrupted(answer.completed) from interrupt
    if answer.error is not None:
        raise StatementError(answer.error, answer.completed)


def _cancel_unwaited(connection: Connection, receiving: PQGen[None]) -> None:
    """Ends a statement if a Ctrl-C came after it was sent but before psycopg waited for it. psycopg
    only cancels what it waits for, and the connection would accept no other command."""
    if connection.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
        connection.wait(_cancelled(connection, receiving))


def _cancelled(connection: Connection, receiving: PQGen[None]) -> PQGen[None]:
    """Runs `receiving` to its end, and sends cancel requests until then: the server ignores one
    that arrives before the statement."""
    with suppress(StopIteration):
        request = next(receiving)
        while True:
            connection.cancel_safe(timeout=_SECONDS_TO_CANCEL)
            if ready := (yield request):
                request = receiving.send(ready)


def _receive(pgconn: PGconn, copy_rows: bytes, answer: _Answer) -> PQGen[None]:
    """Fills the answer. Keeps an error there instead of raising it: after a Ctrl-C,
    `Connection.wait` runs this to its end, and closes the connection if it raises."""
    yield from flush(pgconn)
    _stream_rows(pgconn)
    while (result := (yield from fetch(pgconn))) is not None:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            answer.error = answer.error or psycopg.errors.error_from_result(result)
        elif result.status == pq.ExecStatus.COPY_IN:
            yield from _feed(pgconn, copy_rows)
        elif result.status == pq.ExecStatus.COPY_OUT:
            yield from _drain(pgconn)
        else:
            answer.take(result)


def _at_work(pgconn: PGconn, completed: int) -> Sequence[int]:
    """The statement to which a notice belongs that arrives now, or two if it may be either.

    libpq may read a notice while it holds the previous result, which is not taken yet. Only if it
    holds neither a result nor rows, it allows setting the row mode, which is set already.
    """
    try:
        _stream_rows(pgconn)
    except psycopg.OperationalError:
        return (completed, completed + 1)
    return (completed,)


def _stream_rows(pgconn: PGconn) -> None:
    """Makes results arrive in parts, so that a SELECT of millions of rows needs little memory."""
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


def _columns(result: PGresult) -> tuple[str, ...]:
    names = [result.fname(column) or b"" for column in range(result.nfields)]
    return tuple(_text(name) for name in names)


def _row(result: PGresult, index: int) -> tuple[str | None, ...]:
    values = (result.get_value(index, column) for column in range(result.nfields))
    return tuple(None if value is None else _text(value) for value in values)


def _text(value: bytes) -> str:
    """The server's bytes as text; a script may have set another encoding than UTF-8."""
    return value.decode(errors="backslashreplace")
