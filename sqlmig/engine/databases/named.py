"""Creates and drops the database that a URL names, from another database of its server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from sqlmig.engine.server.connection import (
    Connection,
    opened,
    parameters_in_force,
    translated,
)
from sqlmig.engine.server.url import parameters_of
from sqlmig.errors import ConfigError, DatabaseUnavailableError

# The databases that initdb makes for clients to connect to; an administrator may have dropped the
# first.
_MAINTENANCE = ("postgres", "template1")


class NamedDatabase:
    """The database that a URL names, whether it exists or not. A server that does not answer is
    tried again for `wait` seconds.

    Raises ConfigError for a URL that libpq cannot read, and if only a service file names the
    database: what is created or dropped must be named in the URL. The methods raise ConfigError,
    DatabaseUnavailableError, and ServerError if the server refuses.
    """

    def __init__(self, url: str, wait: float = 0.0) -> None:
        parameters = parameters_in_force(url)
        if "service" in parameters and "dbname" not in parameters_of(url):
            raise ConfigError(
                f"the database's name is only in the service {parameters['service']!r}",
                remedy="Nothing was changed. Name it in the URL too, with dbname.",
            )
        self.name = parameters.get("dbname") or parameters.get("user", "")
        self._url = url
        self._wait = wait

    def exists(self) -> bool:
        """Whether the server has it."""
        with self._server() as connection:
            query = "SELECT FROM pg_catalog.pg_database WHERE datname = %s"
            return connection.execute(query, (self.name,)).fetchone() is not None

    def create(self) -> bool:
        """Creates it, as a copy of template1; False if it exists already."""
        return self._run("CREATE DATABASE {}", psycopg.errors.DuplicateDatabase)

    def drop(self) -> bool:
        """Drops it, unless other sessions use it; False if it does not exist."""
        return self._run("DROP DATABASE {}", psycopg.errors.InvalidCatalogName)

    def _run(self, statement: LiteralString, nothing_to_do: type[psycopg.Error]) -> bool:
        with self._server() as connection:
            try:
                connection.execute(sql.SQL(statement).format(sql.Identifier(self.name)))
            except nothing_to_do:
                return False
        return True

    @contextmanager
    def _server(self) -> Iterator[Connection]:
        remedy = "Close the sessions that use the database, then run it again."
        with self._connected() as connection, translated(connection, remedy=remedy):
            yield connection

    def _connected(self) -> Connection:
        first, second = (make_conninfo(self._url, dbname=name) for name in _MAINTENANCE)
        try:
            return opened(first, self._wait)
        except DatabaseUnavailableError as error:
            try:
                return opened(second)
            except DatabaseUnavailableError:
                raise error from None
