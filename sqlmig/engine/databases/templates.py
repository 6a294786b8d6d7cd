"""Databases for tests: copies of a template, which is migrated once for all processes of a server.

A template is built under another name. It gets its own name last, when it is sealed: then no
session can connect to or change it, so copying it never has to wait.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString, Self
from urllib.parse import quote, urlencode

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from sqlmig.engine.databases.likeness import kind_of
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.engine.server.connection import Connection, opened, translated
from sqlmig.model import SilentObserver

_log = logging.getLogger("sqlmig")

_IS_SEALED = """
SELECT FROM pg_catalog.pg_database WHERE datname = %s AND datistemplate AND NOT datallowconn
"""
# A copy's name contains the process ID of the session that made it. Once that session is gone,
# nothing else will drop the copy.
_ABANDONED = """
SELECT datname, datistemplate FROM pg_catalog.pg_database
 WHERE datname LIKE %s
   AND substring(datname FROM '^sqlmig_test_[0-9a-f]+_([0-9]+)_')::int
       NOT IN (SELECT pid FROM pg_catalog.pg_stat_activity)
"""
_NAMED_LIKE = "SELECT datname, datistemplate FROM pg_catalog.pg_database WHERE datname LIKE %s"


@dataclass(frozen=True, slots=True)
class Template:
    """A template: what it is for (`family`) and what it contains (`key`), both short and made of
    letters and digits. A family has one template at a time."""

    family: str
    key: str

    @property
    def name(self) -> str:
        """The database's name once it is sealed."""
        return f"sqlmig_template_{self.family}_{self.key}"


class TemplateServer:
    """A server with templates, and one session on it. `url` names a database that is only connected
    to. Templates are of the same `kind` as that database; None means the server's default.
    """

    def __init__(self, url: str, connection: Connection) -> None:
        self._url = url
        self._connection = connection
        kind = kind_of(connection)
        self.kind = None if kind == kind_of(connection, "template1") else kind

    @classmethod
    @contextmanager
    def at(cls, url: str) -> Iterator[Self]:
        """The server of that URL; its session ends with the block.

        Raises ConfigError, DatabaseUnavailableError, and ServerError where the server refuses.
        """
        with opened(url) as connection, translated():
            yield cls(url, connection)

    def ensure(self, template: Template, build: Callable[[str], None], wait: float) -> None:
        """Makes sure that the template exists: the first process that asks builds it, the others
        wait.

        `build` gets the URL of an empty database and fills it. Older templates of the family, and
        copies that a killed process left, are dropped. Raises LockTimeoutError after `wait`
        seconds, and what `build` raises; there is no template then.
        """
        lock = RunnerLock(self._connection, f"template {template.family}")
        with lock.held(wait, SilentObserver()), translated():
            self._drop_all(_ABANDONED, f"sqlmig_test_{template.family}_%")
            if not self._connection.execute(_IS_SEALED, (template.name,)).fetchall():
                for kind in ("building", "template"):
                    self._drop_all(_NAMED_LIKE, f"sqlmig_{kind}_{template.family}%")
                self._build(template, build)

    @contextmanager
    def copy(self, template: Template) -> Iterator[str]:
        """The URL of a new copy of the template. The copy and its sessions are dropped at the
        end."""
        pid = self._connection.info.backend_pid
        name = f"sqlmig_test_{template.family}_{pid}_{secrets.token_hex(4)}"
        with translated():
            # Copying files waits for a checkpoint; copying pages through the log does not.
            self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log", name, template.name)
        try:
            yield self._url_of(name)
        finally:
            with translated():
                self._drop(name)

    def _build(self, template: Template, build: Callable[[str], None]) -> None:
        building = f"sqlmig_building_{template.family}"
        self._run("CREATE DATABASE {}", building, options=self.kind.creation if self.kind else None)
        build(self._url_of(building))
        self._run("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true", building)
        self._run("ALTER DATABASE {} RENAME TO {}", building, template.name)
        _log.info("built the template database %s", template.name)

    def _drop_all(self, query: LiteralString, pattern: str) -> None:
        for name, is_template in self._connection.execute(query, (pattern,)).fetchall():
            if is_template:
                self._run("ALTER DATABASE {} IS_TEMPLATE false", name)
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(
        self, statement: LiteralString, *names: str, options: sql.Composable | None = None
    ) -> None:
        identifiers = (sql.Identifier(name) for name in names)
        query = sql.SQL(statement).format(*identifiers)
        self._connection.execute(query + options if options else query)

    def _url_of(self, name: str) -> str:
        return database_url({**conninfo_to_dict(self._url), "dbname": name})


def database_url(parameters: dict[str, object]) -> str:
    """The URL for libpq's parameters, in a form that SQLAlchemy and asyncpg also read."""
    given = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    user, password = given.pop("user", ""), given.pop("password", "")
    secret = f":{quote(password, safe='')}" if password else ""
    login = f"{quote(user, safe='')}{secret}@" if user or password else ""
    database = quote(given.pop("dbname", ""), safe="")
    query = f"?{urlencode(given, quote_via=quote)}" if given else ""
    return f"postgresql://{login}/{database}{query}"
