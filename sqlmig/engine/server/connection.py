"""The only place that opens connections, and that turns psycopg's errors into ours."""

from __future__ import annotations

import functools
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from sqlmig.engine.server.diagnostics import message_of
from sqlmig.engine.server.raising import raised
from sqlmig.engine.server.remedies import connection_remedy, remedy_for
from sqlmig.engine.server.settings import first_pins
from sqlmig.engine.server.url import parameters_of
from sqlmig.errors import DatabaseUnavailableError, ServerError
from sqlmig.model import ServerMessage

Connection = psycopg.Connection[tuple[Any, ...]]
Connector = Callable[[], Connection]

# libpq would wait for minutes for a host that does not answer.
_CONNECT_TIMEOUT_SECONDS = 10
_SECONDS_BETWEEN_TRIES = 0.3
_UNKNOWN_SETTING = "42704"
_SPECIAL_IN_OPTIONS = re.compile(r"[\s\\]")


def opened(
    database: str, wait: float = 0.0, search_path: Sequence[str] = (), create: str = ""
) -> Connection:
    """A connection in autocommit mode, which its `with` block closes. Its session has the settings
    that sqlmig's own statements need.

    `database` is a libpq URL or key=value string, or "" for libpq's defaults. A server that does
    not answer is tried again for `wait` seconds. `search_path`, if given, is the session's,
    whatever the role or the URL say. Raises ConfigError for a URL that libpq cannot read, and
    DatabaseUnavailableError, which suggests the command `create` if the database does not exist.
    """
    parameters = parameters_of(database)
    deadline = time.monotonic() + wait
    while True:
        try:
            return _pinned(
                psycopg.connect(
                    database,
                    autocommit=True,
                    prepare_threshold=None,
                    client_encoding="utf8",
                    application_name=application_name(),
                    **_defaults(parameters),
                    **_options(database, search_path),
                )
            )
        except psycopg.OperationalError as error:
            if time.monotonic() >= deadline:
                raise _unavailable(error, parameters, create) from error
            time.sleep(_SECONDS_BETWEEN_TRIES)


def _pinned(connection: Connection) -> Connection:
    info = connection.info
    try:
        connection.execute(first_pins(info.server_version, info.backend_pid).encode())
    except BaseException:
        connection.close()
        raise
    return connection


def undo(connection: Connection) -> bool:
    """Rolls back the open transaction; False if none is open, or the connection is lost."""
    status = connection.pgconn.transaction_status
    is_open = status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)
    if is_open:
        connection.rollback()
    return is_open


@contextmanager
def translated(
    connection: Connection | None = None, refused: str = "the database refused", remedy: str = ""
) -> Iterator[None]:
    """Turns psycopg's errors into DatabaseUnavailableError if the connection was lost, or into
    ServerError with the server's message.

    `refused` starts the message. `remedy` is for errors for which the SQLSTATE suggests none; the
    session of `connection` is asked where a setting comes from.
    """
    try:
        yield
    except psycopg.Error as error:
        message = server_message(error)
        if not message.sqlstate and isinstance(error, psycopg.OperationalError):
            raise DatabaseUnavailableError(
                f"the connection to the server was lost: {message.primary}",
                remedy="See the server's log; then run `sqlmig status`.",
            ) from error
        raise ServerError(
            f"{refused}: {message}",
            server=message,
            remedy=remedy_for(message, connection) or remedy,
        ) from error


def server_message(error: psycopg.Error) -> ServerMessage:
    """The server's message, field by field; the driver's if the server sent none, and ours if we
    made the statement fail."""
    fields = error.diag
    if fields.sqlstate == _UNKNOWN_SETTING and (reason := raised(str(fields.message_primary))):
        return ServerMessage(sqlstate="", primary=reason)
    return message_of(fields, str(error).strip())


@functools.cache
def sqlmig_version() -> str:
    """The version of this package, from its metadata on disk."""
    return version("sqlmig")


def application_name() -> str:
    """The name of this process in the server's activity view, so that a waiting runner can name it.

    Fits into the 63 bytes that the server keeps: `sqlmig <version> <host> <pid>`.
    """
    pid = str(os.getpid())
    name = f"sqlmig {sqlmig_version()} {socket.gethostname()}"
    return f"{name[: 62 - len(pid)]} {pid}"


def parameters_in_force(database: str) -> Mapping[str, str]:
    """The parameters that libpq takes from the string, or else from variables and its defaults.
    Empty if libpq cannot read the string: connecting then reports why."""
    try:
        given = conninfo_to_dict(database)
    except psycopg.ProgrammingError:
        return {}
    options = psycopg.pq.Conninfo.get_defaults()
    defaults = {option.keyword.decode(): option.val.decode() for option in options if option.val}
    defaults.pop("service", None)  # its values are already among the defaults
    return defaults | {name: str(value) for name, value in given.items()}


def _defaults(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Our connection parameters, unless the URL or libpq's environment sets them."""
    if "connect_timeout" in parameters or "PGCONNECT_TIMEOUT" in os.environ:
        return {}
    return {"connect_timeout": _CONNECT_TIMEOUT_SECONDS}


def _options(database: str, search_path: Sequence[str]) -> dict[str, Any]:
    """The parameter that makes a session start with that search_path; the last value given wins.

    Source: `options` of libpq, in which a backslash escapes white space and backslashes.
    """
    if not search_path:
        return {}
    quoted = ",".join('"{}"'.format(name.replace('"', '""')) for name in search_path)
    setting = "-csearch_path=" + _SPECIAL_IN_OPTIONS.sub(r"\\\g<0>", quoted)
    return {"options": f"{parameters_in_force(database).get('options', '')} {setting}".lstrip()}


def _unavailable(
    error: psycopg.OperationalError, parameters: Mapping[str, Any], create: str
) -> DatabaseUnavailableError:
    shown = " ".join(
        f"{name}={parameters[name]}"
        for name in ("host", "port", "dbname", "user")
        if parameters.get(name)
    )
    reason = str(error).removeprefix("connection failed: ").strip()
    return DatabaseUnavailableError(
        f"no connection to the database ({shown or 'from the PG* variables'})\n{reason}",
        remedy=connection_remedy(reason, create),
    )
